"""SQL of the objections room. Every read of an objection writes the access row of the person who filed it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.platform import rows
from backend.platform.access import Access
from backend.platform.database import Connection, Row

_COLUMNS = (
    "subject_id, id, record_id, kind, statement_sealed, evidence, state, filed_at, term, excluded, mark_by, decide_by, "
    "provisional, help, helper, helped_since, reply_by, overdue, reason, proposed_by, decided_at"
)
_HISTORY = rows.history(
    "objection_history", "objection", "objection_id", "at", "event", "before", "after", "actor_kind", "note"
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an objection on its way into the history; `before` is None when it is filed."""

    event: str
    before: str | None
    after: str
    actor_kind: str
    account_id: UUID | None = None
    note: str | None = None


async def add(connection: Connection, row: Row) -> bool:
    """Writes a new objection: column -> value. False if an objection to the same record is open."""
    return await rows.insert_new(connection, "objection", row)


async def change(connection: Connection, objection_id: UUID, changes: Row) -> None:
    """Writes columns of an objection."""
    await rows.change(connection, "objection", objection_id, changes)


async def enter(connection: Connection, objection_id: UUID, subject_id: UUID, entry: Entry, now: datetime) -> None:
    """Writes an event into the history."""
    row = {"objection_id": objection_id, "subject_id": subject_id, **msgspec.structs.asdict(entry), "at": now}
    await rows.insert(connection, "objection_history", row)


async def lock(connection: Connection, access: Access, objection_id: UUID) -> Row | None:
    """An objection with its history, locked until the transaction ends."""
    return await connection.read_one(
        access, f"SELECT {_COLUMNS}, {_HISTORY} FROM objection WHERE id = $1 FOR UPDATE OF objection", objection_id
    )


async def one(connection: Connection, access: Access, objection_id: UUID) -> Row | None:
    """An objection with its history."""
    return await connection.read_one(
        access, f"SELECT {_COLUMNS}, {_HISTORY} FROM objection WHERE id = $1", objection_id
    )


async def of_subject(
    connection: Connection, access: Access, subject_id: UUID, before: UUID | None, limit: int
) -> list[Row]:
    """Up to `limit` objections of a subject with an id below `before`, newest first."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS}, {_HISTORY} FROM objection WHERE subject_id = $1 AND ($2::uuid IS NULL OR id < $2) "
        "ORDER BY id DESC LIMIT $3",
        subject_id,
        before,
        limit,
    )


async def page(
    connection: Connection,
    access: Access,
    state: str | None,
    overdue: bool | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Row]:
    """Up to `limit` objections after a position, those to be decided first in front: the open ones, or those in one state;
    late or not if given."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS}, {_HISTORY} FROM objection "
        "WHERE (state = $1 OR ($1::text IS NULL AND decided_at IS NULL)) AND ($2::boolean IS NULL OR overdue = $2) "
        "AND ($3::date IS NULL OR (decide_by, id) > ($3, $4::uuid)) ORDER BY decide_by, id LIMIT $5",
        state,
        overdue,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )


async def clocks(connection: Connection, ids: Sequence[UUID]) -> list[Row]:
    """States and dates of objections, locked until the transaction ends."""
    return await connection.impersonal(
        "whether the authority is late: ids, states and dates of its own work",
        "SELECT id, subject_id, state, mark_by, decide_by, help, overdue FROM objection WHERE id = ANY($1) "
        "ORDER BY id FOR UPDATE",
        list(ids),
    )


async def open_records(connection: Connection, subject_id: UUID, final: Sequence[str]) -> list[UUID]:
    """The records that open objections of a subject have marked; the objections are locked, as before any act on a record."""
    found = await connection.impersonal(
        "ids only, of the person who is leaving",
        "SELECT record_id FROM objection WHERE subject_id = $1 AND record_id IS NOT NULL AND state <> 'filed' "
        "AND state <> ALL($2::text[]) ORDER BY id FOR UPDATE",
        subject_id,
        list(final),
    )
    return [row["record_id"] for row in found]


async def forget(connection: Connection, subject_id: UUID) -> None:
    """Deletes the objections of a subject with their history."""
    await connection.execute("DELETE FROM objection WHERE subject_id = $1", subject_id)


def history_row(entry: Entry, now: datetime) -> dict[str, Any]:
    """An entry as `_HISTORY` would give it back."""
    return {
        "at": now,
        "event": entry.event,
        "before": entry.before,
        "after": entry.after,
        "actor_kind": entry.actor_kind,
        "note": entry.note,
    }
