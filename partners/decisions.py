"""The signed decision 核验回执: a compact JWS (EdDSA) that a partner may keep for disputes. It names no person.

Yes and no have the same shape and the same length: `eligible` and `declined` have eight letters, a tier is always there,
and every other value has a fixed width.
"""

import base64
import json
from collections.abc import Callable
from typing import Literal

import msgspec

Result = Literal["eligible", "declined"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Claims: issuer, audience (the partner's id), verification id, benefit, result, tier value, request digest, times.

    `tier` is the offer's value as 12 digits, zeros when declined. `issued_at` and `expires_at` are Unix seconds.
    """

    issuer: str
    audience: str
    verification: str
    benefit: str
    result: Result
    tier: int
    request_digest: bytes
    issued_at: int
    expires_at: int


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def receipt(decision: Decision, key_id: str, sign: Callable[[bytes], bytes]) -> str:
    """The decision as a compact JWS (RFC 7515, RFC 8037). `sign` gives the 64-byte Ed25519 signature of its bytes."""
    header = {"alg": "EdDSA", "kid": key_id, "typ": "xinyi-decision+jwt"}
    claims = {
        "iss": decision.issuer,
        "aud": decision.audience,
        "jti": decision.verification,
        "benefit": decision.benefit,
        "result": decision.result,
        "tier": f"{decision.tier:012d}",
        "request": _encode(decision.request_digest),
        "iat": decision.issued_at,
        "exp": decision.expires_at,
    }
    signed = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{signed}.{_encode(sign(signed.encode()))}"
