"""Webhook 签名 (Standard Webhooks, `v1`): who sent a message, to whom, when, and that nothing was changed on the way.

    webhook-id: 0193a1c0-...        the same at every delivery of one event: do a thing once for each
    webhook-timestamp: 1795420800   Unix seconds of this attempt, in UTC by definition
    webhook-signature: v1,BASE64 v1,BASE64

Each signature is HMAC-SHA256 over `id.timestamp.body`, one for each secret in force: while a secret is being replaced there
are two, and one that fits is enough. Source: the specification at standardwebhooks.com.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

# How far a message's time may lie from the receiver's, either way: what is older is a replay.
TOLERANCE_SECONDS = 300
SECRET_BYTES = 32

_PREFIX = "whsec_"
_VERSION = "v1,"
_LEAST_SECRET, _MOST_SECRET = 24, 64
_SECONDS = re.compile(r"[0-9]{1,12}")


class Distrust(StrEnum):
    """Why a message is not to be believed."""

    HEADER_MISSING = "header-missing"
    TIMESTAMP_MALFORMED = "timestamp-malformed"
    TOO_OLD = "too-old"
    FROM_THE_FUTURE = "from-the-future"
    SIGNATURE_INVALID = "signature-invalid"


def secret_text(key: bytes) -> str:
    """A secret as it is handed to a receiver."""
    return _PREFIX + base64.b64encode(key).decode()


def secret_key(text: str) -> bytes:
    """The key of a secret's text. Raises ValueError if it is none of 24 to 64 bytes."""
    if not text.startswith(_PREFIX):
        raise ValueError("a webhook secret begins with whsec_")
    try:
        key = base64.b64decode(text[len(_PREFIX) :], validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is base64 after whsec_") from None
    if not _LEAST_SECRET <= len(key) <= _MOST_SECRET:
        raise ValueError("a webhook secret has 24 to 64 bytes")
    return key


def sign(keys: Iterable[bytes], message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of a message, signed by every key. `seconds` is Unix time.

    Raises ValueError for an id with a dot in it: the dot ends the id in what is signed.
    """
    if not message_id or "." in message_id:
        raise ValueError("a webhook id is not empty and has no dot")
    signatures = (_VERSION + base64.b64encode(_digest(key, message_id, str(seconds), body)).decode() for key in keys)
    return {ID: message_id, TIMESTAMP: str(seconds), SIGNATURE: " ".join(signatures)}


def verify(keys: Iterable[bytes], headers: Mapping[str, str], body: bytes, now: int) -> Distrust | None:
    """None if one of `keys` signed exactly this message within five minutes of `now`, else why it is not believed.

    `headers` by lower-case name; `body` as it came, before anything parsed it.
    """
    message_id, seconds, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not message_id or not seconds or not given:
        return Distrust.HEADER_MISSING
    if _SECONDS.fullmatch(seconds) is None:
        return Distrust.TIMESTAMP_MALFORMED
    if int(seconds) < now - TOLERANCE_SECONDS:
        return Distrust.TOO_OLD
    if int(seconds) > now + TOLERANCE_SECONDS:
        return Distrust.FROM_THE_FUTURE
    signatures = [found for each in given.split(" ") if (found := _signature(each)) is not None]
    expected = [_digest(key, message_id, seconds, body) for key in keys]
    if any(hmac.compare_digest(one, other) for one in signatures for other in expected):
        return None
    return Distrust.SIGNATURE_INVALID


def _digest(key: bytes, message_id: str, seconds: str, body: bytes) -> bytes:
    # An id that Latin-1 decoding let through is no id of ours: it signs as something else, and is refused for that.
    return hmac.digest(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256)


def _signature(text: str) -> bytes | None:
    """The bytes of one `v1` signature; None for another version, which is passed over, and for what is none."""
    if not text.startswith(_VERSION):
        return None
    try:
        return base64.b64decode(text[len(_VERSION) :], validate=True)
    except ValueError:
        return None
