"""Posting 记账 in the transaction of the act: a redemption is subsidised or refused, a reversal gives back to the fen."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.ledger import store
from backend.ledger.store import Booked
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.questions import Question
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
    hands over all its uses at once. One round trip, and two more if a plan pays for any of them.
    """
    plans = [as_plan(row) for row in await store.approved_plans(connection, sorted({use.benefit_id for use in uses}))]
    # Only budgets that pay are locked: a benefit may have had other plans on other days.
    paying = [plan_on(plans, use.benefit_id, local_date(use.happened_at)) for use in uses]
    taking = await subsidising(
        platform, connection, [plan for plan in plans if plan in paying], {use.benefit_id for use in uses}
    )
    granted = [taking.take(use) for use in uses]
    if writing := taking.writing():
        await connection.ask(*writing)
    return granted


def plans_on(day: date) -> Question[list[Plan]]:
    """The plans that pay on a day."""
    return store.paying_plans(day).then(lambda rows: [as_plan(row) for row in rows])


class Subsidising:
    """What plans pay for uses that come one after the other: what a budget still holds goes to the first."""

    def __init__(self, platform: Platform, plans: Sequence[Plan], room: dict[UUID, int]) -> None:
        self._platform = platform
        self._plans = plans
        self._room = room
        self._booked: list[Booked] = []

    def take(self, use: Use) -> bool:
        """Takes the subsidy of a use; False where the budget does not hold it. A use that no plan pays for is True."""
        plan = plan_on(self._plans, use.benefit_id, local_date(use.happened_at))
        if plan is None:
            return True
        booked = _booked(self._platform, use, plan)
        if booked.posting.amount_fen > self._room[plan.budget_id]:
            return False
        self._room[plan.budget_id] -= booked.posting.amount_fen
        self._booked.append(booked)
        return True

    def writing(self) -> tuple[Question[None], ...]:
        """What writes all that was taken."""
        return store.spending(self._booked) if self._booked else ()


async def subsidising(
    platform: Platform, connection: Connection, plans: Sequence[Plan], benefit_ids: Collection[str]
) -> Subsidising:
    """What these plans, which were read in this transaction, pay for uses of some benefits. Their budgets are locked, as the last
    that a transaction locks. One round trip if a plan pays for any of the benefits, and none otherwise."""
    concerned = [plan for plan in plans if plan.benefit_id in benefit_ids]
    if not concerned:
        return Subsidising(platform, (), {})
    budgets = store.room_left(sorted({plan.budget_id for plan in concerned}))
    return Subsidising(platform, concerned, (await connection.ask(budgets))[budgets])


def _booked(platform: Platform, use: Use, plan: Plan) -> Booked:
    """The posting of a use that a plan pays for."""
    now = platform.clock.now()
    share = subsidy(plan.formula, use.worth_fen)
    return Booked(
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
