"""Posting 记账 in the transaction of the act: a redemption is subsidised or refused, a reversal gives back to the fen."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.ledger import store
from backend.ledger.store import Booked
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.row_ids import new_id
from partners.ledger.audit import Plan, plan_on
from partners.ledger.postings import paid, returned
from partners.ledger.subsidies import Formula, subsidy, taken_back


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption that is about to be written: what it is worth, and when it was given."""

    redemption_id: UUID
    partner_id: UUID
    benefit_id: str
    partner_ref: str
    worth_fen: int
    happened_at: datetime


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """A reversal: what was redeemed before and after it."""

    reversal_id: UUID
    redemption_id: UUID
    partner_ref: str
    left_before_fen: int
    left_after_fen: int


async def subsidise(platform: Platform, connection: Connection, uses: Sequence[Use]) -> list[bool]:
    """Takes each use's subsidy from the budget of the plan that pays on its day; False where the budget does not hold it,
    and then nothing was done. A use that no plan pays for is True.

    Budgets are the last that a transaction locks, after persons and benefits, and in the order of their ids: a caller
    hands over all its uses at once. One round trip, and one more for each use that a plan pays for.
    """
    plans = [as_plan(row) for row in await store.approved_plans(connection, sorted({use.benefit_id for use in uses}))]
    paying = {
        place: plan
        for place, use in enumerate(uses)
        if (plan := plan_on(plans, use.benefit_id, local_date(use.happened_at))) is not None
    }
    outcomes = [True] * len(uses)
    for place in sorted(paying, key=lambda place: (paying[place].budget_id, place)):
        outcomes[place] = await _spend(platform, connection, uses[place], paying[place])
    return outcomes


async def _spend(platform: Platform, connection: Connection, use: Use, plan: Plan) -> bool:
    now = platform.clock.now()
    share = subsidy(plan.formula, use.worth_fen)
    booked = Booked(
        id=new_id(now),
        posting=paid(use.redemption_id, plan.budget_id, use.partner_id, share),
        posted_at=now,
        happened_at=use.happened_at,
        plan_id=plan.id,
        redemption_id=use.redemption_id,
        benefit_id=use.benefit_id,
        partner_ref=use.partner_ref,
        worth_fen=use.worth_fen,
        left_fen=use.worth_fen,
    )
    return await store.spend(connection, booked)


async def take_back(platform: Platform, connection: Connection, back: Return) -> None:
    """Gives the subsidy of what is reversed back to the budget it came from, by the formula it was paid by.

    The redemption's row is locked by the caller. One round trip; two for a redemption that was subsidised.
    """
    row = await store.of_redemption(connection, back.redemption_id)
    if row is None:
        return
    now = platform.clock.now()
    share = taken_back(formula_of(row), back.left_before_fen, back.left_after_fen)
    booked = Booked(
        id=new_id(now),
        posting=returned(back.reversal_id, row["budget_id"], row["partner_id"], share),
        posted_at=now,
        happened_at=now,
        plan_id=row["plan_id"],
        redemption_id=back.redemption_id,
        benefit_id=row["benefit_id"],
        partner_ref=back.partner_ref,
        worth_fen=back.left_before_fen - back.left_after_fen,
        left_fen=back.left_after_fen,
    )
    await store.give_back(connection, booked)


def formula_of(row: Row) -> Formula:
    """The formula of a plan's row."""
    return Formula(rate_permille=row["rate_permille"], cap_fen=row["cap_fen"])


def as_plan(row: Row) -> Plan:
    """A plan on the days on which it pays."""
    return Plan(
        id=row["id"],
        budget_id=row["budget_id"],
        benefit_id=row["benefit_id"],
        formula=formula_of(row),
        begins=row["begins"],
        last_day=row["last_day"],
    )
