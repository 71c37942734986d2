"""SQL of what two operators decide beside budgets and plans (funds for the pool, rules, payments), of guarantees, and of what
a partner is owed. Nothing here is about a person."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from backend.platform import rows
from backend.platform.database import Connection, Row
from partners.ledger.postings import POOL, Posting

Proposals = Literal["pool_funding", "loss_rule", "partner_payment"]


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A posting that no redemption caused, with what a statement says of it."""

    id: UUID
    posting: Posting
    at: datetime
    order_id: UUID | None = None
    benefit_id: str | None = None
    partner_ref: str | None = None


async def propose(connection: Connection, table: Proposals, row: Row) -> None:
    """Writes a proposal: column -> value."""
    await rows.insert(connection, table, {**row, "state": "proposed"})


async def proposal(connection: Connection, table: Proposals, proposal_id: UUID, *, lock: bool = False) -> Row | None:
    """One proposal in whatever state."""
    return await connection.fetch_one(
        f"SELECT * FROM {table} WHERE id = $1" + (" FOR UPDATE" if lock else ""), proposal_id
    )


async def proposals(connection: Connection, table: Proposals, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` proposals in any state, newest first."""
    return await connection.fetch(
        f"SELECT * FROM {table} WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", before, limit
    )


async def approved(connection: Connection, table: Proposals) -> list[Row]:
    """Everything of a kind that was approved."""
    return await connection.fetch(f"SELECT * FROM {table} WHERE state = 'approved' ORDER BY id")


async def decide(
    connection: Connection,
    table: Proposals,
    proposal_id: UUID,
    state: str,
    decided_by: UUID,
    approval: str | None,
    now: datetime,
) -> None:
    """A second operator's decision."""
    await connection.execute(
        f"UPDATE {table} SET state = $2, decided_by = $3, decided_at = $4, approval = $5 WHERE id = $1",
        proposal_id,
        state,
        decided_by,
        now,
        approval,
    )


async def reference_is_taken(connection: Connection, bank_reference: str) -> bool:
    """Whether a payment stands under this reference of the bank already."""
    return bool(
        await connection.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM partner_payment WHERE bank_reference = $1 AND state <> 'refused')",
            bank_reference,
        )
    )


async def payments_of(connection: Connection, partner_id: UUID, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` approved payments to a partner, newest first."""
    return await connection.fetch(
        "SELECT * FROM partner_payment WHERE partner_id = $1 AND state = 'approved' AND ($2::uuid IS NULL OR id < $2) "
        "ORDER BY id DESC LIMIT $3",
        partner_id,
        before,
        limit,
    )


async def last_rule(connection: Connection, day: date) -> Row | None:
    """The approved rule that is in force on a day."""
    return await connection.fetch_one(
        "SELECT * FROM loss_rule WHERE state = 'approved' AND begins <= $1 ORDER BY begins DESC LIMIT 1", day
    )


async def newest_rule(connection: Connection) -> date | None:
    """The day on which the newest approved rule begins."""
    day: date | None = await connection.fetch_value("SELECT max(begins) FROM loss_rule WHERE state = 'approved'")
    return day


async def published_rules(connection: Connection, before: date | None, limit: int) -> list[Row]:
    """Up to `limit` approved rules, past ones too, the newest first."""
    return await connection.fetch(
        "SELECT * FROM loss_rule WHERE state = 'approved' AND ($1::date IS NULL OR begins < $1) ORDER BY begins DESC LIMIT $2",
        before,
        limit,
    )


async def one_at_a_time(connection: Connection, what: str) -> None:
    """Whoever shares a loss, gives shares back, or pays a partner goes one after the other: caps and balances are sums."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", what)


async def borne(connection: Connection, year: int, partner_id: UUID) -> tuple[int, int]:
    """What pool and city bore in a year: for one partner, and for all."""
    [row] = await connection.fetch(
        "SELECT COALESCE(sum(pool_fen + city_fen) FILTER (WHERE partner_id = $2), 0)::bigint AS partner, "
        "COALESCE(sum(pool_fen + city_fen), 0)::bigint AS everybody FROM order_guarantee WHERE year = $1",
        year,
        partner_id,
    )
    return row["partner"], row["everybody"]


async def pool_balance(connection: Connection) -> int:
    """What the pool holds."""
    return int(await connection.fetch_value("SELECT COALESCE(sum(balance_fen), 0)::bigint FROM guarantee_pool"))


async def change_pool(connection: Connection, fen: int) -> None:
    """Adds to what the pool holds, or takes from it; a CHECK keeps it from owing."""
    await connection.execute(
        "INSERT INTO guarantee_pool (id, balance_fen) VALUES ($1, 0) ON CONFLICT DO NOTHING", POOL.owner
    )
    await connection.execute("UPDATE guarantee_pool SET balance_fen = balance_fen + $2 WHERE id = $1", POOL.owner, fen)


async def budget_left(connection: Connection, budget_id: UUID) -> int:
    """What a budget has not spent, its row locked."""
    return int(
        await connection.fetch_value("SELECT amount_fen - spent_fen FROM budget WHERE id = $1 FOR UPDATE", budget_id)
        or 0
    )


async def spend(connection: Connection, budget_id: UUID, fen: int) -> bool:
    """Takes from a budget, or gives back to it with a negative amount; False, and nothing done, if it does not hold it."""
    return (
        await connection.execute(
            "UPDATE budget SET spent_fen = spent_fen + $2::bigint WHERE id = $1 AND spent_fen + $2::bigint <= amount_fen",
            budget_id,
            fen,
        )
        == 1
    )


async def book(connection: Connection, movements: Sequence[Movement]) -> None:
    """Writes postings; a second one for the same cause breaks the unique key. One round trip each."""
    for movement in movements:
        posting = movement.posting
        await connection.execute(
            "INSERT INTO ledger_posting (id, cause, cause_id, source_kind, source_id, target_kind, target_id, amount_fen, "
            "posted_at, happened_at, order_id, benefit_id, partner_ref) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12)",
            movement.id, posting.cause.value, posting.cause_id, posting.source.kind.value, posting.source.owner,
            posting.target.kind.value, posting.target.owner, posting.amount_fen, movement.at, movement.order_id,
            movement.benefit_id, movement.partner_ref,
        )  # fmt: skip


async def add_guarantee(connection: Connection, row: Row) -> None:
    """Writes a guarantee: column -> value. An order has one."""
    await rows.insert(connection, "order_guarantee", row)


async def guarantee(connection: Connection, order_id: UUID) -> Row | None:
    """The guarantee of an order, locked."""
    return await connection.fetch_one("SELECT * FROM order_guarantee WHERE order_id = $1 FOR UPDATE", order_id)


async def guarantees(connection: Connection) -> list[Row]:
    """Every guarantee."""
    return await connection.fetch("SELECT * FROM order_guarantee ORDER BY order_id")


async def give_back(connection: Connection, order_id: UUID, merchant_fen: int, pool_fen: int, city_fen: int) -> None:
    """Counts what came back of each share."""
    await connection.execute(
        "UPDATE order_guarantee SET merchant_back_fen = merchant_back_fen + $2, pool_back_fen = pool_back_fen + $3, "
        "city_back_fen = city_back_fen + $4 WHERE order_id = $1",
        order_id,
        merchant_fen,
        pool_fen,
        city_fen,
    )


async def moved(connection: Connection, partner_id: UUID, since: datetime | None, until: datetime | None) -> int:
    """What a partner's postings of a time sum to: since an instant if given, and before one if given."""
    balance: int = await connection.fetch_value(
        "SELECT COALESCE(sum(CASE WHEN target_id = $1 THEN amount_fen ELSE -amount_fen END), 0)::bigint FROM ledger_posting "
        "WHERE (target_id = $1 OR source_id = $1) AND ($2::timestamptz IS NULL OR posted_at >= $2) "
        "AND ($3::timestamptz IS NULL OR posted_at < $3)",
        partner_id,
        since,
        until,
    )
    return balance


async def last_closing(connection: Connection, partner_id: UUID, before_month: str | None) -> Row | None:
    """Month and closing balance of a partner's last statement: of all, or before a month."""
    return await connection.fetch_one(
        "SELECT month, closing_fen FROM settlement_statement WHERE partner_id = $1 AND ($2::text IS NULL OR month < $2) "
        "ORDER BY month DESC LIMIT 1",
        partner_id,
        before_month,
    )
