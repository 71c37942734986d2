"""SQL of the room of display codes. Nothing here is about a person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.platform import rows
from backend.platform.database import Connection, Row

_COLUMNS = (
    "id, enterprise_id, kind, sector, commitment_id, product, state, made_at, issued_on, valid_until, status_index, reason, "
    "proposed_by, ended_at, ended_by"
)
_HISTORY = rows.history(
    "display_code_history", "display_code", "code_id", "at", "event", "before", "after", "actor_kind", "note"
)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a code on its way into the history; `before` is None when it is made."""

    code_id: UUID
    event: str
    before: str | None
    after: str
    actor_kind: str
    account_id: UUID | None = None
    note: str | None = None


async def add(connection: Connection, row: Row) -> bool:
    """Writes a new code, column -> value; False if there is an open one of the same."""
    return await rows.insert_new(connection, "display_code", row)


async def lock_own(connection: Connection, enterprise_id: UUID, states: Sequence[str]) -> Row | None:
    """The enterprise's own code in one of these states, locked until the transaction ends."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS} FROM display_code WHERE enterprise_id = $1 AND kind = 'enterprise' AND state = ANY($2) FOR UPDATE",
        enterprise_id,
        list(states),
    )


async def lock_places(connection: Connection) -> None:
    """Whoever makes a code live does it after the other until the transaction ends: two draw no place that is the same."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('display places', 0))")


async def is_taken(connection: Connection, status_index: int) -> bool:
    """Whether a place in the status list is somebody's."""
    taken: bool = await connection.fetch_value(
        "SELECT EXISTS (SELECT FROM display_code WHERE status_index = $1)", status_index
    )
    return taken


async def change(connection: Connection, move: Move, values: Row, now: datetime) -> None:
    """Writes the new state with other columns, column -> value, and the history. Two round trips."""
    await rows.change(connection, "display_code", move.code_id, {"state": move.after, **values})
    await remember(connection, [move], now)


async def remember(connection: Connection, moves: Sequence[Move], now: datetime) -> None:
    """Writes the history. One round trip for any number."""
    await connection.execute_many(
        "INSERT INTO display_code_history (code_id, event, before, after, actor_kind, account_id, note, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(*msgspec.structs.astuple(move), now) for move in moves],
    )


async def lock(connection: Connection, code_id: UUID, enterprise_id: UUID | None = None) -> Row | None:
    """A code (of one enterprise, if given), locked until the transaction ends."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS} FROM display_code WHERE id = $1 AND ($2::uuid IS NULL OR enterprise_id = $2) FOR UPDATE",
        code_id,
        enterprise_id,
    )


async def lock_all(connection: Connection, ids: Sequence[UUID]) -> list[Row]:
    """Codes by id, locked until the transaction ends."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM display_code WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(ids)
    )


async def lock_of_enterprises(connection: Connection, ids: Sequence[UUID], final: Sequence[str]) -> list[Row]:
    """The codes of these enterprises that have not ended, locked until the transaction ends."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM display_code WHERE enterprise_id = ANY($1) AND state <> ALL($2) ORDER BY id FOR UPDATE",
        list(ids),
        list(final),
    )


async def free_places(connection: Connection, ids: Sequence[UUID]) -> None:
    """The places of these codes in the status list are free again."""
    await connection.execute("UPDATE display_code SET status_index = NULL WHERE id = ANY($1)", list(ids))


async def one(connection: Connection, code_id: UUID, enterprise_id: UUID | None = None) -> Row | None:
    """A code (of one enterprise, if given) with its history."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS}, {_HISTORY} FROM display_code WHERE id = $1 AND ($2::uuid IS NULL OR enterprise_id = $2)",
        code_id,
        enterprise_id,
    )


async def page(
    connection: Connection, enterprise_id: UUID | None, state: str | None, before: UUID | None, limit: int
) -> list[Row]:
    """Up to `limit` codes with an id below `before`, newest first, of one enterprise or in one state if given."""
    return await connection.fetch(
        f"SELECT {_COLUMNS}, {_HISTORY} FROM display_code WHERE ($1::uuid IS NULL OR enterprise_id = $1) "
        "AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
        enterprise_id,
        state,
        before,
        limit,
    )


async def revoked_places(connection: Connection) -> dict[int, datetime | None]:
    """The places in the status list that are marked, all of them at once: an enterprise's codes are public."""
    found = await connection.fetch(
        "SELECT status_index FROM display_code WHERE state = 'revoked' AND status_index IS NOT NULL"
    )
    return dict.fromkeys(row["status_index"] for row in found)
