"""The identifiers of people, organisations and commitments: checked, normalised, masked and, for fixtures, made.

A check answers with a value: the normalised identifier, or an :class:`InvalidIdentifier` that says in Chinese and English
what is wrong and what to do next. No answer ever repeats the identifier that was refused.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from operator import mul

import msgspec
from stdnum.cn import ric

NOBODYS_REGION = "000000"
"""Assigned to no place: every fixture and synthetic resident carries it, so that nobody is real."""

ADULT_AGE = 18
"""Civil Code art. 17: a natural person of 18 full years is an adult."""

_LONGEST_INPUT = 64


class InvalidIdentifier(msgspec.Struct, frozen=True):
    """Why an identifier is refused: `malformed`, `wrong-check-digit` or `impossible-date`, with both texts."""

    code: str
    zh: str
    en: str


class DocumentKind(StrEnum):
    """Kind of a natural person's document 证件类型, as XDR_ZJLX numbers it."""

    IDENTITY_CARD = "01"
    PASSPORT = "02"
    HONG_KONG_MACAU_PERMIT = "03"
    TAIWAN_PERMIT = "04"
    FOREIGN_PERMANENT_RESIDENCE = "05"


class IdentityNumber(msgspec.Struct, frozen=True):
    """A citizen identity number 公民身份号码 (GB 11643-1999): 18 characters, birth date and region read from it."""

    value: str
    birth_date: date
    region: str

    def __repr__(self) -> str:
        return f"IdentityNumber({mask_identity_number(self.value)})"


class DocumentNumber(msgspec.Struct, frozen=True):
    """The number of a natural person's document; `birth_date` where the number carries one."""

    kind: DocumentKind
    value: str
    birth_date: date | None

    def __repr__(self) -> str:
        return f"DocumentNumber({self.kind.value}, {mask_identity_number(self.value)})"


class UnifiedSocialCreditCode(msgspec.Struct, frozen=True):
    """A unified social credit code 统一社会信用代码 (GB 32100-2015); `organisation_code` is its GB 11714 part."""

    value: str
    region: str
    organisation_code: str


class MobileNumber(msgspec.Struct, frozen=True):
    """A mainland mobile number 手机号码: eleven digits without country code."""

    value: str

    def __repr__(self) -> str:
        return f"MobileNumber({mask_mobile_number(self.value)})"


class CommitmentCode(msgspec.Struct, frozen=True):
    """A commitment code 信用承诺编码: six digits of area, eight of date, six of serial."""

    value: str
    area: str
    made_on: date
    serial: int


def _compact(text: str) -> str:
    """Full-width forms, spaces and lower case are how feeds and keyboards write; none of them changes the identifier."""
    if len(text) > _LONGEST_INPUT:
        return ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(text.split()).upper()


# --- citizen identity number ---------------------------------------------------------------------------------------

_IDENTITY_SHAPE = re.compile(r"[0-9]{17}[0-9X]")

_IDENTITY_MALFORMED = InvalidIdentifier(
    "malformed",
    "身份证件号码应为18位：前17位为数字，末位为数字或X。请核对后重新填写。",
    "An identity number has 18 characters: 17 digits, then a digit or X. Check it and enter it again.",
)
_IDENTITY_CHECK = InvalidIdentifier(
    "wrong-check-digit",
    "身份证件号码的校验码不正确，某一位可能有误。请逐位核对后重新填写。",
    "The check digit of the identity number does not match: one of its digits is wrong. Compare it digit by digit.",
)
_IDENTITY_DATE = InvalidIdentifier(
    "impossible-date",
    "身份证件号码中的出生日期不存在。请核对第7至14位后重新填写。",
    "The birth date inside the identity number does not exist. Check digits 7 to 14 and enter it again.",
)


def normalise_identity_number(text: str) -> IdentityNumber | InvalidIdentifier:
    """Checks a citizen identity number 公民身份号码 of GB 11643-1999 and gives its 18-character form.

    Spaces, full-width characters and a lower-case x are normalised. Any six digits pass as region.
    """
    value = _compact(text)
    if not _IDENTITY_SHAPE.fullmatch(value):
        return _IDENTITY_MALFORMED
    # ric.validate() also looks the region up in a table of places. That refuses 000000, which every fixture uses, and
    # would refuse people whose district was abolished or is newer than the table: GB 11643 never withdraws a number.
    if value[-1] != ric.calc_check_digit(value):
        return _IDENTITY_CHECK
    try:
        birth_date = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return _IDENTITY_DATE
    return IdentityNumber(value, birth_date, value[:6])


def make_identity_number(birth_date: date, sequence: int, region: str = NOBODYS_REGION) -> str:
    """Builds a valid identity number for fixtures; `sequence` is 0 to 999. ValueError outside these shapes."""
    if not 0 <= sequence <= 999 or not re.fullmatch(r"[0-9]{6}", region):
        raise ValueError("sequence is 0 to 999 and region six digits")
    body = f"{region}{birth_date:%Y%m%d}{sequence:03d}"
    return body + ric.calc_check_digit(body + "0")


# --- other documents -----------------------------------------------------------------------------------------------

_DOCUMENT_SHAPES = {
    DocumentKind.PASSPORT: re.compile(r"[A-Z0-9]{5,17}"),
    DocumentKind.HONG_KONG_MACAU_PERMIT: re.compile(r"[HM][0-9]{8}([0-9]{2})?"),
    DocumentKind.TAIWAN_PERMIT: re.compile(r"[0-9]{8}|[0-9]{10}[A-Z]?"),
    DocumentKind.FOREIGN_PERMANENT_RESIDENCE: re.compile(r"[A-Z]{3}[0-9]{12}"),
}
# Residence permits of Hong Kong and Macau (81, 82) and Taiwan (83) people, and the foreigner's card of 2017 and later (9),
# are numbered like identity cards: same length, birth date and check digit.
_DOCUMENT_LIKE_IDENTITY = {
    DocumentKind.HONG_KONG_MACAU_PERMIT: ("81", "82"),
    DocumentKind.TAIWAN_PERMIT: ("83",),
    DocumentKind.FOREIGN_PERMANENT_RESIDENCE: ("9",),
}
_DOCUMENT_MALFORMED = InvalidIdentifier(
    "malformed",
    "证件号码与所选证件类型的格式不符。请核对证件类型和号码。",
    "The document number does not have the form of the chosen document kind. Check the kind and the number.",
)


def normalise_document_number(kind: DocumentKind, text: str) -> DocumentNumber | InvalidIdentifier:
    """Checks the number of a natural person's document by its kind (XDR_ZJLX 01 to 05)."""
    value = _compact(text)
    if kind is DocumentKind.IDENTITY_CARD or (
        len(value) == 18 and value.startswith(_DOCUMENT_LIKE_IDENTITY.get(kind, ()))
    ):
        number = normalise_identity_number(value)
        if isinstance(number, InvalidIdentifier):
            return number
        return DocumentNumber(kind, number.value, number.birth_date)
    if not _DOCUMENT_SHAPES[kind].fullmatch(value):
        return _DOCUMENT_MALFORMED
    return DocumentNumber(kind, value, None)


# --- unified social credit code ------------------------------------------------------------------------------------

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
# python-stdnum's uscc is not used to decide: it demands digits in the first two places, where GB 32100 also assigns letters
# (A military, N agriculture, Y other), and it does not check the organisation code within. The tests compare with it.
_CREDIT_SHAPE = re.compile(rf"[{_CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{_CREDIT_ALPHABET}]{{10}}")

_ORGANISATION_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

_CREDIT_MALFORMED = InvalidIdentifier(
    "malformed",
    "统一社会信用代码应为18位数字或大写字母，且不含I、O、S、V、Z（数字0常被误写成字母O）。请核对后重新填写。",
    "A unified social credit code has 18 digits or letters without I, O, S, V and Z (the digit 0 is often mistaken for the "
    "letter O). Check it and enter it again.",
)
_CREDIT_CHECK = InvalidIdentifier(
    "wrong-check-digit",
    "统一社会信用代码的校验码不正确。请对照营业执照逐位核对。",
    "The check character of the unified social credit code does not match. Compare it with the licence.",
)
_CREDIT_ORGANISATION_CHECK = InvalidIdentifier(
    "wrong-check-digit",
    "统一社会信用代码第9至17位（组织机构代码）的校验码不正确。请对照营业执照逐位核对。",
    "The organisation code in places 9 to 17 of the unified social credit code does not match its check. Compare it with the licence.",
)


def _weighted_sum(characters: str, values: dict[str, int], weights: Sequence[int]) -> int:
    return sum(map(mul, map(values.__getitem__, characters), weights))


def _credit_check(body: str) -> str:
    return _CREDIT_ALPHABET[-_weighted_sum(body, _CREDIT_VALUES, _CREDIT_WEIGHTS) % 31]


def _organisation_check(body: str) -> str:
    return "0123456789X0"[11 - _weighted_sum(body, _ORGANISATION_VALUES, _ORGANISATION_WEIGHTS) % 11]


def normalise_unified_social_credit_code(text: str) -> UnifiedSocialCreditCode | InvalidIdentifier:
    """Checks a unified social credit code 统一社会信用代码: GB 32100-2015, and GB 11714-1997 for places 9 to 17.

    Lower case, spaces and full-width characters are normalised; the letter O is refused and never read as zero.
    """
    value = _compact(text)
    if not _CREDIT_SHAPE.fullmatch(value):
        return _CREDIT_MALFORMED
    if value[17] != _credit_check(value[:17]):
        return _CREDIT_CHECK
    if value[16] != _organisation_check(value[8:16]):
        return _CREDIT_ORGANISATION_CHECK
    return UnifiedSocialCreditCode(value, value[2:8], value[8:17])


def make_unified_social_credit_code(organisation: str, register: str = "91", region: str = NOBODYS_REGION) -> str:
    """Builds a valid code for fixtures from eight characters of organisation code and the register (91 company,
    92 individual business, 11 public body ...). ValueError outside these shapes."""
    body = register + region + organisation
    if not _CREDIT_SHAPE.fullmatch(body + "00"):
        raise ValueError("register has two, region six and organisation eight characters of GB 32100")
    body += _organisation_check(organisation)
    return body + _credit_check(body)


# --- mobile number -------------------------------------------------------------------------------------------------

_MOBILE_SHAPE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")
_MOBILE_MALFORMED = InvalidIdentifier(
    "malformed",
    "手机号码应为以1开头的11位中国内地号码。请核对后重新填写。",
    "A mobile number is a mainland number of 11 digits that begins with 1. Check it and enter it again.",
)


def normalise_mobile_number(text: str) -> MobileNumber | InvalidIdentifier:
    """Checks a mainland mobile number; +86, spaces and hyphens are taken off."""
    match = _MOBILE_SHAPE.fullmatch(_compact(text).replace("-", ""))
    return MobileNumber(match[1]) if match else _MOBILE_MALFORMED


# --- commitment code -----------------------------------------------------------------------------------------------

_COMMITMENT_SHAPE = re.compile(r"[0-9]{20}")
_COMMITMENT_MALFORMED = InvalidIdentifier(
    "malformed",
    "信用承诺编码应为20位数字：6位地区、8位日期、6位序号。请核对后重新填写。",
    "A commitment code has 20 digits: 6 of area, 8 of date, 6 of serial. Check it and enter it again.",
)
_COMMITMENT_DATE = InvalidIdentifier(
    "impossible-date",
    "信用承诺编码中的日期不存在。请核对第7至14位。",
    "The date inside the commitment code does not exist. Check digits 7 to 14.",
)


def normalise_commitment_code(text: str) -> CommitmentCode | InvalidIdentifier:
    """Checks a commitment code 信用承诺编码, for example 32010020230217000011."""
    value = _compact(text)
    if not _COMMITMENT_SHAPE.fullmatch(value):
        return _COMMITMENT_MALFORMED
    try:
        made_on = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return _COMMITMENT_DATE
    return CommitmentCode(value, value[:6], made_on, int(value[14:]))


def make_commitment_code(area: str, made_on: date, serial: int) -> str:
    """Builds a commitment code; `serial` is 0 to 999,999. ValueError outside these shapes."""
    if not 0 <= serial <= 999_999 or not re.fullmatch(r"[0-9]{6}", area):
        raise ValueError("area has six digits and serial is 0 to 999999")
    return f"{area}{made_on:%Y%m%d}{serial:06d}"


# --- age and masking -----------------------------------------------------------------------------------------------


def age_on(birth_date: date, day: date) -> int:
    """Full years of age 周岁 on `day`; someone born on 29 February turns a year older on 1 March of a common year."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_adult(birth_date: date, day: date) -> bool:
    """Whether the person is an adult of Civil Code art. 17 on `day`."""
    return age_on(birth_date, day) >= ADULT_AGE


def mask_name(name: str) -> str:
    """Masks a name for showing (Reg. art. 23): 张三 -> 张*, 张小三 -> 张*三, longer names keep first and last."""
    name = name.strip()
    if len(name) < 2:
        return "*" * len(name)
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_identity_number(number: str) -> str:
    """Masks a document number (Reg. art. 23): the first three and last two characters stay, the birth date never shows."""
    if len(number) < 8:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def mask_mobile_number(number: str) -> str:
    """Masks a mobile number (Reg. art. 23): 138****8000."""
    if len(number) < 11:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 7) + number[-4:]
