"""The signed decision 核验回执: a compact JWS (EdDSA) that a partner may keep for disputes. It names no person.

Yes and no have the same shape and the same length: `eligible` and `declined` have eight letters, a tier is always there,
and every other value has a fixed width.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from partners import base64url, jws
from partners.signatures.keys import PublicKey, verify_bytes

DECISION_TYPE = "xinyi-decision+jwt"
MAXIMUM_RECEIPT = 4096

_ALGORITHM = "EdDSA"

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


def receipt(decision: Decision, key_id: str, sign: Callable[[bytes], bytes]) -> str:
    """The decision as a compact JWS (RFC 7515, RFC 8037). `sign` gives the 64-byte Ed25519 signature of its bytes."""
    claims = {
        "iss": decision.issuer,
        "aud": decision.audience,
        "jti": decision.verification,
        "benefit": decision.benefit,
        "result": decision.result,
        "tier": f"{decision.tier:012d}",
        "request": base64url.encode(decision.request_digest),
        "iat": decision.issued_at,
        "exp": decision.expires_at,
    }
    return jws.write(claims, jws.Header(_ALGORITHM, key_id, DECISION_TYPE), sign)


def read_receipt(
    text: str, keys: Callable[[str], PublicKey | None], audience: str, kind: str = DECISION_TYPE
) -> dict[str, Any] | None:
    """The claims of a receipt, or None if it is not one of `kind` signed by a known Ed25519 key for `audience`.

    A receipt is evidence and has no age: `exp` says until when the decision could be used, and is the reader's to judge.
    Nothing in the header chooses an algorithm or brings a key (`partners.jws`).
    """
    token = jws.parse(text, MAXIMUM_RECEIPT)
    if token is None or (token.header.alg, token.header.typ) != (_ALGORITHM, kind):
        return None
    key = keys(token.header.kid)
    if not isinstance(key, Ed25519PublicKey) or not verify_bytes(key, token.signature, token.signed):
        return None
    claims: dict[str, Any] = msgspec.json.decode(token.claims)
    return claims if claims.get("aud") == audience else None
