"""SQL of statements and of what they and the audit read of the ledger."""

from datetime import datetime
from uuid import UUID

from backend.platform import rows
from backend.platform.database import Connection, Row

_STATEMENT = (
    "partner_id, month, opening_fen, subsidised_fen, taken_back_fen, guaranteed_fen, returned_fen, paid_out_fen, closing_fen, "
    "lines, digest, signed, drawn_at"
)


async def partners_without(connection: Connection, month: str, until: datetime) -> list[UUID]:
    """The partners that money moved to before `until` and that have no statement of the month, by id."""
    rows = await connection.fetch(
        "SELECT DISTINCT target_id FROM ledger_posting WHERE target_kind = 'partner' AND posted_at < $2 AND NOT EXISTS "
        "(SELECT 1 FROM settlement_statement WHERE partner_id = target_id AND month = $1) ORDER BY target_id",
        month,
        until,
    )
    return [row["target_id"] for row in rows]


async def lines(connection: Connection, partner_id: UUID, since: datetime, until: datetime) -> list[Row]:
    """A partner's postings of a time, in the order in which they were booked."""
    return await connection.fetch(
        "SELECT cause, cause_id, target_id = $1 AS gained, amount_fen, worth_fen, posted_at, happened_at, plan_id, "
        "redemption_id, order_id, benefit_id, partner_ref FROM ledger_posting "
        "WHERE (target_id = $1 OR source_id = $1) AND posted_at >= $2 AND posted_at < $3 ORDER BY posted_at, id",
        partner_id,
        since,
        until,
    )


async def add(connection: Connection, row: Row) -> bool:
    """Writes a statement: column -> value; False if the month stands already: it is drawn once."""
    return await rows.insert_new(connection, "settlement_statement", row)


async def statement(connection: Connection, partner_id: UUID, month: str) -> Row | None:
    """One statement."""
    return await connection.fetch_one(
        f"SELECT {_STATEMENT} FROM settlement_statement WHERE partner_id = $1 AND month = $2", partner_id, month
    )


async def page(connection: Connection, partner_id: UUID, before: str | None, limit: int) -> list[Row]:
    """Up to `limit` statements of a partner, newest first."""
    return await connection.fetch(
        f"SELECT {_STATEMENT} FROM settlement_statement WHERE partner_id = $1 AND ($2::text IS NULL OR month < $2) "
        "ORDER BY month DESC LIMIT $3",
        partner_id,
        before,
        limit,
    )


async def all_statements(connection: Connection) -> list[Row]:
    """Every statement."""
    return await connection.fetch(f"SELECT {_STATEMENT} FROM settlement_statement ORDER BY partner_id, month")


async def all_postings(connection: Connection) -> list[Row]:
    """Every posting."""
    return await connection.fetch(
        "SELECT cause, cause_id, source_kind, source_id, target_kind, target_id, amount_fen, left_fen, posted_at "
        "FROM ledger_posting ORDER BY posted_at, id"
    )


async def all_budgets(connection: Connection) -> list[Row]:
    """Every approved budget."""
    return await connection.fetch(
        "SELECT id, year, department, title, amount_fen, spent_fen, approval FROM budget WHERE state = 'approved' ORDER BY id"
    )


async def all_plans(connection: Connection) -> list[Row]:
    """Every approved plan."""
    return await connection.fetch(
        "SELECT id, budget_id, benefit_id, kind, rate_permille, cap_fen, begins, last_day, handler, legal_basis, approval, "
        "ended_after, ending FROM subsidy_plan WHERE state = 'approved' ORDER BY id"
    )


async def paid_between(connection: Connection, begins: datetime, ends: datetime) -> list[Row]:
    """What the city paid of each benefit for redemptions between two instants, less what it took back of those, in fen."""
    return await connection.fetch(
        "SELECT benefit_id, sum(CASE WHEN cause = 'redemption' THEN amount_fen ELSE -amount_fen END)::bigint AS paid_fen "
        "FROM ledger_posting AS posted WHERE cause <> 'budget' AND redemption_id IN (SELECT cause_id FROM ledger_posting "
        "WHERE cause = 'redemption' AND happened_at >= $1 AND happened_at < $2) GROUP BY 1 ORDER BY 1",
        begins,
        ends,
    )
