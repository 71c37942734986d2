"""Receipts 回执: compact JWS (RFC 7515, EdDSA) that a partner keeps for disputes. They name no person."""

import base64
from datetime import datetime
from uuid import UUID

import jwt

from backend.platform.keys import Purpose
from backend.platform.platform import Platform

TYPE = "xinyi-receipt+jwt"


def sign(platform: Platform, partner_id: UUID, mark: bytes, issued_at: datetime, **claims: object) -> str:
    """A receipt for one partner over `claims` and the digest of the request (`mark`, 32 bytes)."""
    key = platform.keys.active(Purpose.ANSWER)
    payload: dict[str, object] = {
        "iss": platform.settings.external_url,
        "aud": str(partner_id),
        "iat": int(issued_at.timestamp()),
        "request": base64.urlsafe_b64encode(mark).rstrip(b"=").decode(),
        **claims,
    }
    return jwt.encode(payload, key.private_key(), algorithm="EdDSA", headers={"kid": key.kid, "typ": TYPE})
