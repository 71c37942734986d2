"""Budgets and subsidy plans: proposed by one operator, approved or refused by another, published before they pay.

A plan begins, and ends, on a day after it was decided about (Reg. art. 30: what was not published is void). So every
redemption of a day is under one plan or none, whichever came first in that second.
"""

from datetime import date, datetime
from uuid import UUID

from backend.ledger import approvals, store
from backend.ledger.messages import (
    BudgetOut,
    BudgetPage,
    ProposeBudget,
    ProposedPlan,
    ProposedPlanPage,
    ProposePlan,
    PublishedPlan,
    PublishedPlanPage,
)
from backend.ledger.problems import BUDGET_NOT_APPROVED, PLAN_DATES
from backend.ledger.states import ProposalState
from backend.ledger.store import Booked
from backend.platform import cursors
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.impartiality import require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.platform.terms import require_last_day
from partners.ledger.postings import appropriation
from partners.ledger.statements import yuan


async def propose_budget(connection: Connection, account_id: UUID, wanted: ProposeBudget, now: datetime) -> UUID:
    """Proposes a budget; nothing can be spent of it yet. Gives its id. One round trip."""
    budget_id = new_id(now)
    await store.add_budget(
        connection, budget_id, wanted.year, wanted.department, wanted.title, wanted.amount_fen, account_id, now
    )
    return budget_id


async def approve_budget(
    platform: Platform, connection: Connection, account_id: UUID, budget_id: UUID, now: datetime
) -> None:
    """A second operator approves a budget: the treasury's posting fills it. Three round trips.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED.
    """
    row = await _proposed_budget(connection, account_id, budget_id)
    claims = {**approvals.of_budget(row), "iat": int(now.timestamp())}
    approval = approvals.sign(platform, approvals.BUDGET, claims)
    await store.decide_budget(connection, budget_id, ProposalState.APPROVED, account_id, approval, now)
    posting = appropriation(budget_id, row["amount_fen"])
    await store.post(connection, Booked(id=new_id(now), posting=posting, posted_at=now, happened_at=now))


async def refuse_budget(connection: Connection, account_id: UUID, budget_id: UUID, now: datetime) -> None:
    """A second operator refuses a budget. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. Two round trips."""
    await _proposed_budget(connection, account_id, budget_id)
    await store.decide_budget(connection, budget_id, ProposalState.REFUSED, account_id, None, now)


async def propose_plan(connection: Connection, account_id: UUID, wanted: ProposePlan, now: datetime) -> UUID:
    """Proposes who pays what of a benefit; gives the plan's id. Raises NOT_FOUND for the budget, PLAN_DATES. Two round trips."""
    budget = await store.budget(connection, wanted.budget_id)
    if budget is None:
        raise NOT_FOUND.error()
    _require_dates(wanted.begins, wanted.last_day, budget["year"], local_date(now))
    plan_id = new_id(now)
    await store.add_plan(
        connection, plan_id, wanted.budget_id, wanted.benefit, wanted.kind, wanted.rate_permille, wanted.cap_fen,
        wanted.begins, wanted.last_day, wanted.handler, wanted.legal_basis, account_id, now,
    )  # fmt: skip
    return plan_id


async def approve_plan(
    platform: Platform, connection: Connection, account_id: UUID, plan_id: UUID, now: datetime
) -> None:
    """A second operator approves a plan, which is published with its signed approval and pays from its first day on.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED, BUDGET_NOT_APPROVED, PLAN_DATES. Five round trips.
    """
    row = await _proposed_plan(connection, account_id, plan_id)
    budget = await store.budget(connection, row["budget_id"])
    if budget is None or budget["state"] != ProposalState.APPROVED:
        raise BUDGET_NOT_APPROVED.error()
    _require_dates(row["begins"], row["last_day"], row["year"], local_date(now))
    await store.one_plan_at_a_time(connection, row["benefit_id"])
    for other in await store.approved_plans(connection, [row["benefit_id"]]):
        if other["begins"] <= row["last_day"] and row["begins"] <= other["last_day"]:
            raise PLAN_DATES.error()
    claims = {**approvals.of_plan(row), "iat": int(now.timestamp())}
    approval = approvals.sign(platform, approvals.PLAN, claims)
    await store.decide_plan(connection, plan_id, ProposalState.APPROVED, account_id, approval, now)


async def refuse_plan(connection: Connection, account_id: UUID, plan_id: UUID, now: datetime) -> None:
    """A second operator refuses a plan. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. Two round trips."""
    await _proposed_plan(connection, account_id, plan_id)
    await store.decide_plan(connection, plan_id, ProposalState.REFUSED, account_id, None, now)


async def propose_end(connection: Connection, account_id: UUID, plan_id: UUID, last_day: date, now: datetime) -> None:
    """Proposes that an approved plan pays for the last time on `last_day`, after today and before its planned end. A second
    operator approves or refuses it; a proposal that nobody decided about may be replaced.

    Raises NOT_FOUND, STATE_CONFLICT, LAST_DAY_UNUSABLE, PLAN_DATES. Two round trips.
    """
    row = await _running_plan(connection, plan_id)
    _require_end(row, last_day, now)
    await store.propose_end(connection, plan_id, last_day, account_id)


async def approve_end(
    platform: Platform, connection: Connection, account_id: UUID, plan_id: UUID, now: datetime
) -> None:
    """A second operator ends a plan; the ending is signed.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED, LAST_DAY_UNUSABLE, PLAN_DATES. Two round trips.
    """
    row = await _with_proposed_end(connection, account_id, plan_id)
    last_day = row["end_proposed"]
    _require_end(row, last_day, now)
    claims = {**approvals.of_ending(plan_id, last_day), "iat": int(now.timestamp())}
    await store.end_plan(connection, plan_id, last_day, account_id, approvals.sign(platform, approvals.ENDING, claims))


async def refuse_end(connection: Connection, account_id: UUID, plan_id: UUID) -> None:
    """A second operator refuses that a plan ends early. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. Two round trips."""
    await _with_proposed_end(connection, account_id, plan_id)
    await store.propose_end(connection, plan_id, None, None)


async def budget(connection: Connection, account_id: UUID, budget_id: UUID) -> BudgetOut:
    """One budget as an operator sees it. Raises NOT_FOUND. One round trip."""
    row = await store.budget(connection, budget_id)
    if row is None:
        raise NOT_FOUND.error()
    return _budget(row, account_id)


async def budgets(connection: Connection, account_id: UUID, cursor: str | None, limit: int) -> BudgetPage:
    """All budgets, newest first. Raises BAD_CURSOR. One round trip."""
    rows = await store.budgets(connection, cursors.decode(cursor, UUID), limit + 1)
    return BudgetPage([_budget(row, account_id) for row in rows[:limit]], _next(rows, limit))


async def plan(connection: Connection, account_id: UUID, plan_id: UUID) -> ProposedPlan:
    """One plan as an operator sees it. Raises NOT_FOUND. One round trip."""
    row = await store.plan(connection, plan_id)
    if row is None:
        raise NOT_FOUND.error()
    return _proposed(row, account_id)


async def plans(connection: Connection, account_id: UUID, cursor: str | None, limit: int) -> ProposedPlanPage:
    """All plans, newest first. Raises BAD_CURSOR. One round trip."""
    rows = await store.plans(connection, cursors.decode(cursor, UUID), limit + 1)
    return ProposedPlanPage([_proposed(row, account_id) for row in rows[:limit]], _next(rows, limit))


async def published(connection: Connection, today: date, cursor: str | None, limit: int) -> PublishedPlanPage:
    """The plans that pay today or are announced, for everybody. Raises BAD_CURSOR. One round trip."""
    rows = await store.published_plans(connection, today, cursors.decode(cursor, UUID), limit + 1)
    return PublishedPlanPage([_published(row) for row in rows[:limit]], _next(rows, limit))


async def _proposed_budget(connection: Connection, account_id: UUID, budget_id: UUID) -> Row:
    row = await store.budget(connection, budget_id, lock=True)
    return _require_proposal(row, account_id)


async def _proposed_plan(connection: Connection, account_id: UUID, plan_id: UUID) -> Row:
    row = await store.plan(connection, plan_id, lock=True)
    return _require_proposal(row, account_id)


async def _running_plan(connection: Connection, plan_id: UUID) -> Row:
    row = await store.plan(connection, plan_id, lock=True)
    if row is None:
        raise NOT_FOUND.error()
    if row["state"] != ProposalState.APPROVED or row["ended_after"] is not None:
        raise STATE_CONFLICT.error()
    return row


async def _with_proposed_end(connection: Connection, account_id: UUID, plan_id: UUID) -> Row:
    row = await _running_plan(connection, plan_id)
    if row["end_proposed_by"] is None:
        raise STATE_CONFLICT.error()
    require_second_person(row["end_proposed_by"], account_id)
    return row


def _require_end(row: Row, last_day: date, now: datetime) -> None:
    require_last_day(last_day, now, "last_day")
    if not row["begins"] <= last_day < row["last_day"]:
        raise PLAN_DATES.error()


def _require_proposal(row: Row | None, account_id: UUID) -> Row:
    if row is None:
        raise NOT_FOUND.error()
    if row["state"] != ProposalState.PROPOSED:
        raise STATE_CONFLICT.error()
    require_second_person(row["proposed_by"], account_id)
    return row


def _require_dates(begins: date, last_day: date, year: int, today: date) -> None:
    if not (today < begins <= last_day and begins.year == last_day.year == year):
        raise PLAN_DATES.error()


def _next(rows: list[Row], limit: int) -> str | None:
    return cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None


def _budget(row: Row, account_id: UUID) -> BudgetOut:
    return BudgetOut(
        id=row["id"],
        year=row["year"],
        department=row["department"],
        title=row["title"],
        amount_fen=row["amount_fen"],
        spent_fen=row["spent_fen"],
        state=ProposalState(row["state"]),
        proposed_at=row["proposed_at"],
        mine=row["proposed_by"] == account_id,
    )


def _proposed(row: Row, account_id: UUID) -> ProposedPlan:
    return ProposedPlan(
        plan=_published(row),
        budget_id=row["budget_id"],
        state=ProposalState(row["state"]),
        proposed_at=row["proposed_at"],
        mine=row["proposed_by"] == account_id,
        end_proposed=row["end_proposed"],
        end_mine=row["end_proposed_by"] == account_id,
    )


def _published(row: Row) -> PublishedPlan:
    whole, tenth = divmod(row["rate_permille"], 10)
    rate, cap = f"{whole}.{tenth}" if tenth else f"{whole}", row["cap_fen"]
    return PublishedPlan(
        id=row["id"],
        benefit=row["benefit_id"],
        year=row["year"],
        department=row["department"],
        title=row["title"],
        kind=row["kind"],
        rate_permille=row["rate_permille"],
        cap_fen=cap,
        formula=f"补贴 = 权益金额 × {rate}%，不足一分舍去" + (f"，每次最多 {yuan(cap)} 元" if cap else ""),
        formula_en=f"subsidy = worth × {rate} %, rounded down to the fen"
        + (f", at most {yuan(cap)} yuan each" if cap else ""),
        begins=row["begins"],
        last_day=row["ended_after"] or row["last_day"],
        handler=row["handler"],
        legal_basis=row["legal_basis"],
        approved_at=row["decided_at"] if row["approval"] else None,
        approval=row["approval"],
    )
