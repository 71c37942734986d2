"""Token Status List 状态列表 (draft-ietf-oauth-status-list): which of many tokens are still valid, in a few bytes.

Each index has 1, 2, 4 or 8 bits, lowest bits of a byte first (section 4.1); zlib and base64url make a text of them, a JWT of
type `statuslist+jwt` signs it. Our lists say valid or not and nothing more. A list is read within bounds: a few bytes may
not unfold into gigabytes.
"""

import zlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal

import msgspec

from partners import base64url, jws
from partners.signatures.key_sets import IssuerKey
from partners.signatures.suites import Signer

TOKEN_TYPE = "statuslist+jwt"
MAXIMUM_TOKEN = 2 * 1024 * 1024
MAXIMUM_BYTES = 4 * 1024 * 1024
# How far a list's date may lie ahead of the reader's clock.
CLOCK_SKEW_SECONDS = 300

VALID = 0
INVALID = 1

Bits = Literal[1, 2, 4, 8]


class StatusList(msgspec.Struct, frozen=True):
    """Statuses by index, packed."""

    bits: Bits
    packed: bytes

    def __len__(self) -> int:
        return len(self.packed) * 8 // self.bits

    def status(self, index: int) -> int | None:
        """The status of an index, or None beyond the end: then nothing may be accepted (section 8.3)."""
        if not 0 <= index < len(self):
            return None
        byte, place = divmod(index * self.bits, 8)
        return self.packed[byte] >> place & (1 << self.bits) - 1


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a list's token says besides the list.

    subject: the address of the list, where it is fetched and what tokens refer to. Times are Unix seconds; `ttl` is how long
    a copy is taken for current, `expires_at` is when it may no longer be used.
    """

    subject: str
    issued_at: int
    expires_at: int
    ttl: int


class StatusListToken(msgspec.Struct, frozen=True):
    """A list whose signature is good."""

    claims: Claims
    statuses: StatusList


class Failure(StrEnum):
    """Why a token is not accepted."""

    MALFORMED = "status-list-malformed"
    TOO_LARGE = "status-list-too-large"
    KEY_UNKNOWN = "key-unknown"
    SIGNATURE_INVALID = "signature-invalid"
    WRONG_SUBJECT = "wrong-subject"
    EXPIRED = "status-list-expired"
    SUPERSEDED = "status-list-superseded"


class Freshness(StrEnum):
    """What a copy may be used for: FRESH as it is; STALE too, but a new one is due; EXPIRED for nothing."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


class _List(msgspec.Struct):
    bits: Bits
    lst: str


class _Payload(msgspec.Struct):
    sub: str
    iat: int
    exp: int
    ttl: int
    status_list: _List


class _TooLarge(Exception):
    """The list unfolds beyond the bound."""


def pack(size: int, statuses: Mapping[int, int], bits: Bits = 1) -> StatusList:
    """A list of `size` entries, all VALID but those given by index; filled up with VALID to whole bytes.

    Raises ValueError for an index outside the list or a status that does not fit its bits.
    """
    packed = bytearray(-(-size * bits // 8))
    for index, status in statuses.items():
        if not 0 <= index < size or not 0 <= status < 1 << bits:
            raise ValueError(f"the status {status} of the index {index} does not fit the list")
        byte, place = divmod(index * bits, 8)
        packed[byte] |= status << place
    return StatusList(bits, bytes(packed))


def compress(statuses: StatusList) -> str:
    """The member `lst` (section 4.2): zlib at its highest level, base64url."""
    return base64url.encode(zlib.compress(statuses.packed, 9))


def decompress(lst: str, bits: Bits, maximum: int = MAXIMUM_BYTES) -> StatusList | None:
    """The list in a member `lst`, or None if it is none or would unfold to more than `maximum` bytes; no more are unfolded."""
    try:
        return StatusList(bits, _unfold(base64url.decode(lst), maximum))
    except (ValueError, zlib.error, _TooLarge):
        return None


def _unfold(compressed: bytes, maximum: int) -> bytes:
    """Raises _TooLarge, or ValueError and zlib.error for what is not exactly one zlib stream."""
    reader = zlib.decompressobj()
    packed = reader.decompress(compressed, maximum + 1)
    if len(packed) > maximum:
        raise _TooLarge
    if not reader.eof or reader.unused_data or not packed:
        raise ValueError("the bytes are not one zlib stream")
    return packed


def write_token(statuses: StatusList, claims: Claims, key_id: str, algorithm: str, signer: Signer) -> str:
    """The token (section 5.1). `algorithm` is the name of the signer's algorithm, `key_id` its thumbprint."""
    payload = {
        "sub": claims.subject,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "ttl": claims.ttl,
        "status_list": {"bits": statuses.bits, "lst": compress(statuses)},
    }
    return jws.write(payload, jws.Header(algorithm, key_id, TOKEN_TYPE), signer.sign)


def read_token(
    text: str,
    keys: Callable[[str], IssuerKey | None],
    subject: str,
    now: int,
    *,
    newest: int = 0,
    maximum: int = MAXIMUM_BYTES,
) -> StatusListToken | Failure:
    """A token judged in the order size, form, key, signature, subject, time, list. Nothing is unfolded before its signature is good.

    `keys` gives the status keys by id, and no keys of another purpose. `subject` is the list that is wanted: a good token of
    another list is refused, and so is one issued before `newest`, the `issued_at` of the copy that is held: an old list brings
    no revoked token back. `exp` and `ttl`, which the draft leaves open, are required.
    """
    if len(text) > MAXIMUM_TOKEN:
        return Failure.TOO_LARGE
    token = jws.parse(text, MAXIMUM_TOKEN)
    if token is None or token.header.typ != TOKEN_TYPE:
        return Failure.MALFORMED
    key = keys(token.header.kid)
    if key is None:
        return Failure.KEY_UNKNOWN
    if token.header.alg != key.verifier.algorithm or not key.verifier.verify(token.signature, token.signed):
        return Failure.SIGNATURE_INVALID
    try:
        payload = msgspec.json.decode(token.claims, type=_Payload)
        claims = Claims(subject=payload.sub, issued_at=payload.iat, expires_at=payload.exp, ttl=payload.ttl)
        if claims.subject != subject:
            return Failure.WRONG_SUBJECT
        if freshness(claims, claims.issued_at, now) is Freshness.EXPIRED:
            return Failure.EXPIRED
        if claims.issued_at < newest:
            return Failure.SUPERSEDED
        packed = _unfold(base64url.decode(payload.status_list.lst), maximum)
    except _TooLarge:
        return Failure.TOO_LARGE
    except (ValueError, zlib.error):
        return Failure.MALFORMED
    return StatusListToken(claims, StatusList(payload.status_list.bits, packed))


def freshness(claims: Claims, fetched_at: int, now: int) -> Freshness:
    """What a copy fetched at an instant may be used for now (Unix seconds).

    A list from the future is as unusable as an expired one: the clock is wrong, and nothing it says about `exp` holds.
    """
    if now >= claims.expires_at or now < claims.issued_at - CLOCK_SKEW_SECONDS:
        return Freshness.EXPIRED
    return Freshness.FRESH if fetched_at <= now < fetched_at + claims.ttl else Freshness.STALE
