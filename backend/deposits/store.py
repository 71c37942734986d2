"""SQL of the deposits room."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row

_COLUMNS = (
    "subject_id, id, partner_id, partner_name, partner_ref, verification_id, benefit_id, benefit_name, benefit_name_en, "
    "account_id, ppid, agreed_fen, cap_fen, charges, discounts, total_fen, state, created_at, agreed_at, due_at, updated_at"
)


async def add(connection: Connection, values: Sequence[object]) -> None:
    """Writes a new order: id, partner, its name, its reference, verification, benefit, names, account, subject, pseudonym, agreed, cap, state, now."""
    await connection.execute(
        "INSERT INTO deposit_order (id, partner_id, partner_name, partner_ref, verification_id, benefit_id, benefit_name, "
        "benefit_name_en, account_id, subject_id, ppid, agreed_fen, cap_fen, state, charges, discounts, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '[]', '[]', $15, $15)",
        *values,
    )


async def of_partner(
    connection: Connection, access: Access, partner_id: UUID, order_id: UUID, *, lock: bool = False
) -> Row | None:
    """An order of this partner and no other."""
    return await connection.read_one(
        access,
        f"SELECT {_COLUMNS} FROM deposit_order WHERE id = $1 AND partner_id = $2" + (" FOR UPDATE" if lock else ""),
        order_id,
        partner_id,
    )


async def of_holder(
    connection: Connection, access: Access, subject_id: UUID, order_id: UUID, *, lock: bool = False
) -> Row | None:
    """An order of this holder and nobody else."""
    return await connection.read_one(
        access,
        f"SELECT {_COLUMNS} FROM deposit_order WHERE id = $1 AND subject_id = $2" + (" FOR UPDATE" if lock else ""),
        order_id,
        subject_id,
    )


async def page_of_holder(
    connection: Connection, access: Access, subject_id: UUID, before: UUID | None, limit: int
) -> list[Row]:
    """Orders of a holder, newest first."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS} FROM deposit_order WHERE subject_id = $1 AND ($2::uuid IS NULL OR id < $2) "
        "ORDER BY id DESC LIMIT $3",
        subject_id,
        before,
        limit,
    )


async def due(connection: Connection, access: Access, order_ids: Sequence[UUID]) -> list[Row]:
    """Orders on which a date falls, locked; by holder and benefit, the order in which `lock_offer` is to be called."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS} FROM deposit_order WHERE id = ANY($1) ORDER BY subject_id, benefit_id, id FOR UPDATE",
        list(order_ids),
    )


async def not_begun(connection: Connection, access: Access, subject_id: UUID) -> list[Row]:
    """A holder's orders that were never started, locked."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS} FROM deposit_order WHERE subject_id = $1 AND state = 'created' ORDER BY id FOR UPDATE",
        subject_id,
    )


async def lock_offer(connection: Connection, subject_id: UUID, benefit_id: str) -> None:
    """Whoever closes or reopens one offer of one holder goes one after the other: a payment of one bill may not reopen
    the offer that another bill is closing at this moment. One round trip."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"offer {subject_id} {benefit_id}"
    )


async def put(
    connection: Connection,
    order_id: UUID,
    state: str,
    charges: object,
    discounts: object,
    total_fen: int | None,
    due_at: datetime | None,
    now: datetime,
) -> None:
    """The order's new state and money."""
    await connection.execute(
        "UPDATE deposit_order SET state = $2, charges = $3, discounts = $4, total_fen = $5, due_at = $6, updated_at = $7 "
        "WHERE id = $1",
        order_id,
        state,
        charges,
        discounts,
        total_fen,
        due_at,
        now,
    )


async def agree(connection: Connection, order_id: UUID, now: datetime) -> None:
    """The holder agreed."""
    await connection.execute("UPDATE deposit_order SET agreed_at = $2, updated_at = $2 WHERE id = $1", order_id, now)


async def add_entry(connection: Connection, order_id: UUID, event: str, state: str, actor: str, now: datetime) -> None:
    """One event of the order's history."""
    await connection.execute(
        "INSERT INTO order_entry (order_id, at, event, state, actor) VALUES ($1, $2, $3, $4, $5)",
        order_id,
        now,
        event,
        state,
        actor,
    )


async def entries(connection: Connection, order_ids: Sequence[UUID]) -> list[Row]:
    """The history of orders, oldest first."""
    return await connection.fetch(
        "SELECT order_id, at, event FROM order_entry WHERE order_id = ANY($1) ORDER BY id", list(order_ids)
    )


async def has_arrears(connection: Connection, subject_id: UUID, benefit_id: str) -> bool:
    """Whether another bill of the same offer is unpaid."""
    rows = await connection.impersonal(
        "existence only, to decide whether one offer opens again",
        "SELECT 1 FROM deposit_order WHERE subject_id = $1 AND benefit_id = $2 AND state = 'in-arrears' LIMIT 1",
        subject_id,
        benefit_id,
    )
    return bool(rows)


async def forget(connection: Connection, subject_id: UUID, open_states: Sequence[str]) -> None:
    """Orders that have ended are nobody's; open ones keep the subject that their contract needs, and no account."""
    await connection.execute(
        "UPDATE deposit_order SET account_id = NULL, ppid = CASE WHEN state = ANY($2) THEN ppid END, "
        "subject_id = CASE WHEN state = ANY($2) THEN subject_id END WHERE subject_id = $1",
        subject_id,
        list(open_states),
    )


async def verifications_used(connection: Connection) -> list[Row]:
    """Which verifications orders used up, and when they were opened."""
    return await connection.impersonal(
        "ids and instants, to count uses anew; whose orders they are is not read",
        "SELECT verification_id, created_at FROM deposit_order",
    )


async def wrong_totals(connection: Connection) -> list[Row]:
    """Orders whose total is not what their charges and discounts say."""
    return await connection.impersonal(
        "ids and sums of orders that do not add up; whose they are is not read",
        "SELECT * FROM (SELECT id, total_fen, (SELECT COALESCE(sum((charge->>'fen')::bigint), 0) "
        "FROM jsonb_array_elements(charges) AS charge)::bigint - (SELECT COALESCE(sum((discount->>'fen')::bigint), 0) "
        "FROM jsonb_array_elements(discounts) AS discount)::bigint AS derived FROM deposit_order "
        "WHERE total_fen IS NOT NULL) AS sums WHERE total_fen <> derived ORDER BY id",
    )


async def opened_between(connection: Connection, begins: datetime, ends: datetime) -> list[Row]:
    """How many orders were opened between two instants, what was agreed and what became of them, by state."""
    return await connection.impersonal(
        "counts and sums of orders by state; whose they are is not read",
        "SELECT state, count(*) AS orders, sum(agreed_fen)::bigint AS agreed_fen FROM deposit_order "
        "WHERE created_at >= $1 AND created_at < $2 GROUP BY state ORDER BY state",
        begins,
        ends,
    )


async def waived_of(connection: Connection, access: Access, subject_id: UUID, used: Sequence[str]) -> list[Row]:
    """How many orders of a person were begun of each benefit, and the deposits that they need not pay for them, in fen."""
    return await connection.read(
        access,
        "SELECT subject_id, benefit_id, count(*) AS orders, sum(agreed_fen)::bigint AS waived_fen FROM deposit_order "
        "WHERE subject_id = $1 AND state = ANY($2::text[]) GROUP BY 1, 2 ORDER BY benefit_id",
        subject_id,
        list(used),
    )
