"""Receipts 回执: compact JWS (RFC 7515, EdDSA) that a partner keeps for disputes. They name no person."""

import functools
from datetime import datetime
from uuid import UUID

from backend.market.store import NewVerification
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from partners import base64url, jws
from partners.decisions import Decision, receipt
from partners.signatures.keys import sign_bytes

TYPE = "xinyi-receipt+jwt"


def sign(platform: Platform, partner_id: UUID, mark: bytes, issued_at: datetime, **claims: object) -> str:
    """A receipt for one partner over `claims` and the digest of the request (`mark`, 32 bytes)."""
    key = platform.keys.signing(Purpose.ANSWER)
    payload: dict[str, object] = {
        "iss": platform.settings.external_url,
        "aud": str(partner_id),
        "iat": int(issued_at.timestamp()),
        "request": base64url.encode(mark),
        **claims,
    }
    return jws.write(payload, jws.Header("EdDSA", key.key_id, TYPE), functools.partial(sign_bytes, key.private_key))


def of_answer(platform: Platform, row: NewVerification, mark: bytes, issuer: str | None = None) -> str:
    """The signed decision that stands in the answer to a verification. `issuer` is the platform unless it is its sandbox."""
    key = platform.keys.signing(Purpose.ANSWER)
    decision = Decision(
        issuer=issuer or platform.settings.external_url,
        audience=str(row.partner_id),
        verification=str(row.id),
        benefit=row.benefit_id,
        result=row.result,
        tier=row.tier_value,
        request_digest=mark,
        issued_at=int(row.answered_at.timestamp()),
        expires_at=int(row.expires_at.timestamp()),
    )
    return receipt(decision, key.key_id, functools.partial(sign_bytes, key.private_key))
