"""SQL of the complaints room. Every read of a complaint with its person takes an access context; what partners read has none in it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.platform import rows
from backend.platform.access import Access
from backend.platform.database import Connection, Row

_COLUMNS = (
    "subject_id, id, number, partner_id, verification_id, benefit_id, about, words_sealed, state, filed_at, due_day, "
    "accepted_on, provisional, overdue, substance, passed_on, partner_reply, reason, proposed_by, answer_sealed, closed_at"
)
_HISTORY = rows.history(
    "complaint_history", "complaint", "complaint_id", "at", "event", "before", "after", "actor_kind"
)
_FOR_PARTNER = "number, about, substance, passed_on, closed_at, partner_reply"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way into the history; `before` is None when it is filed."""

    event: str
    before: str | None
    after: str
    actor_kind: str
    account_id: UUID | None = None


async def add(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Writes a new complaint, column -> value; False if one about the same visit is open."""
    return await rows.insert_new(connection, "complaint", row)


async def change(connection: Connection, complaint_id: UUID, changes: Mapping[str, Any]) -> None:
    """Writes columns of a complaint."""
    await rows.change(connection, "complaint", complaint_id, changes)


async def enter(connection: Connection, complaint_id: UUID, entry: Entry, now: datetime) -> None:
    """Writes an event into the history."""
    row = {"complaint_id": complaint_id, **msgspec.structs.asdict(entry), "at": now}
    await rows.insert(connection, "complaint_history", row)


async def lock(
    connection: Connection, access: Access, complaint_id: UUID, subject_id: UUID | None = None
) -> Row | None:
    """A complaint with its history, of this person if one is given, locked until the transaction ends."""
    return await connection.read_one(
        access,
        f"SELECT {_COLUMNS}, {_HISTORY} FROM complaint WHERE id = $1 AND ($2::uuid IS NULL OR subject_id = $2) "
        "FOR UPDATE OF complaint",
        complaint_id,
        subject_id,
    )


async def of_subject(
    connection: Connection, access: Access, subject_id: UUID, before: UUID | None, limit: int
) -> list[Row]:
    """Up to `limit` complaints of a person, newest first."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS}, {_HISTORY} FROM complaint WHERE subject_id = $1 AND ($2::uuid IS NULL OR id < $2) "
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
    after: tuple[date | None, UUID] | None,
    limit: int,
) -> list[Row]:
    """Up to `limit` complaints after a position, those due first in front: the open ones, or those in one state; late or not if given."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS}, {_HISTORY} FROM complaint "
        "WHERE (state = $1 OR ($1::text IS NULL AND closed_at IS NULL)) AND ($2::boolean IS NULL OR overdue = $2) "
        "AND ($4::uuid IS NULL OR (COALESCE(due_day, 'infinity'), id) > (COALESCE($3::date, 'infinity'), $4)) "
        "ORDER BY COALESCE(due_day, 'infinity'), id LIMIT $5",
        state,
        overdue,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )


async def clocks(connection: Connection, ids: Sequence[UUID]) -> list[Row]:
    """States and dates of complaints, locked until the transaction ends."""
    return await connection.impersonal(
        "whether the authority is late: ids, states and dates of its own work",
        "SELECT id, state, filed_at, due_day, overdue, provisional FROM complaint WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        list(ids),
    )


async def of_partner(
    connection: Connection, partner_id: UUID, after: tuple[date, UUID] | None, limit: int
) -> list[Row]:
    """Up to `limit` complaints that were passed on to a partner, newest first."""
    return await connection.impersonal(
        "what an officer wrote for the partner, by a random number; who complained is not read",
        f"SELECT {_FOR_PARTNER} FROM complaint WHERE partner_id = $1 AND passed_on IS NOT NULL "
        "AND ($2::date IS NULL OR (passed_on, number) < ($2, $3::uuid)) ORDER BY passed_on DESC, number DESC LIMIT $4",
        partner_id,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )


async def for_partner(connection: Connection, partner_id: UUID, number: UUID) -> Row | None:
    """A complaint that was passed on to this partner, with its id and state, locked until the transaction ends."""
    found = await connection.impersonal(
        "what an officer wrote for the partner, by a random number; who complained is not read",
        f"SELECT id, state, {_FOR_PARTNER} FROM complaint WHERE partner_id = $1 AND number = $2 "
        "AND passed_on IS NOT NULL FOR UPDATE",
        partner_id,
        number,
    )
    return found[0] if found else None


async def open_of_subject(connection: Connection, subject_id: UUID, final: Sequence[str]) -> list[Row]:
    """Ids and states of a person's open complaints, locked until the transaction ends."""
    return await connection.impersonal(
        "ids and states only, of the person who is leaving",
        "SELECT id, state FROM complaint WHERE subject_id = $1 AND state <> ALL($2::text[]) ORDER BY id FOR UPDATE",
        subject_id,
        list(final),
    )


async def forget(connection: Connection, subject_id: UUID) -> None:
    """Cuts every tie to a person: whose complaints they were, what they wrote and what was answered."""
    await connection.execute(
        "UPDATE complaint SET subject_id = NULL, words_sealed = NULL, answer_sealed = NULL WHERE subject_id = $1",
        subject_id,
    )


def history_row(entry: Entry, now: datetime) -> dict[str, Any]:
    """An entry as `_HISTORY` would give it back."""
    return {
        "at": now,
        "event": entry.event,
        "before": entry.before,
        "after": entry.after,
        "actor_kind": entry.actor_kind,
    }
