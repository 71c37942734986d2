"""What ends display codes by itself: their last day, and the enterprise's leaving."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.displays import moves, store
from backend.displays.lists import DISPLAYS
from backend.displays.states import FINAL, NEXT, DisplayEvent, DisplayState, EndedBy
from backend.enterprises import service as enterprises
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.due import Due, Handler, enqueue
from backend.platform.platform import Platform
from backend.platform.terms import day_after

# The topic of the due queue: codes whose last day is over.
TOPIC = "display-code"


def due_handler(platform: Platform) -> Handler:
    """The handler of TOPIC: codes whose last day is over expire, and the places of revoked ones are free again. Four round trips
    for any number, and two for each that expires."""

    async def pass_last_days(connection: Connection, ids: list[UUID]) -> None:
        now = platform.clock.now()
        rows = await store.lock_all(connection, ids)
        await expire(connection, rows, now)
        today = local_date(now)
        later = [row for row in rows if row["valid_until"] >= today]
        await enqueue(connection, TOPIC, [Due(row["id"], day_after(row["valid_until"])) for row in later])

    return pass_last_days


def left_handler(platform: Platform) -> Handler:
    """The handler of `enterprises.WITHDRAWN`: the codes of an enterprise end with its registration. Two round trips, and three
    for each code."""

    async def end_codes(connection: Connection, ids: list[UUID]) -> None:
        now = platform.clock.now()
        profiles = await enterprises.profiles(connection, ids)
        for row in await store.lock_of_enterprises(connection, ids, sorted(FINAL)):
            back_since = profiles[row["enterprise_id"]].acted_since
            # It has come back meanwhile: what was made since then is of its new registration.
            if back_since is not None and row["made_at"] >= back_since:
                continue
            await moves.move(
                connection,
                row,
                DisplayEvent.LEAVE,
                now,
                actor_kind=moves.SYSTEM,
                ended_by=EndedBy.DEPARTURE,
                values={"reason": None, "proposed_by": None},
            )

    return end_codes


async def expire(connection: Connection, rows: Sequence[Row], now: datetime) -> None:
    """Ends those of the locked codes whose last day is over, and frees their places: by then every reader goes by the date."""
    over = [row for row in rows if row["valid_until"] is not None and row["valid_until"] < local_date(now)]
    for row in over:
        if (DisplayState(row["state"]), DisplayEvent.EXPIRE) in NEXT:
            await moves.move(
                connection,
                row,
                DisplayEvent.EXPIRE,
                now,
                actor_kind=moves.SYSTEM,
                ended_by=EndedBy.TERM,
                values={"reason": None, "proposed_by": None},
            )
    await store.free_places(connection, [row["id"] for row in over])
    if any(row["state"] == DisplayState.REVOKED for row in over):
        await DISPLAYS.changed(connection)
