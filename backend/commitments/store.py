"""SQL of the commitments room."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.platform import rows
from backend.platform.database import Connection, Row

_COLUMNS = (
    "id, enterprise_id, code, subject_name, subject_category, subject_code, type, reason, content, liability, made_on, "
    "valid_until, performance, unperformed, sanction, performance_on, performance_unit, performance_unit_code, "
    "accepting_unit, accepting_unit_code, openness, remark, state, rectify_by, proposal"
)
_EVENT = ("at", "event", "before", "after", "actor_kind", "note", "evidence")
_HISTORY = rows.history("commitment_history", "commitment", "commitment_id", *_EVENT)

_PUBLISHED = (
    "id, code, subject_name, subject_code, type, reason, content, liability, made_on, valid_until, accepting_unit, "
    "performance, performance_on FROM commitment WHERE openness = 'public' AND state <> 'made' "
    "AND (performance IS NULL OR performance = 'full' OR performance_on >= $1)"
)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a commitment on its way into the history; `before` is None when it is made."""

    commitment_id: UUID
    event: str
    before: str | None
    after: str
    actor_kind: str
    account_id: UUID | None = None
    note: str | None = None
    evidence: str | None = None


async def next_serial(connection: Connection, area: str, made_on: date) -> int | None:
    """The next serial of an area and date, or None when all are given. The row stays locked until the transaction ends."""
    serial: int | None = await connection.fetch_value(
        "INSERT INTO commitment_serial (area, made_on, last) VALUES ($1, $2, 1) "
        "ON CONFLICT (area, made_on) DO UPDATE SET last = commitment_serial.last + 1 "
        "WHERE commitment_serial.last < 999999 RETURNING last",
        area,
        made_on,
    )
    return serial


async def has_broken(connection: Connection, enterprise_id: UUID) -> bool:
    """Whether a commitment of the enterprise is broken."""
    found: bool = await connection.fetch_value(
        "SELECT EXISTS (SELECT FROM commitment WHERE enterprise_id = $1 AND state = 'broken')", enterprise_id
    )
    return found


async def counted(connection: Connection, enterprise_id: UUID) -> Row:
    """How many commitments the enterprise made: `made`, and of them `kept` and `broken`. A row also for none."""
    [row] = await connection.fetch(
        "SELECT count(*) AS made, count(*) FILTER (WHERE state = 'kept') AS kept, "
        "count(*) FILTER (WHERE state = 'broken') AS broken FROM commitment WHERE enterprise_id = $1",
        enterprise_id,
    )
    return row


async def add(connection: Connection, row: Row) -> None:
    """Writes a new commitment: column -> value."""
    await rows.insert(connection, "commitment", row)


async def move(connection: Connection, moves: Sequence[Move], now: datetime) -> None:
    """Writes the new states and the history. Two round trips for any number."""
    await connection.execute_many(
        "UPDATE commitment SET state = $2 WHERE id = $1", [(each.commitment_id, each.after) for each in moves]
    )
    await connection.execute_many(
        "INSERT INTO commitment_history "
        "(commitment_id, event, before, after, actor_kind, account_id, note, evidence, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [(*msgspec.structs.astuple(each), now) for each in moves],
    )


async def lock(connection: Connection, commitment_id: UUID, enterprise_id: UUID | None = None) -> Row | None:
    """A commitment (of one enterprise, if given), locked until the transaction ends."""
    return await connection.fetch_one(
        "SELECT id, enterprise_id, state, proposal, proposed_by FROM commitment "
        "WHERE id = $1 AND ($2::uuid IS NULL OR enterprise_id = $2) FOR UPDATE",
        commitment_id,
        enterprise_id,
    )


async def lock_all(connection: Connection, ids: Sequence[UUID]) -> list[Row]:
    """Commitments by id, locked until the transaction ends."""
    return await connection.fetch(
        "SELECT id, state, valid_until, rectify_by FROM commitment WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(ids)
    )


async def propose(connection: Connection, commitment_id: UUID, proposal: object, proposed_by: UUID) -> None:
    """Keeps a negative finding for its second person."""
    await connection.execute(
        "UPDATE commitment SET proposal = $2, proposed_by = $3 WHERE id = $1", commitment_id, proposal, proposed_by
    )


async def drop_proposal(connection: Connection, commitment_id: UUID) -> None:
    """Nothing is proposed any more."""
    await connection.execute("UPDATE commitment SET proposal = NULL, proposed_by = NULL WHERE id = $1", commitment_id)


async def find(
    connection: Connection,
    commitment_id: UUID,
    performance: str,
    unperformed: str | None,
    sanction: str | None,
    unit: str,
    unit_code: str,
    rectify_by: date | None,
    found_on: date,
) -> None:
    """Writes a finding that stands, and drops the proposal it may come from."""
    await connection.execute(
        "UPDATE commitment SET performance = $2, unperformed = $3, sanction = $4, performance_unit = $5, "
        "performance_unit_code = $6, rectify_by = $7, performance_on = $8, proposal = NULL, proposed_by = NULL "
        "WHERE id = $1",
        commitment_id,
        performance,
        unperformed,
        sanction,
        unit,
        unit_code,
        rectify_by,
        found_on,
    )


async def one(connection: Connection, commitment_id: UUID, enterprise_id: UUID | None = None) -> Row | None:
    """A commitment (of one enterprise, if given) with its history."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS}, {_HISTORY} FROM commitment WHERE id = $1 AND ($2::uuid IS NULL OR enterprise_id = $2)",
        commitment_id,
        enterprise_id,
    )


async def page(
    connection: Connection, enterprise_id: UUID | None, state: str | None, before: UUID | None, limit: int
) -> list[Row]:
    """Up to `limit` commitments with an id below `before`, newest first, of one enterprise or in one state if given."""
    return await connection.fetch(
        f"SELECT {_COLUMNS}, {_HISTORY} FROM commitment WHERE ($1::uuid IS NULL OR enterprise_id = $1) "
        "AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
        enterprise_id,
        state,
        before,
        limit,
    )


async def published_page(connection: Connection, negative_since: date, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` published commitments with an id below `before`, newest first; a negative finding from
    `negative_since` on only."""
    return await connection.fetch(
        f"SELECT {_PUBLISHED} AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        negative_since,
        before,
        limit,
    )


async def published_of(
    connection: Connection, negative_since: date, enterprise_id: UUID, first: UUID | None, limit: int
) -> list[Row]:
    """The same of one enterprise: the one with the id `first` leads, the others follow newest first."""
    return await connection.fetch(
        f"SELECT {_PUBLISHED} AND enterprise_id = $2 ORDER BY (id = $3) IS TRUE DESC, id DESC LIMIT $4",
        negative_since,
        enterprise_id,
        first,
        limit,
    )


async def is_published(connection: Connection, enterprise_id: UUID, commitment_id: UUID) -> bool:
    """Whether it is a public commitment of the enterprise that was not broken."""
    found: bool = await connection.fetch_value(
        "SELECT EXISTS (SELECT FROM commitment WHERE id = $1 AND enterprise_id = $2 AND openness = 'public' "
        "AND state NOT IN ('made', 'broken'))",
        commitment_id,
        enterprise_id,
    )
    return found
