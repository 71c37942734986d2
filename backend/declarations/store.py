"""SQL of the declarations room."""

from datetime import date, datetime
from uuid import UUID

from backend.platform.database import Connection, Row

_COLUMNS = "id, enterprise_id, kind, content, evidence, valid_until, state, declared_at, ended_at"


async def add(
    connection: Connection,
    declaration_id: UUID,
    enterprise_id: UUID,
    kind: str,
    content: str,
    evidence: str,
    valid_until: date,
    state: str,
    now: datetime,
) -> Row:
    """Writes a declaration and gives it back."""
    [row] = await connection.fetch(
        "INSERT INTO declaration (id, enterprise_id, kind, content, evidence, valid_until, state, declared_at) "
        f"VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {_COLUMNS}",
        declaration_id,
        enterprise_id,
        kind,
        content,
        evidence,
        valid_until,
        state,
        now,
    )
    return row


async def lock(connection: Connection, enterprise_id: UUID, declaration_id: UUID) -> Row | None:
    """A declaration of an enterprise, locked until the transaction ends."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS} FROM declaration WHERE id = $1 AND enterprise_id = $2 FOR UPDATE",
        declaration_id,
        enterprise_id,
    )


async def end(connection: Connection, declaration_id: UUID, state: str, now: datetime) -> None:
    """Writes a final state."""
    await connection.execute(
        "UPDATE declaration SET state = $2, ended_at = $3 WHERE id = $1", declaration_id, state, now
    )


async def expire(connection: Connection, ids: list[UUID], before: str, after: str, today: date, now: datetime) -> None:
    """Ends those of the declarations whose last day is over."""
    await connection.execute(
        "UPDATE declaration SET state = $3, ended_at = $5 WHERE id = ANY($1) AND state = $2 AND valid_until < $4",
        ids,
        before,
        after,
        today,
        now,
    )


async def page(connection: Connection, enterprise_id: UUID, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` declarations of an enterprise with an id below `before`, newest first."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM declaration WHERE enterprise_id = $1 AND ($2::uuid IS NULL OR id < $2) "
        "ORDER BY id DESC LIMIT $3",
        enterprise_id,
        before,
        limit,
    )


async def open_of(connection: Connection, enterprise_id: UUID, state: str, today: date, limit: int) -> list[Row]:
    """The declarations of an enterprise that hold today, newest first."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM declaration WHERE enterprise_id = $1 AND state = $2 AND valid_until >= $3 "
        "ORDER BY id DESC LIMIT $4",
        enterprise_id,
        state,
        today,
        limit,
    )
