"""SQL of budgets and subsidy plans, and of the postings that redemptions cause. Nothing here is about a person."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.platform.database import Connection, Row
from backend.platform.questions import Question
from partners.ledger.postings import Posting

_PLAN = (
    "subsidy_plan.id, budget_id, benefit_id, kind, rate_permille, cap_fen, begins, last_day, handler, legal_basis, "
    "subsidy_plan.state, subsidy_plan.proposed_by, subsidy_plan.proposed_at, subsidy_plan.decided_at, "
    "subsidy_plan.approval, end_proposed, end_proposed_by, ended_after, ending, budget.year, budget.department, budget.title"
)


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """A posting with what a statement says of it."""

    id: UUID
    posting: Posting
    posted_at: datetime
    happened_at: datetime
    plan_id: UUID | None = None
    redemption_id: UUID | None = None
    benefit_id: str | None = None
    partner_ref: str | None = None
    worth_fen: int | None = None
    left_fen: int | None = None


async def add_budget(
    connection: Connection,
    budget_id: UUID,
    year: int,
    department: str,
    title: str,
    amount_fen: int,
    proposed_by: UUID,
    now: datetime,
) -> None:
    """Writes a proposed budget."""
    await connection.execute(
        "INSERT INTO budget (id, year, department, title, amount_fen, spent_fen, state, proposed_by, proposed_at) "
        "VALUES ($1, $2, $3, $4, $5, 0, 'proposed', $6, $7)",
        budget_id, year, department, title, amount_fen, proposed_by, now,
    )  # fmt: skip


async def budget(connection: Connection, budget_id: UUID, *, lock: bool = False) -> Row | None:
    """One budget."""
    return await connection.fetch_one(
        "SELECT id, year, department, title, amount_fen, spent_fen, state, proposed_by, proposed_at, approval FROM budget "
        "WHERE id = $1" + (" FOR UPDATE" if lock else ""),
        budget_id,
    )


async def budgets(connection: Connection, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` budgets, newest first."""
    return await connection.fetch(
        "SELECT id, year, department, title, amount_fen, spent_fen, state, proposed_by, proposed_at, approval FROM budget "
        "WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        before,
        limit,
    )


async def decide_budget(
    connection: Connection, budget_id: UUID, state: str, decided_by: UUID, approval: str | None, now: datetime
) -> None:
    """A second operator's decision."""
    await connection.execute(
        "UPDATE budget SET state = $2, decided_by = $3, decided_at = $4, approval = $5 WHERE id = $1",
        budget_id,
        state,
        decided_by,
        now,
        approval,
    )


async def add_plan(
    connection: Connection,
    plan_id: UUID,
    budget_id: UUID,
    benefit_id: str,
    kind: str,
    rate_permille: int,
    cap_fen: int | None,
    begins: date,
    last_day: date,
    handler: str,
    legal_basis: str,
    proposed_by: UUID,
    now: datetime,
) -> None:
    """Writes a proposed plan."""
    await connection.execute(
        "INSERT INTO subsidy_plan (id, budget_id, benefit_id, kind, rate_permille, cap_fen, begins, last_day, handler, "
        "legal_basis, state, proposed_by, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'proposed', $11, $12)",
        plan_id, budget_id, benefit_id, kind, rate_permille, cap_fen, begins, last_day, handler, legal_basis, proposed_by,
        now,
    )  # fmt: skip


async def plan(connection: Connection, plan_id: UUID, *, lock: bool = False) -> Row | None:
    """One plan with its budget's year and department."""
    return await connection.fetch_one(
        f"SELECT {_PLAN} FROM subsidy_plan JOIN budget ON budget.id = budget_id WHERE subsidy_plan.id = $1"
        + (" FOR UPDATE OF subsidy_plan" if lock else ""),
        plan_id,
    )


async def plans(connection: Connection, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` plans in any state, newest first."""
    return await connection.fetch(
        f"SELECT {_PLAN} FROM subsidy_plan JOIN budget ON budget.id = budget_id "
        "WHERE $1::uuid IS NULL OR subsidy_plan.id < $1 ORDER BY subsidy_plan.id DESC LIMIT $2",
        before,
        limit,
    )


async def published_plans(connection: Connection, today: date, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` plans that pay now or are announced, newest first."""
    return await connection.fetch(
        f"SELECT {_PLAN} FROM subsidy_plan JOIN budget ON budget.id = budget_id WHERE subsidy_plan.state = 'approved' "
        "AND COALESCE(ended_after, last_day) >= $1 AND ($2::uuid IS NULL OR subsidy_plan.id < $2) "
        "ORDER BY subsidy_plan.id DESC LIMIT $3",
        today,
        before,
        limit,
    )


async def one_plan_at_a_time(connection: Connection, benefit_id: str) -> None:
    """Two plans of one benefit that are approved at the same instant would not see that they overlap."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"subsidy plan {benefit_id}")


async def approved_plans(connection: Connection, benefit_ids: Sequence[str]) -> list[Row]:
    """The approved plans of these benefits, of all days; the empty list is by far the most frequent answer."""
    return await connection.fetch(
        "SELECT id, budget_id, benefit_id, rate_permille, cap_fen, begins, COALESCE(ended_after, last_day) AS last_day "
        "FROM subsidy_plan WHERE benefit_id = ANY($1::text[]) AND state = 'approved'",
        list(benefit_ids),
    )


def paying_plans(day: date) -> Question[list[Row]]:
    """The plans that pay on a day, of all benefits: as many as a city publishes, so a few."""
    return Question.open(
        list,
        ("id", "budget_id", "benefit_id", "rate_permille", "cap_fen", "begins", "last_day"),
        "SELECT id, budget_id, benefit_id, rate_permille, cap_fen, begins, COALESCE(ended_after, last_day) AS last_day "
        "FROM subsidy_plan WHERE state = 'approved' AND $1 BETWEEN begins AND COALESCE(ended_after, last_day)",
        day,
    )


def room_left(budget_ids: Sequence[UUID]) -> Question[dict[UUID, int]]:
    """What each of these budgets still holds, in fen; their rows stay locked until the transaction ends."""
    return Question.open(
        lambda rows: {row["id"]: row["room_fen"] for row in rows},
        ("id", "room_fen"),
        "SELECT id, amount_fen - spent_fen AS room_fen FROM budget WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
        list(budget_ids),
    )


def spending(booked: Sequence[Booked]) -> tuple[Question[None], Question[None]]:
    """Takes the amounts of many postings from their budgets, whose rows are locked and hold them, and writes the postings."""
    taken: Counter[UUID] = Counter()
    for each in booked:
        taken[each.posting.source.owner] += each.posting.amount_fen
    columns = [list(column) for column in zip(*(_values(each) for each in booked), strict=True)]
    return (
        Question.open(
            lambda _: None,
            ("id",),
            "UPDATE budget SET spent_fen = spent_fen + taken.fen FROM unnest($1::uuid[], $2::bigint[]) AS taken(id, fen) "
            "WHERE budget.id = taken.id RETURNING budget.id",
            list(taken),
            list(taken.values()),
        ),
        Question.open(
            lambda _: None,
            ("id",),
            f"INSERT INTO ledger_posting ({_POSTED}) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], "
            "$5::uuid[], $6::text[], $7::uuid[], $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::uuid[], "
            "$13::text[], $14::text[], $15::bigint[], $16::bigint[]) RETURNING id",
            *columns,
        ),
    )


async def decide_plan(
    connection: Connection, plan_id: UUID, state: str, decided_by: UUID, approval: str | None, now: datetime
) -> None:
    """A second operator's decision."""
    await connection.execute(
        "UPDATE subsidy_plan SET state = $2, decided_by = $3, decided_at = $4, approval = $5 WHERE id = $1",
        plan_id,
        state,
        decided_by,
        now,
        approval,
    )


async def propose_end(connection: Connection, plan_id: UUID, last_day: date | None, proposed_by: UUID | None) -> None:
    """A last day that one operator proposes for a plan; None takes the proposal away."""
    await connection.execute(
        "UPDATE subsidy_plan SET end_proposed = $2, end_proposed_by = $3 WHERE id = $1", plan_id, last_day, proposed_by
    )


async def end_plan(connection: Connection, plan_id: UUID, last_day: date, ended_by: UUID, ending: str) -> None:
    """An approved plan pays for the last time on `last_day`."""
    await connection.execute(
        "UPDATE subsidy_plan SET ended_after = $2, ended_by = $3, ending = $4 WHERE id = $1",
        plan_id,
        last_day,
        ended_by,
        ending,
    )


_POSTED = (
    "id, cause, cause_id, source_kind, source_id, target_kind, target_id, amount_fen, "
    "posted_at, happened_at, plan_id, redemption_id, benefit_id, partner_ref, worth_fen, left_fen"
)
_POST = (
    f"INSERT INTO ledger_posting ({_POSTED}) "
    "SELECT $1::uuid, $2, $3::uuid, $4, $5::uuid, $6, $7::uuid, $8::bigint, $9::timestamptz, $10::timestamptz, $11::uuid, "
    "$12::uuid, $13, $14, $15::bigint, $16::bigint"
)


async def post(connection: Connection, booked: Booked) -> None:
    """Writes a posting; a second one for the same cause breaks the unique key."""
    await connection.execute(_POST, *_values(booked))


async def give_back(connection: Connection, booked: Booked) -> None:
    """Gives a posting's amount back to the budget that is its target, and writes it."""
    await connection.execute(
        f"WITH given AS (UPDATE budget SET spent_fen = spent_fen - $8::bigint WHERE id = $7::uuid RETURNING id) {_POST} "
        "FROM given",
        *_values(booked),
    )


async def hold(connection: Connection, budget_id: UUID, amount_fen: int) -> bool:
    """Counts an amount as spent that is not posted yet, if the budget holds it. The row stays locked until the transaction ends."""
    return (
        await connection.execute(
            "UPDATE budget SET spent_fen = spent_fen + $2 WHERE id = $1 AND spent_fen + $2 <= amount_fen",
            budget_id,
            amount_fen,
        )
        == 1
    )


async def let_go(connection: Connection, budget_id: UUID, amount_fen: int) -> None:
    """Takes what was held off again."""
    await connection.execute("UPDATE budget SET spent_fen = spent_fen - $2 WHERE id = $1", budget_id, amount_fen)


async def of_redemption(connection: Connection, redemption_id: UUID) -> Row | None:
    """Who paid a redemption, and by which formula; None if nobody but the merchant."""
    return await connection.fetch_one(
        "SELECT source_id AS budget_id, target_id AS partner_id, plan_id, ledger_posting.benefit_id, rate_permille, cap_fen "
        "FROM ledger_posting JOIN subsidy_plan ON subsidy_plan.id = plan_id WHERE cause = 'redemption' AND cause_id = $1",
        redemption_id,
    )


def _values(booked: Booked) -> tuple[object, ...]:
    posting = booked.posting
    return (
        booked.id, posting.cause.value, posting.cause_id, posting.source.kind.value, posting.source.owner,
        posting.target.kind.value, posting.target.owner, posting.amount_fen, booked.posted_at, booked.happened_at,
        booked.plan_id, booked.redemption_id, booked.benefit_id, booked.partner_ref, booked.worth_fen, booked.left_fen,
    )  # fmt: skip
