"""SQL of the cases of public review. Nothing here is about a person but the accounts of staff who propose."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from backend.platform import rows
from backend.platform.database import Connection, Row

_CASE = (
    "id, partner_id, rules_from, grounds, opened_on, ordered_on, next_day, provisional, found_again, reply, replied_at, "
    "objection_by, objected, objected_at, proposal, proposed_by, because, outcome, closed_on"
)


async def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Writes a new case, column -> value; a second open one of a partner breaks the unique key."""
    await rows.insert(connection, "review_case", row)


async def change(connection: Connection, case_id: UUID, changes: Mapping[str, Any]) -> None:
    """Writes columns of a case."""
    await rows.change(connection, "review_case", case_id, changes)


async def lock(connection: Connection, case_id: UUID) -> Row | None:
    """A case, locked until the transaction ends."""
    return await connection.fetch_one(f"SELECT {_CASE} FROM review_case WHERE id = $1 FOR UPDATE", case_id)


async def one(connection: Connection, case_id: UUID) -> Row | None:
    """A case."""
    return await connection.fetch_one(f"SELECT {_CASE} FROM review_case WHERE id = $1", case_id)


async def last_of_partner(connection: Connection, partner_id: UUID, *, lock: bool = False) -> Row | None:
    """The newest case of a partner."""
    return await connection.fetch_one(
        f"SELECT {_CASE} FROM review_case WHERE partner_id = $1 ORDER BY opened_on DESC, id DESC LIMIT 1"
        + (" FOR UPDATE" if lock else ""),
        partner_id,
    )


async def cleared_on(connection: Connection, partner_id: UUID) -> date | None:
    """The day on which the partner's last case ended."""
    day: date | None = await connection.fetch_value(
        "SELECT max(closed_on) FROM review_case WHERE partner_id = $1", partner_id
    )
    return day


async def page(connection: Connection, outcomes: Sequence[str] | None, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` cases, newest first: the open ones, or those with one of these outcomes."""
    return await connection.fetch(
        f"SELECT {_CASE} FROM review_case WHERE (outcome = ANY($1::text[]) OR ($1 IS NULL AND outcome IS NULL)) "
        "AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        None if outcomes is None else list(outcomes),
        before,
        limit,
    )
