"""A verification that the holder asks for: at a counter code the shop does not scan, and learns of a yes alone."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.market import receipts, store
from backend.market.answers import LIFETIME, partner_access
from backend.market.deciding import decided, offers
from backend.market.messages import OfferedTier
from backend.market.reasons import in_words
from backend.market.store import NewVerification
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import LivePartner
from backend.platform.callers import Caller
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.problems import STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.benefits.terms import Text


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder is told; `verification_id` is None for a no, of which the partner learns nothing."""

    verification_id: UUID | None
    reasons: list[Text]
    tier: OfferedTier | None
    expires_at: datetime | None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An eligible verification that was not used yet."""

    verification_id: UUID
    benefit: str
    tier: OfferedTier
    answered_at: datetime
    expires_at: datetime


async def present(
    platform: Platform,
    connection: Connection,
    caller: Caller,
    partner: LivePartner,
    benefit_id: str,
    version: int,
    *,
    terminal: str,
    partner_ref: str,
    mark: bytes,
    store_id: UUID | None = None,
) -> Presented:
    """Decides for the caller, who has signed that this partner may be told, and writes the partner's verification if it is a yes.

    The signature is the holder's confirmation, so a benefit flagged `confirm` asks no second time. Raises NOT_FOUND,
    STATE_CONFLICT (paused, or other terms than those that were signed). Up to five round trips, seven for a partner with an endpoint.
    """
    subject_id, now = caller.proven_subject(), platform.clock.now().replace(microsecond=0)
    standing = partner_accounts.places([(partner.id, store_id)])
    offering = offers([benefit_id], now, [store_id] if store_id is not None else [])
    found = await connection.ask(standing, offering)
    [place], (offer, terms) = found[standing], found[offering][benefit_id]
    if terms.version != version:
        raise STATE_CONFLICT.error()
    given = await consents.given(connection, subject_id, now)
    decision = await decided(
        connection, caller.access("扫台码查看自己是否符合", "eligibility"), subject_id, offer, partner_id=None,
        computes=ConsentKind.COMPUTE in given, shows=ConsentKind.SHOW in given, amount_fen=None, now=now, place=place,
    )  # fmt: skip
    if decision.reasons:
        return Presented(verification_id=None, reasons=in_words(decision.reasons), tier=None, expires_at=None)
    row = NewVerification(
        id=new_id(now),
        partner_id=partner.id,
        terminal=terminal,
        benefit_id=terms.id,
        benefit_version=terms.version,
        account_id=caller.account_id,
        subject_id=subject_id,
        result="eligible",
        reason=[],
        tier_value=decision.tier_value,
        amount_fen=None,
        partner_ref=partner_ref,
        ref=secrets.token_urlsafe(16),
        receipt="",
        answered_at=now,
        expires_at=now + LIFETIME,
        store_id=store_id,
    )
    access = partner_access(
        partner.id, partner.name, "您扫台码并确认，商户获知：符合", terms.names.zh, caller.request_id, "eligibility"
    )
    signed = receipts.of_answer(platform, row, mark)
    await store.add_verification(connection, access, msgspec.structs.replace(row, receipt=signed))
    told = {"verification_id": row.id}
    await webhooks.publish(connection, partner.id, EventType.VERIFICATION_ANSWERED, row.id, told)
    tier = OfferedTier(terms.unit, f"{row.tier_value:012d}")
    return Presented(verification_id=row.id, reasons=[], tier=tier, expires_at=row.expires_at)


async def waiting_among(platform: Platform, connection: Connection, ids: Sequence[UUID]) -> list[Waiting]:
    """Those of `ids` that can still be used, newest first. One round trip, whose rows name nobody."""
    rows = await store.usable_among(connection, ids, platform.clock.now())
    return [
        Waiting(
            verification_id=row["id"],
            benefit=row["benefit_id"],
            tier=OfferedTier(row["unit"], f"{row['tier_value']:012d}"),
            answered_at=row["answered_at"],
            expires_at=row["expires_at"],
        )
        for row in rows
    ]
