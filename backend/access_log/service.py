"""Reading one's own access log."""

from backend.access_log import store
from backend.access_log.messages import AccessEntry, AccessLogPage
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.platform import Platform


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> AccessLogPage:
    """Who looked at the caller's data, newest first (Reg. art. 24, 35). This look is in the log too. One round trip.

    Raises BAD_CURSOR.
    """
    before = cursors.decode(cursor, cursors.RowNumber)
    async with platform.database.connection() as connection:
        rows = await store.page(
            connection, caller.access("查看访问日志", "access-log"), caller.proven_subject(), before, limit + 1
        )
    entries = [
        AccessEntry(
            at=row["at"],
            actor_kind=row["actor_kind"],
            actor_name=row["actor_name"],
            action=row["action"],
            purpose=row["purpose"],
            ground=row["ground"],
            fields=list(row["fields"]),
            outcome=row["outcome"],
        )
        for row in rows[:limit]
    ]
    return AccessLogPage(entries, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)
