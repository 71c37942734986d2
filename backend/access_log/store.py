"""SQL of the access log: reading only."""

from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row


async def page(connection: Connection, access: Access, subject_id: UUID, before: int | None, limit: int) -> list[Row]:
    """Up to `limit` entries of a subject with an id below `before`, newest first."""
    return await connection.read(
        access,
        "SELECT subject_id, id, at, actor_kind, actor_name, action, purpose, ground, fields, outcome FROM access_entry "
        "WHERE subject_id = $1 AND id < COALESCE($2, 9223372036854775807) ORDER BY id DESC LIMIT $3",
        subject_id,
        before,
        limit,
    )
