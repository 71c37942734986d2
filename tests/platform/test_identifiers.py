"""Identifiers: what GB 11643, GB 32100, GB 11714 and the commitment standard accept and refuse, and what masking hides."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from backend.platform.identifiers import (
    CommitmentCode,
    DocumentKind,
    DocumentNumber,
    IdentityNumber,
    InvalidIdentifier,
    MobileNumber,
    UnifiedSocialCreditCode,
    age_on,
    is_adult,
    make_commitment_code,
    make_identity_number,
    make_unified_social_credit_code,
    mask_identity_number,
    mask_mobile_number,
    mask_name,
    normalise_commitment_code,
    normalise_document_number,
    normalise_identity_number,
    normalise_mobile_number,
    normalise_unified_social_credit_code,
)

BIRTH_DATES = st.dates(date(1900, 1, 1), date(2026, 12, 31))
CREDIT_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_CODES = ("91320100748204660Q", "91230500MA1B3N1N2M", "11320100MB1886843H")


def code_of(answer: object) -> str:
    assert isinstance(answer, InvalidIdentifier)
    assert answer.zh
    assert answer.en
    return answer.code


@pytest.mark.parametrize(
    ("number", "birth_date", "region"),
    [
        ("11010519491231002X", date(1949, 12, 31), "110105"),
        ("440524188001010014", date(1880, 1, 1), "440524"),
        ("000000199001010018", date(1990, 1, 1), "000000"),
    ],
)
def test_the_numbers_of_the_standard_and_nobodys_region_are_accepted(
    number: str, birth_date: date, region: str
) -> None:
    assert normalise_identity_number(number) == IdentityNumber(number, birth_date, region)


@pytest.mark.parametrize(
    "text", ["11010519491231002x", " 110105 19491231 002x ", "１１０１０５１９４９１２３１００２ｘ"]
)
def test_lower_case_spaces_and_full_width_are_normalised(text: str) -> None:
    number = normalise_identity_number(text)
    assert isinstance(number, IdentityNumber)
    assert number.value == "11010519491231002X"


@pytest.mark.parametrize(
    "text", ["", "1", "11010519491231002", "11010519491231002XX", "1101051949123100AX", "x" * 10_000]
)
def test_a_number_of_another_shape_is_malformed(text: str) -> None:
    assert code_of(normalise_identity_number(text)) == "malformed"


@pytest.mark.parametrize("born", ["19900230", "19901301", "20230229", "19900001", "00000101"])
def test_an_impossible_birth_date_is_refused_though_its_check_digit_matches(born: str) -> None:
    body = f"000000{born}001"
    assert code_of(normalise_identity_number(body + ric.calc_check_digit(body + "0"))) == "impossible-date"


@given(BIRTH_DATES, st.integers(0, 999))
@settings(max_examples=100)
def test_a_made_number_is_valid_and_any_other_last_character_is_not(birth_date: date, sequence: int) -> None:
    number = make_identity_number(birth_date, sequence)
    assert normalise_identity_number(number) == IdentityNumber(number, birth_date, "000000")
    for other in set("0123456789X") - {number[-1]}:
        assert code_of(normalise_identity_number(number[:-1] + other)) == "wrong-check-digit"


@given(BIRTH_DATES, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
@settings(max_examples=100)
def test_one_wrong_digit_anywhere_is_always_found(birth_date: date, sequence: int, place: int, shift: int) -> None:
    number = make_identity_number(birth_date, sequence, region="110105")
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert code_of(normalise_identity_number(wrong)) == "wrong-check-digit"


def test_what_stdnum_accepts_with_a_real_region_is_accepted_here() -> None:
    number = make_identity_number(date(1991, 1, 1), 7, region="360426")
    assert ric.validate(number) == number
    assert isinstance(normalise_identity_number(number), IdentityNumber)


@pytest.mark.parametrize("sequence", [-1, 1000])
def test_a_number_cannot_be_made_from_impossible_parts(sequence: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        make_identity_number(date(1990, 1, 1), sequence)


@pytest.mark.parametrize("code", CREDIT_CODES)
def test_valid_credit_codes_are_accepted_in_either_case(code: str) -> None:
    for text in (code, code.lower(), f" {code[:9]} {code[9:]} "):
        answer = normalise_unified_social_credit_code(text)
        assert answer == UnifiedSocialCreditCode(code, code[2:8], code[8:17])


def test_a_credit_code_with_another_last_character_is_refused() -> None:
    assert code_of(normalise_unified_social_credit_code("91320100748204660R")) == "wrong-check-digit"
    for code in CREDIT_CODES:
        for other in set(CREDIT_CHARACTERS) - {code[-1]}:
            assert code_of(normalise_unified_social_credit_code(code[:-1] + other)) == "wrong-check-digit"


@pytest.mark.parametrize("letter", "IOSVZ")
def test_the_letters_mistaken_for_digits_are_refused(letter: str) -> None:
    assert code_of(normalise_unified_social_credit_code("9132010074820466" + letter + "Q")) == "malformed"
    assert code_of(normalise_unified_social_credit_code("9132O100748204660Q")) == "malformed"


def test_the_organisation_code_within_is_checked_too() -> None:
    body = "91320100748204661"
    code = body + uscc.calc_check_digit(body)
    assert uscc.is_valid(code)
    answer = normalise_unified_social_credit_code(code)
    assert code_of(answer) == "wrong-check-digit"
    assert isinstance(answer, InvalidIdentifier)
    assert "9至17位" in answer.zh


@given(st.text(CREDIT_CHARACTERS, min_size=8, max_size=8))
@settings(max_examples=200)
def test_made_credit_codes_are_valid_here_and_in_stdnum(organisation: str) -> None:
    code = make_unified_social_credit_code(organisation)
    assert isinstance(normalise_unified_social_credit_code(code), UnifiedSocialCreditCode)
    assert uscc.is_valid(code)


def test_a_register_with_a_letter_is_a_valid_one() -> None:
    code = make_unified_social_credit_code("74820466", register="N2")
    assert isinstance(normalise_unified_social_credit_code(code), UnifiedSocialCreditCode)


@pytest.mark.parametrize(
    ("kind", "text", "birth_date"),
    [
        (DocumentKind.IDENTITY_CARD, "000000199001010018", date(1990, 1, 1)),
        (DocumentKind.PASSPORT, "e12345678", None),
        (DocumentKind.HONG_KONG_MACAU_PERMIT, "H12345678", None),
        (DocumentKind.HONG_KONG_MACAU_PERMIT, make_identity_number(date(1988, 8, 8), 8, "810000"), date(1988, 8, 8)),
        (DocumentKind.TAIWAN_PERMIT, "12345678", None),
        (DocumentKind.TAIWAN_PERMIT, make_identity_number(date(1977, 7, 7), 7, "830000"), date(1977, 7, 7)),
        (DocumentKind.FOREIGN_PERMANENT_RESIDENCE, "USA110012345678", None),
        (
            DocumentKind.FOREIGN_PERMANENT_RESIDENCE,
            make_identity_number(date(1980, 2, 29), 1, "911156"),
            date(1980, 2, 29),
        ),
    ],
)
def test_each_kind_of_document_is_accepted_in_its_form(kind: DocumentKind, text: str, birth_date: date | None) -> None:
    assert normalise_document_number(kind, text) == DocumentNumber(kind, text.upper(), birth_date)


@pytest.mark.parametrize("kind", list(DocumentKind))
@pytest.mark.parametrize("text", ["", "?", "护照12345", "A" * 40])
def test_no_kind_of_document_accepts_anything_else(kind: DocumentKind, text: str) -> None:
    assert code_of(normalise_document_number(kind, text)) == "malformed"


def test_a_residence_permit_with_a_wrong_check_digit_is_refused() -> None:
    number = make_identity_number(date(1988, 8, 8), 8, "810000")
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert code_of(normalise_document_number(DocumentKind.HONG_KONG_MACAU_PERMIT, wrong)) == "wrong-check-digit"


@pytest.mark.parametrize("text", ["15400000001", "+86 154-0000-0001", "86154 0000 0001", "0086 15400000001"])
def test_a_mobile_number_is_normalised(text: str) -> None:
    assert normalise_mobile_number(text) == MobileNumber("15400000001")


@pytest.mark.parametrize("text", ["", "12000000000", "1540000000", "154000000011", "+1 5400000001", "一五四"])
def test_what_is_no_mainland_mobile_number_is_refused(text: str) -> None:
    assert code_of(normalise_mobile_number(text)) == "malformed"


def test_a_commitment_code_is_read_and_made() -> None:
    assert normalise_commitment_code("32010020230217000011") == CommitmentCode(
        "32010020230217000011", "320100", date(2023, 2, 17), 11
    )
    assert make_commitment_code("320100", date(2023, 2, 17), 11) == "32010020230217000011"


@pytest.mark.parametrize(
    ("text", "code"),
    [("32010020230230000011", "impossible-date"), ("3201002023021700001", "malformed"), ("", "malformed")],
)
def test_a_wrong_commitment_code_is_refused(text: str, code: str) -> None:
    assert code_of(normalise_commitment_code(text)) == code


@pytest.mark.parametrize(
    ("birth_date", "day", "age"),
    [
        (date(2008, 11, 23), date(2026, 11, 22), 17),
        (date(2008, 11, 23), date(2026, 11, 23), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_turns_on_the_birthday(birth_date: date, day: date, age: int) -> None:
    assert age_on(birth_date, day) == age
    assert is_adult(birth_date, day) is (age >= 18)


@pytest.mark.parametrize(
    ("name", "masked"), [("张三", "张*"), ("张小三", "张*三"), ("欧阳小三", "欧**三"), ("张", "*"), ("", "")]
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_numbers_are_masked_and_the_birth_date_never_shows() -> None:
    assert mask_identity_number("11010519491231002X") == "110*************2X"
    assert mask_mobile_number("13800138000") == "138****8000"
    assert mask_identity_number("1234") == mask_mobile_number("1234") == "****"


def test_the_printed_form_of_an_identifier_is_masked() -> None:
    number = normalise_identity_number("11010519491231002X")
    document = normalise_document_number(DocumentKind.PASSPORT, "E12345678")
    printed = f"{number!r} {document!r} {normalise_mobile_number('13800138000')!r}"
    assert not any(number in printed for number in ("19491231", "E12345678", "13800138000"))
