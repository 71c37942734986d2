"""Signed requests: our fixed profile of RFC 9421 with Content-Digest of RFC 9530 (protocol, section 2).

Covered, in this order: `@method`, `@target-uri`, then of `content-type`, `content-digest` and `idempotency-key` those the
request has. A request with a body has the first two of them; one without a body has no digest. Parameters, in this order:
`created`, `keyid`, `nonce`, `tag`. One signature, labelled `sig`. The algorithm is that of the registered key, never what
the message says. A fixed profile leaves nothing to negotiate and little to get wrong.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from partners.signatures.base import LABEL, content_digest, signature_base, signature_headers, signature_in
from partners.signatures.keys import PrivateKey, PublicKey, sign_bytes, verify_bytes

MAXIMUM_AGE_SECONDS = 60
# A message dated ahead by the whole allowance stays acceptable for twice as long; the nonce is kept longer than that.
NONCE_LIFETIME_SECONDS = 180

RefusalCode = Literal["signature-missing", "signature-invalid", "signature-stale", "key-unknown"]

_OPTIONAL = ("content-type", "content-digest", "idempotency-key")
INPUT = re.compile(
    r'sig=\((?P<components>"[a-z0-9@-]+"(?: "[a-z0-9@-]+")*)\);created=(?P<created>[1-9][0-9]{0,11})'
    r';keyid="(?P<keyid>[A-Za-z0-9_-]{43})";nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})";tag="(?P<tag>[a-z-]{1,40})"'
)


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


def components_of(message: RequestMessage) -> list[tuple[str, str]]:
    """The identifiers that must be covered, each with its value. Raises ValueError for a body without a type."""
    if message.body and "content-type" not in message.headers:
        raise ValueError("a request with a body needs a content-type")
    present = [(f'"{name}"', message.headers[name]) for name in _OPTIONAL if name in message.headers]
    return [('"@method"', message.method), ('"@target-uri"', message.target_uri), *present]


def sign_request(message: RequestMessage, key: SigningKey, created: int, nonce: str, tag: str) -> dict[str, str]:
    """The headers to add to a request: Content-Digest where there is a body, Signature-Input and Signature.

    created: Unix seconds. nonce: 16 to 64 characters of base64url, fresh for every sending. Raises ValueError for what
    `verify_request` would refuse: a body without a content-type, a value that is not visible ASCII, a nonce or tag of
    another form.
    """
    added = {"content-digest": content_digest(message.body)} if message.body else {}
    whole = RequestMessage(message.method, message.target_uri, {**message.headers, **added}, message.body)
    components = components_of(whole)
    names = " ".join(identifier for identifier, _ in components)
    parameters = f'({names});created={created};keyid="{key.key_id}";nonce="{nonce}";tag="{tag}"'
    if INPUT.fullmatch(f"{LABEL}={parameters}") is None:
        raise ValueError("created, key id, nonce or tag have not the form of the profile")
    return {
        **added,
        **signature_headers(parameters, sign_bytes(key.private_key, signature_base(components, parameters))),
    }


def verify_request(
    message: RequestMessage, keys: Callable[[str], PublicKey | None], now: int, tag: str
) -> Verified | Refused:
    """Checks a request in the order form, key state, time, tag, digest, components, signature. `now` is Unix seconds.

    The nonce is the caller's to check: `Verified.nonce` may not have been seen within NONCE_LIFETIME_SECONDS. The headers
    must be complete, lines of one name joined (`base.combined`).
    """
    given_input, given_signature = message.headers.get("signature-input"), message.headers.get("signature")
    if given_input is None or given_signature is None:
        return Refused("signature-missing")
    parsed, signature = INPUT.fullmatch(given_input), signature_in(given_signature)
    if parsed is None or signature is None:
        return Refused("signature-invalid")
    public_key = keys(parsed["keyid"])
    if public_key is None:
        return Refused("key-unknown")
    created = int(parsed["created"])
    if abs(now - created) > MAXIMUM_AGE_SECONDS:
        return Refused("signature-stale")
    digest = message.headers.get("content-digest")
    # A digest without its body is a body that was taken away, and as bad as a body without its digest.
    if parsed["tag"] != tag or digest != (content_digest(message.body) if message.body else None):
        return Refused("signature-invalid")
    try:
        components = components_of(message)
        base = signature_base(components, given_input.partition("=")[2])
    except ValueError:
        return Refused("signature-invalid")
    if parsed["components"] != " ".join(identifier for identifier, _ in components):
        return Refused("signature-invalid")
    if not verify_bytes(public_key, signature, base):
        return Refused("signature-invalid")
    return Verified(parsed["keyid"], parsed["nonce"], created)
