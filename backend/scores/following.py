"""Every stored score follows a version of the rules that takes effect: in pages, each of which commits with the next one due.

A score that was computed by another version than the one in force is touched, so that the due queue recomputes it; one that
was recomputed meanwhile for reasons of its own is not touched again.
"""

from datetime import timedelta
from uuid import UUID

from backend.platform.clock import local_date
from backend.platform.database import Connection
from backend.platform.due import Due, Handler, enqueue
from backend.platform.platform import Platform
from backend.rule_sets import service as rule_sets
from backend.scores import store
from backend.subjects import service as subjects

# The topic of the due queue for a pass over the scores; its key is the last subject of the page before.
FOLLOW = "score-follow"

_BEFORE_EVERYBODY = UUID(int=0)
_PAGE = 1000
# A worker that did not hear of the version in time may have recomputed by the one before: the pass looks again until nobody is left.
_LOOK_AGAIN = timedelta(minutes=10)


def effect_handler(platform: Platform) -> Handler:
    """The handler of topic `rule_sets.TAKES_EFFECT`: begins a pass over the scores."""

    async def begin(connection: Connection, _: list[UUID]) -> None:
        await enqueue(connection, FOLLOW, [Due(_BEFORE_EVERYBODY, platform.clock.now())])

    return begin


def follow_handler(platform: Platform) -> Handler:
    """The handler of topic `FOLLOW`: touches one page of scores. Up to five round trips for a page of a thousand."""

    async def follow(connection: Connection, positions: list[UUID]) -> None:
        await rule_sets.refresh(platform)
        now = platform.clock.now()
        rule_set = rule_sets.in_force_on(platform, local_date(now))
        for position in positions:
            page = await store.computed_otherwise(connection, rule_set.id, rule_set.version, position, _PAGE)
            if page:
                await subjects.touched(connection, page, now)
                await enqueue(connection, FOLLOW, [Due(page[-1], now)])
            elif position != _BEFORE_EVERYBODY:
                await enqueue(connection, FOLLOW, [Due(_BEFORE_EVERYBODY, now + _LOOK_AGAIN)])

    return follow
