"""SQL of the rule sets room. There is no statement that changes a source, and none that deletes a version."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.platform import rows
from backend.platform.database import Connection, Row

_COLUMNS = (
    "id, rule_set, version, subject, effective_from, source, digest, state, proposed_by, proposed_at, decided_by, "
    "decided_at, revocation_by"
)
_HISTORY = rows.history(
    "rule_set_history", "rule_set_version", "version_id", "at", "event", "before", "after", "account_id", "note"
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a version on its way into the history; `before` is None when it is proposed."""

    event: str
    before: str | None
    after: str
    account_id: UUID
    note: str | None = None


async def one_act_at_a_time(connection: Connection) -> None:
    """Lets one transaction at a time change versions: what it found about the others holds until it commits. Readers do not
    wait."""
    await connection.execute("LOCK TABLE rule_set_version IN SHARE ROW EXCLUSIVE MODE")


async def add(connection: Connection, row: Row) -> None:
    """Writes a proposed version: column -> value."""
    await rows.insert(connection, "rule_set_version", row)


async def change(connection: Connection, version_id: UUID, changes: Row) -> None:
    """Writes the state of a version, and who moved it."""
    await rows.change(connection, "rule_set_version", version_id, changes)


async def enter(connection: Connection, version_id: UUID, entry: Entry, now: datetime) -> None:
    """Writes an event into the history."""
    row = {"version_id": version_id, **msgspec.structs.asdict(entry), "at": now}
    await rows.insert(connection, "rule_set_history", row)


async def one(connection: Connection, version_id: UUID) -> Row | None:
    """A version with its history."""
    return await connection.fetch_one(f"SELECT {_COLUMNS}, {_HISTORY} FROM rule_set_version WHERE id = $1", version_id)


async def page(connection: Connection, state: str | None, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` versions with an id below `before`, newest first, in one state if given."""
    return await connection.fetch(
        f"SELECT {_COLUMNS}, {_HISTORY} FROM rule_set_version WHERE ($1::text IS NULL OR state = $1) "
        "AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        state,
        before,
        limit,
    )


async def of_rule_set(connection: Connection, rule_set: str) -> list[Row]:
    """Everything that was ever proposed under an id: version, digest, state, subject, start."""
    return await connection.fetch(
        "SELECT version, digest, state, subject, effective_from FROM rule_set_version WHERE rule_set = $1", rule_set
    )


async def in_states(connection: Connection, states: Sequence[str]) -> list[Row]:
    """Every version in one of these states, the first to take effect first."""
    return await connection.fetch(
        "SELECT rule_set, version, effective_from, source, digest, decided_at FROM rule_set_version "
        "WHERE state = ANY($1::text[]) ORDER BY effective_from, id",
        list(states),
    )
