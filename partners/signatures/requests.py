"""Signed requests: our fixed profile of RFC 9421 with Content-Digest of RFC 9530 (protocol, section 2).

Covered, in this order: `@method`, `@target-uri`, then of `content-type`, `content-digest` and `idempotency-key` those the
request has; parameters `created`, `keyid`, `nonce`, `tag`. One signature, labelled `sig`. The algorithm is that of the
registered key, never what the message says. A fixed profile leaves nothing to negotiate and little to get wrong.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from partners.signatures.keys import PrivateKey, PublicKey, sign_bytes, verify_bytes

LABEL = "sig"
MAXIMUM_AGE_SECONDS = 60
NONCE_LIFETIME_SECONDS = 180

RefusalCode = Literal["signature-missing", "signature-invalid", "signature-stale", "key-unknown"]

_OPTIONAL = ("content-type", "content-digest", "idempotency-key")
_INPUT = re.compile(
    r'sig=\((?P<components>"[a-z0-9@-]+"(?: "[a-z0-9@-]+")*)\);created=(?P<created>[1-9][0-9]{0,11})'
    r';keyid="(?P<keyid>[A-Za-z0-9_-]{43})";nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})";tag="(?P<tag>[a-z-]{1,40})"'
)
_SIGNATURE = re.compile(r"sig=:(?P<value>[A-Za-z0-9+/]{86}==):")
_DIGEST = re.compile(r"sha-256=:(?P<value>[A-Za-z0-9+/]{43}=):")


class RequestMessage(msgspec.Struct, frozen=True):
    """A request as it is signed: the absolute address, header names in lower case, the body's bytes."""

    method: str
    target_uri: str
    headers: Mapping[str, str]
    body: bytes = b""


class SigningKey(msgspec.Struct, frozen=True):
    """A private key under its id, the RFC 7638 thumbprint."""

    key_id: str
    private_key: PrivateKey


class Verified(msgspec.Struct, frozen=True):
    """Who signed, when, and the nonce that may not come again within NONCE_LIFETIME_SECONDS."""

    key_id: str
    nonce: str
    created: int


class Refused(msgspec.Struct, frozen=True):
    """Why a message is not accepted; the codes are those of the problem documents."""

    code: RefusalCode


def content_digest(body: bytes) -> str:
    """The Content-Digest header of a body (RFC 9530, section 2), SHA-256."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def digest_matches(header: str | None, body: bytes) -> bool:
    """Whether a Content-Digest header is exactly that of the body."""
    return header is not None and _DIGEST.fullmatch(header) is not None and header == content_digest(body)


def _components(headers: Mapping[str, str]) -> tuple[str, ...]:
    return ("@method", "@target-uri", *(name for name in _OPTIONAL if name in headers))


def _parameters(components: tuple[str, ...], created: int, key_id: str, nonce: str, tag: str) -> str:
    names = " ".join(f'"{name}"' for name in components)
    return f'({names});created={created};keyid="{key_id}";nonce="{nonce}";tag="{tag}"'


def _base(message: RequestMessage, components: tuple[str, ...], parameters: str) -> bytes:
    """The signature base (RFC 9421, section 2.5)."""
    derived = {"@method": message.method, "@target-uri": message.target_uri}
    lines = [f'"{name}": {derived.get(name) or message.headers[name].strip()}' for name in components]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("latin-1", "replace")


def sign_request(message: RequestMessage, key: SigningKey, created: int, nonce: str, tag: str) -> dict[str, str]:
    """The headers to add to a request: Content-Digest where there is a body, Signature-Input and Signature.

    created: Unix seconds. nonce: 16 to 64 characters of base64url, fresh for every sending.
    """
    added = {"content-digest": content_digest(message.body)} if message.body else {}
    whole = RequestMessage(message.method, message.target_uri, {**message.headers, **added}, message.body)
    components = _components(whole.headers)
    parameters = _parameters(components, created, key.key_id, nonce, tag)
    signature = base64.b64encode(sign_bytes(key.private_key, _base(whole, components, parameters))).decode()
    return {**added, "signature-input": f"{LABEL}={parameters}", "signature": f"{LABEL}=:{signature}:"}


def verify_request(
    message: RequestMessage, keys: Callable[[str], PublicKey | None], now: int, tag: str
) -> Verified | Refused:
    """Checks a request in the order key state, time, digest, components and signature. `now` is Unix seconds.

    The nonce is the caller's to check: `Verified.nonce` may not have been seen within NONCE_LIFETIME_SECONDS.
    """
    given_input, given_signature = message.headers.get("signature-input"), message.headers.get("signature")
    if given_input is None or given_signature is None:
        return Refused("signature-missing")
    parsed, value = _INPUT.fullmatch(given_input), _SIGNATURE.fullmatch(given_signature)
    if parsed is None or value is None:
        return Refused("signature-invalid")
    public_key = keys(parsed["keyid"])
    if public_key is None:
        return Refused("key-unknown")
    created = int(parsed["created"])
    if abs(now - created) > MAXIMUM_AGE_SECONDS:
        return Refused("signature-stale")
    components = tuple(name.strip('"') for name in parsed["components"].split(" "))
    digest = message.headers.get("content-digest")
    # A digest without its body is a body that was taken away, and as bad as a body without its digest.
    if (message.body or digest is not None) and not digest_matches(digest, message.body):
        return Refused("signature-invalid")
    if parsed["tag"] != tag or components != _components(message.headers):
        return Refused("signature-invalid")
    try:
        signature = base64.b64decode(value["value"], validate=True)
    except binascii.Error:
        return Refused("signature-invalid")
    if not verify_bytes(public_key, signature, _base(message, components, given_input.partition("=")[2])):
        return Refused("signature-invalid")
    return Verified(parsed["keyid"], parsed["nonce"], created)
