"""What is wrong with the form of a request, by aspect: so that one defect fails the one case that is about it.

`partners.signatures.requests.verify_request` has the last word, as on the platform: what it refuses and no aspect explains
is a fault of the profile as a whole.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from partners.sdk.client import TAG
from partners.signatures.base import content_digest, signature_base, signature_in
from partners.signatures.keys import PublicKey, verify_bytes
from partners.signatures.requests import MAXIMUM_AGE_SECONDS, Refused, RequestMessage, verify_request

Aspect = Literal[
    "target", "body", "content-type", "idempotency-key", "components", "digest", "created", "nonce", "key", "signature",
    "profile",
]  # fmt: skip

_INPUT = re.compile(r"sig=(?P<parameters>\((?P<components>[^)]*)\);(?P<rest>.*))")
_PARAMETER = re.compile(r'(created|keyid|nonce|tag)="?([^";]*)"?')
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DIGEST = '"content-digest"'


class Caller(msgspec.Struct, frozen=True):
    """Who signs: the throw-away key's id and its public part."""

    key_id: str
    public_key: PublicKey


class Expected(msgspec.Struct, frozen=True):
    """The act that was ordered: its address, and the members of its body."""

    target_uri: str
    body: Mapping[str, Any]


def signed_parameters(message: RequestMessage) -> dict[str, str]:
    """The parameters of a request's signature, as far as they can be read."""
    found = _INPUT.fullmatch(message.headers.get("signature-input", ""))
    return dict(_PARAMETER.findall(found["rest"])) if found is not None else {}


def faults(message: RequestMessage, caller: Caller, now: int, expected: Expected) -> dict[Aspect, str]:
    """What is wrong with a request that came at `now`, by aspect; empty if nothing is."""
    found = _signature_faults(message, caller, now)
    if message.method == "POST":
        found |= _act_faults(message, expected)
    verdict = verify_request(message, {caller.key_id: caller.public_key}.get, now, TAG)
    if isinstance(verdict, Refused) and not found:
        found["profile"] = verdict.code
    return found


def _act_faults(message: RequestMessage, expected: Expected) -> dict[Aspect, str]:
    found: dict[Aspect, str] = {}
    if message.target_uri != expected.target_uri:
        found["target"] = f"{message.method} {message.target_uri}"
    kind = message.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        found["content-type"] = f"content-type: {kind}"
    if not is_uuid(message.headers.get("idempotency-key", "")):
        found["idempotency-key"] = f"idempotency-key: {message.headers.get('idempotency-key')}"
    try:
        sent = msgspec.json.decode(message.body)
    except ValueError:
        sent = None
    if sent != expected.body:
        found["body"] = _difference(sent, expected.body)
    return found


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in its usual spelling."""
    return _UUID.fullmatch(text) is not None and bool(UUID(text).int)


def _difference(sent: object, wanted: Mapping[str, Any]) -> str:
    if not isinstance(sent, dict):
        return "no JSON object"
    names = sorted(
        name
        for name in sent.keys() | wanted.keys()
        if (name in sent, sent.get(name)) != (name in wanted, wanted.get(name))
    )
    return f"members: {', '.join(names)}"


def _signature_faults(message: RequestMessage, caller: Caller, now: int) -> dict[Aspect, str]:
    """Of components, digest, parameters and signature; none if the header cannot be read at all."""
    found: dict[Aspect, str] = {}
    parsed = _INPUT.fullmatch(message.headers.get("signature-input", ""))
    if parsed is None:
        return found
    covered, parameters = parsed["components"].split(), signed_parameters(message)
    wanted = ['"@method"', '"@target-uri"']
    wanted += ['"content-type"', '"idempotency-key"'] if message.method == "POST" else []
    if [name for name in covered if name != _DIGEST] != wanted:
        found["components"] = f"({parsed['components']})"
    if message.body and (
        _DIGEST not in covered or message.headers.get("content-digest") != content_digest(message.body)
    ):
        found["digest"] = f"content-digest: {message.headers.get('content-digest')}"
    created = parameters.get("created", "")
    if not created.isdecimal() or abs(now - int(created)) > MAXIMUM_AGE_SECONDS:
        found["created"] = f"created={created}, now={now}"
    if _NONCE.fullmatch(parameters.get("nonce", "")) is None:
        found["nonce"] = f"nonce={parameters.get('nonce')}"
    if parameters.get("keyid") != caller.key_id:
        found["key"] = f"keyid={parameters.get('keyid')}"
    if not _is_signed(message, covered, parsed["parameters"], caller.public_key):
        found["signature"] = "signature-invalid"
    return found


def _is_signed(message: RequestMessage, covered: list[str], parameters: str, key: PublicKey) -> bool:
    """Whether the signature is the key's over what the request itself says is covered."""
    values = {'"@method"': message.method, '"@target-uri"': message.target_uri}
    values |= {f'"{name}"': value for name, value in message.headers.items()}
    signature = signature_in(message.headers.get("signature", ""))
    if signature is None or not set(covered) <= values.keys():
        return False
    try:
        base = signature_base([(name, values[name]) for name in covered], parameters)
    except ValueError:
        return False
    return verify_bytes(key, signature, base)
