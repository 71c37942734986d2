"""The platform's own answers: an act once for each idempotency key, look-ups, refusals; all signed to the request they answer."""

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec

from partners import jws
from partners.decisions import Decision, Result, receipt
from partners.sdk.conformance.platform import Platform, Sent, reference
from partners.signatures.keys import sign_bytes
from partners.signatures.requests import RequestMessage, SigningKey
from partners.signatures.responses import ResponseMessage, sign_response

BENEFIT = "conformance-discount"
AMOUNT_FEN = 500
VERIFICATIONS, REDEMPTIONS = "/v1/partner/verifications", "/v1/partner/redemptions"
JSON = {"content-type": "application/json"}
RECEIPT_TYPE = "xinyi-receipt+jwt"

_LIFETIME = 900


def signed(
    platform: Platform,
    message: RequestMessage,
    status: int,
    body: Mapping[str, Any],
    *,
    key: SigningKey | None = None,
    created: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Sent:
    """An answer as the platform signs it; by another key or at another time if it is said."""
    content = msgspec.json.encode(body)
    plain = {**JSON, **(headers or {})}
    moment = platform.now if created is None else created
    added = sign_response(ResponseMessage(status, plain, content), message, key or platform.answer_key, moment)
    return Sent(status, {**plain, **added}, content)


def act(platform: Platform, message: RequestMessage, result: Result, added: Mapping[str, Any]) -> Sent:
    """Does what was asked, once for each idempotency key, or looks up what was done. `added` are members of a later contract."""
    where = urlsplit(message.target_uri)
    if message.method == "GET":
        return _look_up(platform, message, where.path, parse_qs(where.query))
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        VERIFICATIONS: lambda: verification(platform, result),
        REDEMPTIONS: lambda: _redemption(platform),
        f"{REDEMPTIONS}/{platform.redemption_id}/reversals": lambda: _reversal(platform),
    }
    if message.method != "POST" or where.path not in makers:
        return refusal(platform, message, 404, "not-found")
    key = message.headers.get("idempotency-key", "")
    replayed = {"idempotency-replayed": "true"} if key in platform.done else {}
    if key not in platform.done:
        platform.done[key] = {**makers[where.path](), **added}
    return signed(platform, message, 201, platform.done[key], headers=replayed)


def refusal(
    platform: Platform, message: RequestMessage, status: int, code: str, retry_after: int | None = None
) -> Sent:
    """A problem document, signed."""
    body = {
        "type": f"urn:xinyi:problem:{code}", "title": "自测", "title_en": "Conformance", "status": status, "code": code,
        "detail": "自测套件的固定应答。", "detail_en": "A scripted answer of the conformance kit.", "request_id": str(uuid4()),
    }  # fmt: skip
    headers = {"content-type": "application/problem+json"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return signed(platform, message, status, body, headers=headers)


def verification(platform: Platform, result: Result, key: SigningKey | None = None) -> dict[str, Any]:
    """The body of a verification; a yes and a no have the same length."""
    signer, now = key or platform.answer_key, platform.now
    tier = 50 if result == "eligible" else 0
    decision = Decision(
        issuer=platform.url, audience=platform.partner_id, verification=platform.verification_id, benefit=BENEFIT,
        result=result, tier=tier, request_digest=bytes(32), issued_at=now, expires_at=now + _LIFETIME,
    )  # fmt: skip
    return {
        "verification_id": platform.verification_id, "benefit": BENEFIT, "result": result,
        "tier": {"unit": "permille", "value": f"{tier:012d}"}, "answered_at": instant(now),
        "expires_at": instant(now + _LIFETIME), "ref": reference(),
        "receipt": receipt(decision, signer.key_id, functools.partial(sign_bytes, signer.private_key)),
    }  # fmt: skip


def instant(unix_seconds: int) -> str:
    """An instant as the contract writes it."""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _look_up(platform: Platform, message: RequestMessage, path: str, query: Mapping[str, list[str]]) -> Sent:
    body: Mapping[str, Any] | None = None
    if path == REDEMPTIONS:
        [key, *_] = query.get("idempotency_key", [""])
        body = platform.done.get(key)
    return refusal(platform, message, 404, "not-found") if body is None else signed(platform, message, 200, body)


def _redemption(platform: Platform) -> dict[str, Any]:
    claims = {"jti": platform.redemption_id, "verification": platform.verification_id, "benefit": BENEFIT}
    return {
        "redemption_id": platform.redemption_id, "verification_id": platform.verification_id, "benefit": BENEFIT,
        "amount_fen": AMOUNT_FEN, "reversed_fen": 0, "state": "redeemed", "redeemed_at": instant(platform.now),
        "partner_ref": "order-1", "receipt": _receipt(platform, claims),
    }  # fmt: skip


def _reversal(platform: Platform) -> dict[str, Any]:
    claims = {"jti": platform.reversal_id, "redemption": platform.redemption_id}
    return {
        "reversal_id": platform.reversal_id, "redemption_id": platform.redemption_id, "amount_fen": AMOUNT_FEN,
        "left_fen": 0, "state": "reversed", "reversed_at": instant(platform.now), "partner_ref": "refund-1",
        "receipt": _receipt(platform, claims),
    }  # fmt: skip


def _receipt(platform: Platform, claims: Mapping[str, Any]) -> str:
    key = platform.answer_key
    common = {"iss": platform.url, "aud": platform.partner_id, "iat": platform.now, "amount_fen": AMOUNT_FEN}
    header = jws.Header("EdDSA", key.key_id, RECEIPT_TYPE)
    return jws.write({**common, **claims}, header, functools.partial(sign_bytes, key.private_key))
