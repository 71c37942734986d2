"""Signed approvals 签名批准: what two operators agreed on, as compact JWS (EdDSA), so that no row can say more than they did."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import jwt
from jwt.types import Options

from backend.platform import keys
from backend.platform.database import Connection, Row
from backend.platform.keys import Purpose
from backend.platform.platform import Platform

BUDGET, PLAN, ENDING = "xinyi-budget+jwt", "xinyi-subsidy-plan+jwt", "xinyi-subsidy-plan-ending+jwt"
# Whom it is for is not asked, nor what the machine's clock says of when it was signed: instants come from the clock port.
_OURS: Options = {"verify_aud": False, "verify_iat": False}
STATEMENT = "xinyi-statement+jwt"
FUNDING, RULE, PAYMENT = "xinyi-pool-funding+jwt", "xinyi-loss-rule+jwt", "xinyi-partner-payment+jwt"


def sign(platform: Platform, kind: str, claims: Mapping[str, object]) -> str:
    """A JWS of a kind over claims, by the key that signs answers."""
    key = platform.keys.active(Purpose.ANSWER)
    payload = {"iss": platform.settings.external_url, **claims}
    return jwt.encode(payload, key.private_key(), algorithm="EdDSA", headers={"kid": key.kid, "typ": kind})


async def claims_of(platform: Platform, connection: Connection, kind: str, signed: str) -> dict[str, Any] | None:
    """What a JWS of this kind says, or None if we did not sign it. A key that has retired since is believed: what it
    approved is in force for a year. One round trip."""
    try:
        header = jwt.get_unverified_header(signed)
        if header.get("typ") != kind:
            return None
        key = await keys.signed_with(connection, platform.cipher, Purpose.ANSWER, str(header.get("kid")))
        if key is None:
            return None
        claims: dict[str, Any] = jwt.decode(signed, key, algorithms=["EdDSA"], options=_OURS)
    except jwt.InvalidTokenError:
        return None
    return claims


def of_budget(row: Row) -> dict[str, object]:
    """What the approval of a budget says."""
    return {
        "budget": str(row["id"]),
        "year": row["year"],
        "department": row["department"],
        "title": row["title"],
        "amount_fen": row["amount_fen"],
    }


def of_plan(row: Row) -> dict[str, object]:
    """What the approval of a plan says."""
    return {
        "plan": str(row["id"]),
        "budget": str(row["budget_id"]),
        "benefit": row["benefit_id"],
        "kind": row["kind"],
        "rate_permille": row["rate_permille"],
        "cap_fen": row["cap_fen"],
        "begins": row["begins"].isoformat(),
        "last_day": row["last_day"].isoformat(),
        "handler": row["handler"],
        "legal_basis": row["legal_basis"],
    }


def of_ending(plan_id: UUID, last_day: date) -> dict[str, object]:
    """What the ending of a plan says."""
    return {"plan": str(plan_id), "last_day": last_day.isoformat()}


def of_funding(row: Row) -> dict[str, object]:
    """What the approval of funds for the pool says."""
    return {
        "funding": str(row["id"]),
        "budget": str(row["budget_id"]),
        "amount_fen": row["amount_fen"],
        "reason": row["reason"],
    }


def of_rule(row: Row) -> dict[str, object]:
    """What the approval of a rule about losses says."""
    return {
        "rule": str(row["id"]),
        "budget": str(row["budget_id"]),
        "merchant_permille": row["merchant_permille"],
        "pool_permille": row["pool_permille"],
        "city_permille": row["city_permille"],
        "order_cap_fen": row["order_cap_fen"],
        "partner_year_cap_fen": row["partner_year_cap_fen"],
        "year_cap_fen": row["year_cap_fen"],
        "begins": row["begins"].isoformat(),
        "handler": row["handler"],
        "legal_basis": row["legal_basis"],
    }


def of_payment(row: Row) -> dict[str, object]:
    """What the approval of a payment says."""
    return {
        "payment": str(row["id"]),
        "partner": str(row["partner_id"]),
        "amount_fen": row["amount_fen"],
        "bank_reference": row["bank_reference"],
        "paid_on": row["paid_on"].isoformat(),
    }
