"""One event of a display code: what follows by the table of states, and what the status list is told."""

from datetime import datetime

from backend.displays import store
from backend.displays.lists import DISPLAYS
from backend.displays.states import FINAL, NEXT, DisplayEvent, DisplayState, EndedBy
from backend.displays.store import Move
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.problems import STATE_CONFLICT

AGENT, OFFICER, SYSTEM = "agent", "officer", "system"


async def move(
    connection: Connection,
    row: Row,
    event: DisplayEvent,
    now: datetime,
    *,
    actor_kind: str,
    caller: Caller | None = None,
    note: str | None = None,
    ended_by: EndedBy | None = None,
    values: Row | None = None,
) -> None:
    """Moves a locked code; `ended_by` is needed where the event may end it. Raises STATE_CONFLICT. Two round trips, three if
    a live code is revoked."""
    after = NEXT.get((DisplayState(row["state"]), event))
    if after is None:
        raise STATE_CONFLICT.error()
    changes = dict(values or {})
    if after in FINAL:
        changes |= {"ended_at": now, "ended_by": ended_by}
    entry = Move(
        code_id=row["id"],
        event=event,
        before=row["state"],
        after=after,
        actor_kind=actor_kind,
        account_id=caller.account_id if caller else None,
        note=note,
    )
    await store.change(connection, entry, changes, now)
    if after is DisplayState.REVOKED:
        await DISPLAYS.changed(connection)
