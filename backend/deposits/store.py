"""SQL of the deposits room."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform import rows
from backend.platform.access import Access
from backend.platform.database import Connection, Row

_COLUMNS = (
    "subject_id, id, partner_id, partner_name, partner_ref, verification_id, benefit_id, benefit_name, benefit_name_en, "
    "account_id, ppid, agreed_fen, cap_fen, charges, discounts, total_fen, paid_fen, reminded, state, created_at, agreed_at, due_at, updated_at"
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


async def change(connection: Connection, order_id: UUID, changes: Row) -> None:
    """Writes columns of an order: column -> value."""
    await rows.change(connection, "deposit_order", order_id, changes)


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


async def payment_of(connection: Connection, order_id: UUID, partner_ref: str) -> int | None:
    """What was paid under a reference of the partner; None if nothing."""
    fen: int | None = await connection.fetch_value(
        "SELECT fen FROM order_payment WHERE order_id = $1 AND partner_ref = $2", order_id, partner_ref
    )
    return fen


async def add_payment(connection: Connection, row: Row) -> None:
    """One payment of an order: column -> value."""
    await rows.insert(connection, "order_payment", row)


async def losses(connection: Connection) -> list[Row]:
    """What was unpaid of every order whose loss was shared: the total less what was paid before."""
    return await connection.impersonal(
        "ids and sums of orders whose loss was shared; whose they are is not read",
        "SELECT id, total_fen - COALESCE((SELECT sum(fen) FROM order_payment WHERE order_id = deposit_order.id "
        "AND NOT after_guarantee), 0)::bigint AS loss_fen FROM deposit_order WHERE EXISTS (SELECT 1 FROM order_entry "
        "WHERE order_id = deposit_order.id AND event = 'guarantee') ORDER BY id",
    )


async def payments_after_guarantee(connection: Connection) -> list[Row]:
    """Every payment that came after a guarantee, in the order in which an order had them."""
    return await connection.fetch(
        "SELECT id, order_id, fen FROM order_payment WHERE after_guarantee ORDER BY order_id, paid_fen"
    )


_DISPUTE = (
    "order_dispute.subject_id, order_dispute.id, order_id, statement_sealed, order_dispute.state, filed_at, late_after, "
    "owed_fen, adverse, reasons, proposed_by, decided_at"
)


async def add_dispute(connection: Connection, row: Row) -> None:
    """Writes a new dispute: column -> value."""
    await rows.insert(connection, "order_dispute", row)


async def change_dispute(connection: Connection, dispute_id: UUID, changes: Row) -> None:
    """Writes columns of a dispute: column -> value."""
    await rows.change(connection, "order_dispute", dispute_id, changes)


async def disputes_of(connection: Connection, access: Access, order_ids: Sequence[UUID]) -> list[Row]:
    """What was disputed of orders that were read."""
    return await connection.read(
        access, f"SELECT {_DISPUTE} FROM order_dispute WHERE order_id = ANY($1)", list(order_ids)
    )


async def order_of_dispute(connection: Connection, access: Access, dispute_id: UUID) -> Row | None:
    """The order that a dispute is about, locked before the dispute: as every act on an order does."""
    return await connection.read_one(
        access,
        f"SELECT {_COLUMNS} FROM deposit_order WHERE id = (SELECT order_id FROM order_dispute WHERE id = $1) FOR UPDATE",
        dispute_id,
    )


async def disputes_waiting(
    connection: Connection, access: Access, after: tuple[datetime, UUID] | None, limit: int
) -> list[Row]:
    """Up to `limit` undecided disputes with their bills, oldest first."""
    return await connection.read(
        access,
        f"SELECT {_DISPUTE}, partner_name, benefit_id, agreed_fen, charges, discounts, total_fen, paid_fen "
        "FROM order_dispute JOIN deposit_order ON deposit_order.id = order_id WHERE order_dispute.state IN ('open', 'proposed') "
        "AND ($1::timestamptz IS NULL OR (filed_at, order_dispute.id) > ($1, $2::uuid)) ORDER BY filed_at, order_dispute.id "
        "LIMIT $3",
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )


async def closes_offer(connection: Connection, subject_id: UUID, benefit_id: str, states: Sequence[str]) -> bool:
    """Whether another bill of the same offer is unpaid."""
    rows = await connection.impersonal(
        "existence only, to decide whether one offer opens again",
        "SELECT 1 FROM deposit_order WHERE subject_id = $1 AND benefit_id = $2 AND state = ANY($3) LIMIT 1",
        subject_id,
        benefit_id,
        list(states),
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
    await connection.execute(
        "UPDATE order_dispute SET statement_sealed = NULL, subject_id = NULL WHERE subject_id = $1 AND order_id IN "
        "(SELECT id FROM deposit_order WHERE subject_id IS NULL)",
        subject_id,
    )


async def verifications_used(connection: Connection) -> list[Row]:
    """Which verifications orders used up, and when they were opened."""
    return await connection.impersonal(
        "ids and instants, to count uses anew; whose orders they are is not read",
        "SELECT verification_id, created_at FROM deposit_order",
    )


async def wrong_totals(connection: Connection) -> list[Row]:
    """Orders whose total is not what their charges and discounts say, or whose payments are not what they sum to."""
    return await connection.impersonal(
        "ids and sums of orders that do not add up; whose they are is not read",
        "SELECT * FROM (SELECT id, state, total_fen, (SELECT COALESCE(sum((charge->>'fen')::bigint), 0) "
        "FROM jsonb_array_elements(charges) AS charge)::bigint - (SELECT COALESCE(sum((discount->>'fen')::bigint), 0) "
        "FROM jsonb_array_elements(discounts) AS discount)::bigint AS derived, paid_fen, (SELECT COALESCE(sum(fen), 0) "
        "FROM order_payment WHERE order_id = deposit_order.id)::bigint AS payments FROM deposit_order) AS sums "
        "WHERE total_fen <> derived OR paid_fen <> payments OR (state = 'done') <> COALESCE(paid_fen = total_fen, FALSE) "
        "ORDER BY id",
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
