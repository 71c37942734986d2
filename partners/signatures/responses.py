"""Signed answers: over status, type and digest, and with `;req` over the request they answer (RFC 9421, section 2.4).

The request's own signature is among what is covered, and no two requests have the same: an answer cannot be moved to
another request, nor to another sending of the same one.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from partners.signatures.base import content_digest, is_signable, signature_base, signature_headers, signature_in
from partners.signatures.keys import PublicKey, sign_bytes, verify_bytes
from partners.signatures.requests import MAXIMUM_AGE_SECONDS, Refused, RequestMessage, SigningKey

TAG = "xinyi-answer"

_OWN = ("content-type", "content-digest")
_OF_REQUEST = ("content-digest", "signature")
_INPUT = re.compile(
    r'sig=\((?P<components>[^)]{1,400})\);created=(?P<created>[1-9][0-9]{0,11});keyid="(?P<keyid>[A-Za-z0-9_-]{43})"'
    rf';tag="{TAG}"'
)


class ResponseMessage(msgspec.Struct, frozen=True):
    """An answer: status, header names in lower case, the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def _components(status: int, headers: Mapping[str, str], request: RequestMessage) -> list[tuple[str, str]]:
    """The identifiers that must be covered, each with its value.

    A request may carry anything, and its refusal is signed all the same: of the request, only what can be signed is
    covered. What our profile signs always can, so an honest caller's answer covers all of it.
    """
    of_request = [
        ('"@method";req', request.method),
        ('"@target-uri";req', request.target_uri),
        *((f'"{name}";req', request.headers[name]) for name in _OF_REQUEST if name in request.headers),
    ]
    return [
        ('"@status"', str(status)),
        *((f'"{name}"', headers[name]) for name in _OWN if name in headers),
        *((identifier, value) for identifier, value in of_request if is_signable(value)),
    ]


def sign_response(answer: ResponseMessage, request: RequestMessage, key: SigningKey, created: int) -> dict[str, str]:
    """The headers to add to an answer: Content-Digest, Signature-Input and Signature. `created` is Unix seconds."""
    added = {"content-digest": content_digest(answer.body)}
    components = _components(answer.status, {**answer.headers, **added}, request)
    parameters = f'({" ".join(name for name, _ in components)});created={created};keyid="{key.key_id}";tag="{TAG}"'
    signature = sign_bytes(key.private_key, signature_base(components, parameters))
    return {**added, **signature_headers(parameters, signature)}


def verify_response(
    answer: ResponseMessage, request: RequestMessage, keys: Callable[[str], PublicKey | None], now: int
) -> Refused | None:
    """None if the answer is signed by a key of ours, for exactly this request; else why not. `now` is Unix seconds."""
    given_input, given_signature = answer.headers.get("signature-input"), answer.headers.get("signature")
    if given_input is None or given_signature is None:
        return Refused("signature-missing")
    parsed, signature = _INPUT.fullmatch(given_input), signature_in(given_signature)
    if parsed is None or signature is None or answer.headers.get("content-digest") != content_digest(answer.body):
        return Refused("signature-invalid")
    public_key = keys(parsed["keyid"])
    if public_key is None:
        return Refused("key-unknown")
    if abs(now - int(parsed["created"])) > MAXIMUM_AGE_SECONDS:
        return Refused("signature-stale")
    components = _components(answer.status, answer.headers, request)
    if parsed["components"] != " ".join(identifier for identifier, _ in components):
        return Refused("signature-invalid")
    try:
        base = signature_base(components, given_input.partition("=")[2])
    except ValueError:
        return Refused("signature-invalid")
    return None if verify_bytes(public_key, signature, base) else Refused("signature-invalid")
