"""Counting a use in the limits it counts against: the person's own first, everybody's after it (architecture, the order of locks)."""

from operator import itemgetter
from uuid import UUID

from backend.market import benefit_store, store
from backend.market.limits import Limits
from backend.market.problems import QUOTA_EXHAUSTED
from backend.platform.database import Connection


async def take_of_person(connection: Connection, subject_id: UUID, benefit_id: str, limits: Limits) -> None:
    """Counts a use in the person's periods, and in the benefit's stacking group, in the order of `persons_counters`. Raises
    QUOTA_EXHAUSTED. A round trip for each of the two that there is."""
    taken = [(benefit_id, limits.person)] if limits.person else []
    if limits.group is not None:
        name, period = limits.group
        taken.append((name, {period: 1}))
    for name, allowed in sorted(taken, key=itemgetter(0)):
        if await store.take(connection, subject_id, name, allowed) < len(allowed):
            raise QUOTA_EXHAUSTED.error()


async def take_of_everyone(connection: Connection, benefit_id: str, limits: Limits) -> None:
    """Counts a use in the periods of everyone together. Raises QUOTA_EXHAUSTED. One round trip if there is a limit."""
    if limits.everyone and await benefit_store.take(connection, benefit_id, limits.everyone) < len(limits.everyone):
        raise QUOTA_EXHAUSTED.error()


async def give_back_of_person(connection: Connection, subject_id: UUID, benefit_id: str, limits: Limits) -> None:
    """Takes a use off the person's periods and off the stacking group. A round trip for each."""
    for name, period in persons_counters(benefit_id, limits):
        await store.give_back(connection, subject_id, name, (period,))


def persons_counters(benefit_id: str, limits: Limits) -> list[tuple[str, str]]:
    """Under which names and in which periods a use of a person is counted, in the order in which everybody locks these counters."""
    group = [limits.group] if limits.group is not None else []
    return sorted([*((benefit_id, period) for period in limits.person), *group])
