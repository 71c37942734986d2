"""The display code 展示码 of an enterprise: a signed link to a public page (docs/protocol.md, section 16).

    address/c/base64url( type and slot 1 | kind 1 | id 16 | issued on 2 | valid until 2 | status index 4 | signature 64 )

Static and for everybody: it names a public record and proves nothing about whoever shows it, so no till takes it. The issuer
signs "ic4d" and the first 26 bytes; the key in the slot brings its suite with it. Days are counted from 1970-01-01, dates are
those of Asia/Shanghai, and a last day is good to its end. 90 bytes are 120 characters without a bit to spare: one token has
one spelling.
"""

from collections.abc import Callable
from datetime import date, timedelta
from enum import IntEnum, StrEnum

import msgspec

from partners import base64url
from partners.signatures.key_sets import IssuerKey
from partners.signatures.suites import Signer

PATH = "/c/"
ID_BYTES = 16
TOKEN_LENGTH = 120
MAXIMUM_TEXT = 512
# What the longest-lived code may have: two years, of which one is a leap year.
LONGEST_DAYS = 731

_TYPE = 0x40
_SIGNED = 26
_FIRST_DAY = date(1970, 1, 1)


class Kind(IntEnum):
    """What a code shows: an enterprise 企业展示码, its standing in a sector 行业诚信码, or a product 产品溯源码."""

    ENTERPRISE = 1
    SECTOR = 2
    PRODUCT = 3


class DisplayCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a code says. slot: 0 to 15. code_id: 16 bytes. status_index: in the list of display codes. The last day counts."""

    slot: int
    kind: Kind
    code_id: bytes
    issued_on: date
    valid_until: date
    status_index: int


class Refusal(StrEnum):
    """Why a text is not taken for a valid display code, in the order in which it is judged."""

    FOREIGN_ADDRESS = "foreign-address"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"
    BAD_SIGNATURE = "bad-signature"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    LIST_EXPIRED = "list-expired"
    REVOKED = "revoked"


class Reader(msgspec.Struct, frozen=True):
    """What a reader holds without a network.

    address: the city's published address; a good token under any other address is somebody else's page. issuer_keys: by slot.
    status: what the status list says of an index, 0 for valid; None if there is no list that may still be used, or it does
    not reach so far.
    """

    address: str
    issuer_keys: Callable[[int], IssuerKey | None]
    status: Callable[[int], int | None]


class _Parsed(msgspec.Struct, frozen=True):
    code: DisplayCode
    signed: bytes
    signature: bytes


def issue(code: DisplayCode, signer: Signer) -> str:
    """The token, 120 characters. Raises ValueError for what no reader would accept."""
    if not 0 <= code.slot <= 0x0F or len(code.code_id) != ID_BYTES:
        raise ValueError("the slot is 0 to 15, an id has 16 bytes")
    if not code.issued_on <= code.valid_until <= code.issued_on + timedelta(days=LONGEST_DAYS):
        raise ValueError(f"a code ends on or after the day of its issue, and within {LONGEST_DAYS} days")
    try:
        signed = (
            bytes([_TYPE | code.slot, code.kind])
            + code.code_id
            + (code.issued_on - _FIRST_DAY).days.to_bytes(2, "big")
            + (code.valid_until - _FIRST_DAY).days.to_bytes(2, "big")
            + code.status_index.to_bytes(4, "big")
        )
    except OverflowError:
        raise ValueError("a number does not fit its bytes") from None
    return base64url.encode(signed + signer.sign(_issued(signed)))


def link(address: str, token: str) -> str:
    """The text of the QR. `address` is the city's published address, without a slash at its end."""
    return f"{address}{PATH}{token}"


def read_token(token: str, issuer_keys: Callable[[int], IssuerKey | None]) -> DisplayCode | Refusal:
    """A token judged by its form and its signature alone: MALFORMED, UNKNOWN_KEY, BAD_SIGNATURE, or what it says."""
    parsed = _parse(token)
    if parsed is None:
        return Refusal.MALFORMED
    key = issuer_keys(parsed.code.slot)
    if key is None:
        return Refusal.UNKNOWN_KEY
    if not key.verifier.verify(parsed.signature, _issued(parsed.signed)):
        return Refusal.BAD_SIGNATURE
    return parsed.code


def read_display(text: str, reader: Reader, today: date) -> DisplayCode | Refusal:
    """A scanned text judged without a network; the first failure in the order of `Refusal` wins.

    Nothing is opened: whoever wants to see more opens the page of the city's own address. A text over 512 characters is
    refused unread.
    """
    if len(text) > MAXIMUM_TEXT:
        return Refusal.MALFORMED
    beginning = reader.address + PATH
    if not text.startswith(beginning):
        return Refusal.FOREIGN_ADDRESS
    code = read_token(text[len(beginning) :], reader.issuer_keys)
    if isinstance(code, Refusal):
        return code
    if today < code.issued_on:
        return Refusal.NOT_YET_VALID
    if today > code.valid_until:
        return Refusal.EXPIRED
    status = reader.status(code.status_index)
    if status is None:
        return Refusal.LIST_EXPIRED
    return code if status == 0 else Refusal.REVOKED


def _parse(token: str) -> _Parsed | None:
    """What stands in a token, or None if it is none: length, alphabet, type, kind, or days that no issuer would write."""
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        data = base64url.decode(token)
        kind = Kind(data[1])
    except ValueError:
        return None
    issued_on = _day(data[18:20])
    valid_until = _day(data[20:22])
    if data[0] & 0xF0 != _TYPE or not issued_on <= valid_until <= issued_on + timedelta(days=LONGEST_DAYS):
        return None
    code = DisplayCode(
        slot=data[0] & 0x0F,
        kind=kind,
        code_id=data[2:18],
        issued_on=issued_on,
        valid_until=valid_until,
        status_index=int.from_bytes(data[22:_SIGNED], "big"),
    )
    return _Parsed(code, data[:_SIGNED], data[_SIGNED:])


def _day(value: bytes) -> date:
    return _FIRST_DAY + timedelta(days=int.from_bytes(value, "big"))


def _issued(signed: bytes) -> bytes:
    return b"ic4d" + signed
