"""Visits 到店: what a holder's verification came to, for rooms in which the holder says how it went."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.market import store
from backend.market.answers import state_of
from backend.platform.access import Access
from backend.platform.database import Connection
from backend.platform.platform import Platform
from partners.orders.states import VerificationState


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner answered the holder, and whether a yes was used (redeemed, or turned into an order) or has lapsed unused."""

    verification_id: UUID
    partner_id: UUID
    benefit_id: str
    at: datetime
    eligible: bool
    used: bool
    lapsed: bool


async def visit_of(
    platform: Platform, connection: Connection, access: Access, subject_id: UUID, verification_id: UUID
) -> Visit | None:
    """A visit of this holder; None for somebody else's verification. One round trip."""
    row = await store.verification_of_subject(connection, access, subject_id, verification_id)
    if row is None:
        return None
    state = state_of(row, platform.clock.now())
    return Visit(
        verification_id=row["id"],
        partner_id=row["partner_id"],
        benefit_id=row["benefit_id"],
        at=row["answered_at"],
        eligible=row["result"] == "eligible",
        used=state is VerificationState.REDEEMED,
        lapsed=state is VerificationState.LAPSED,
    )
