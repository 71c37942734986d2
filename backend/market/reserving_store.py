"""SQL of reservations. They name no person: whose place it is, the verification says, and only the database compares it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.platform.database import Connection, Row
from backend.platform.questions import Question

_COLUMNS = (
    "id, verification_id, partner_id, benefit_id, benefit_version, store_id, amount_fen, budget_id, held_fen, partner_ref, "
    "state, reserved_at, expires_at, ended_at"
)


class NewReservation(msgspec.Struct, frozen=True, kw_only=True):
    """A place that is held, its columns in the order in which they are written."""

    id: UUID
    verification_id: UUID
    partner_id: UUID
    benefit_id: str
    benefit_version: int
    store_id: UUID | None
    amount_fen: int
    budget_id: UUID | None
    held_fen: int
    partner_ref: str
    reserved_at: datetime
    expires_at: datetime


async def add(connection: Connection, row: NewReservation) -> None:
    """Writes a place that is held, and marks its verification; a second one that is held breaks the unique key."""
    await connection.execute(
        "WITH marked AS (UPDATE verification SET state = 'reserved' WHERE id = $2 RETURNING id) "
        "INSERT INTO reservation (id, verification_id, partner_id, benefit_id, benefit_version, store_id, amount_fen, "
        "budget_id, held_fen, partner_ref, reserved_at, expires_at, state) "
        "SELECT $1, marked.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'held' FROM marked",
        *msgspec.structs.astuple(row),
    )


def reserved_among(verification_ids: Sequence[UUID]) -> Question[frozenset[UUID]]:
    """Those of these verifications that hold a place."""
    return Question.open(
        lambda rows: frozenset(row["verification_id"] for row in rows),
        ("verification_id",),
        "SELECT verification_id FROM reservation WHERE verification_id = ANY($1::uuid[]) AND state = 'held'",
        list(verification_ids),
    )


async def held_of(connection: Connection, verification_id: UUID) -> Row | None:
    """The place that a verification holds, locked until the transaction ends; the caller has locked the verification."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS} FROM reservation WHERE verification_id = $1 AND state = 'held' FOR UPDATE", verification_id
    )


async def one(connection: Connection, partner_id: UUID, reservation_id: UUID) -> Row | None:
    """A partner's own reservation."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS} FROM reservation WHERE id = $1 AND partner_id = $2", reservation_id, partner_id
    )


async def overdue(connection: Connection, ids: Sequence[UUID], now: datetime) -> list[Row]:
    """Those of `ids` that are held still and whose time is over, by id."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM reservation WHERE id = ANY($1::uuid[]) AND state = 'held' AND expires_at <= $2 ORDER BY id",
        list(ids),
        now,
    )


async def end(connection: Connection, reservation_id: UUID, state: str, now: datetime) -> None:
    """Ends a place that is held."""
    await connection.execute(
        "UPDATE reservation SET state = $2, ended_at = $3 WHERE id = $1", reservation_id, state, now
    )


async def free_verification(connection: Connection, verification_id: UUID) -> bool:
    """The verification holds nothing any more; False if it did not. Its row stays locked until the transaction ends, so of all who
    would end its reservation one does."""
    return (
        await connection.execute(
            "UPDATE verification SET state = 'answered' WHERE id = $1 AND state = 'reserved'", verification_id
        )
        == 1
    )


async def give_back(connection: Connection, verification_id: UUID, benefit_id: str, period: str) -> None:
    """Takes one use off what the holder of a verification used; nothing where the holder has left."""
    await connection.execute(
        "UPDATE person_use SET used = used - 1 WHERE subject_id = (SELECT subject_id FROM verification WHERE id = $1) "
        "AND benefit_id = $2 AND period = $3 AND used > 0",
        verification_id,
        benefit_id,
        period,
    )


async def held(connection: Connection) -> list[Row]:
    """What is held of each budget, in fen."""
    return await connection.fetch(
        "SELECT budget_id, sum(held_fen)::bigint AS held_fen FROM reservation WHERE state = 'held' AND budget_id IS NOT NULL "
        "GROUP BY budget_id"
    )
