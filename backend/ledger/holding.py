"""Holding 预留 a subsidy in its budget while a place is reserved: nothing is posted, and what is held counts as spent until it is
redeemed, released or over."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.ledger import store
from backend.ledger.posting import as_plan
from backend.platform.clock import local_date
from backend.platform.database import Connection
from partners.ledger.audit import plan_on
from partners.ledger.subsidies import subsidy


class Hold(msgspec.Struct, frozen=True):
    """What is held of which budget, in fen; of none where no plan pays."""

    budget_id: UUID | None
    amount_fen: int


async def hold(connection: Connection, benefit_id: str, worth_fen: int, at: datetime) -> Hold | None:
    """Holds the subsidy of a use that may follow; None where the budget has no room, and then nothing was done.

    Budgets are the last that a transaction locks. One round trip, two where a plan pays.
    """
    plans = [as_plan(row) for row in await store.approved_plans(connection, [benefit_id])]
    plan = plan_on(plans, benefit_id, local_date(at))
    if plan is None:
        return Hold(None, 0)
    share = subsidy(plan.formula, worth_fen)
    return Hold(plan.budget_id, share) if await store.hold(connection, plan.budget_id, share) else None


async def let_go(connection: Connection, held: Hold) -> None:
    """Gives back what is held. One round trip if anything is."""
    if held.budget_id is not None and held.amount_fen:
        await store.let_go(connection, held.budget_id, held.amount_fen)
