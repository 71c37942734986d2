"""SQL of the bench; nothing in it is about a person."""

from datetime import datetime

from backend.platform.database import Connection


async def algorithm_of(connection: Connection, kid: str) -> str | None:
    """The algorithm of a signer's key: one row by its primary key."""
    found: str | None = await connection.fetch_value("SELECT algorithm FROM signer_key WHERE kid = $1", kid)
    return found


async def work_waits(connection: Connection, now: datetime) -> bool:
    """Whether something in the due queue should have been done by now."""
    return bool(await connection.fetch_value("SELECT EXISTS (SELECT FROM due_work WHERE due_at <= $1)", now))
