"""Signed answers: over status, type and digest, and with `;req` over the request they answer (RFC 9421, section 2.4)."""

import base64
import re
from collections.abc import Callable, Mapping

import msgspec

from partners.signatures.keys import PublicKey, sign_bytes, verify_bytes
from partners.signatures.requests import (
    LABEL,
    MAXIMUM_AGE_SECONDS,
    Refused,
    RequestMessage,
    SigningKey,
    content_digest,
    digest_matches,
)

TAG = "xinyi-answer"

_INPUT = re.compile(
    r'sig=\((?P<components>[^)]{1,400})\);created=(?P<created>[1-9][0-9]{0,11});keyid="(?P<keyid>[A-Za-z0-9_-]{43})"'
    rf';tag="{TAG}"'
)
_SIGNATURE = re.compile(r"sig=:(?P<value>[A-Za-z0-9+/]{86}==):")


class ResponseMessage(msgspec.Struct, frozen=True):
    """An answer: status, header names in lower case, the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def _lines(answer: ResponseMessage, headers: Mapping[str, str], request: RequestMessage) -> list[tuple[str, str]]:
    """What is covered, in order, with its value."""
    lines = [('"@status"', str(answer.status))]
    lines += [(f'"{name}"', headers[name].strip()) for name in ("content-type", "content-digest") if name in headers]
    lines += [('"@method";req', request.method), ('"@target-uri";req', request.target_uri)]
    lines += [
        (f'"{name}";req', request.headers[name].strip())
        for name in ("content-digest", "signature")
        if name in request.headers
    ]
    return lines


def _base(lines: list[tuple[str, str]], parameters: str) -> bytes:
    text = [f"{name}: {value}" for name, value in lines]
    return "\n".join([*text, f'"@signature-params": {parameters}']).encode("latin-1", "replace")


def sign_response(answer: ResponseMessage, request: RequestMessage, key: SigningKey, created: int) -> dict[str, str]:
    """The headers to add to an answer: Content-Digest, Signature-Input and Signature. `created` is Unix seconds."""
    added = {"content-digest": content_digest(answer.body)}
    lines = _lines(answer, {**answer.headers, **added}, request)
    parameters = f'({" ".join(name for name, _ in lines)});created={created};keyid="{key.key_id}";tag="{TAG}"'
    signature = base64.b64encode(sign_bytes(key.private_key, _base(lines, parameters))).decode()
    return {**added, "signature-input": f"{LABEL}={parameters}", "signature": f"{LABEL}=:{signature}:"}


def verify_response(
    answer: ResponseMessage, request: RequestMessage, keys: Callable[[str], PublicKey | None], now: int
) -> Refused | None:
    """None if the answer is signed by a key of ours, for exactly this request; else why not."""
    given_input, given_signature = answer.headers.get("signature-input"), answer.headers.get("signature")
    if given_input is None or given_signature is None:
        return Refused("signature-missing")
    parsed, value = _INPUT.fullmatch(given_input), _SIGNATURE.fullmatch(given_signature)
    if parsed is None or value is None or not digest_matches(answer.headers.get("content-digest"), answer.body):
        return Refused("signature-invalid")
    public_key = keys(parsed["keyid"])
    if public_key is None:
        return Refused("key-unknown")
    if abs(now - int(parsed["created"])) > MAXIMUM_AGE_SECONDS:
        return Refused("signature-stale")
    lines = _lines(answer, answer.headers, request)
    if parsed["components"] != " ".join(name for name, _ in lines):
        return Refused("signature-invalid")
    signature = base64.b64decode(value["value"], validate=True)
    if not verify_bytes(public_key, signature, _base(lines, given_input.partition("=")[2])):
        return Refused("signature-invalid")
    return None
