"""SQL of the bench; nothing in it is about a person."""

from collections.abc import Sequence
from datetime import datetime

from backend.platform.database import Connection


async def algorithm_of(connection: Connection, kid: str) -> str | None:
    """The algorithm of a signer's key: one row by its primary key."""
    found: str | None = await connection.fetch_value("SELECT algorithm FROM signer_key WHERE kid = $1", kid)
    return found


async def work_waits(connection: Connection, now: datetime) -> bool:
    """Whether something in the due queue should have been done by now."""
    return bool(await connection.fetch_value("SELECT EXISTS (SELECT FROM due_work WHERE due_at <= $1)", now))


async def due_keys(connection: Connection, topics: Sequence[str], now: datetime) -> int:
    """How many keys of these topics have something due."""
    return int(
        await connection.fetch_value(
            "SELECT count(DISTINCT key) FROM due_work WHERE topic = ANY($1) AND due_at <= $2", list(topics), now
        )
    )


async def scores_written(connection: Connection, at: datetime) -> tuple[int, int]:
    """How many scores were written at an instant, and how many changes of a score."""
    [found] = await connection.impersonal(
        "counts of a city that was made for measuring",
        "SELECT (SELECT count(*) FROM score WHERE computed_at = $1) AS scores, "
        "(SELECT count(*) FROM score_change WHERE at = $1) AS changes",
        at,
    )
    return found["scores"], found["changes"]
