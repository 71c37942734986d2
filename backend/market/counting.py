"""Counting a use in the limits it counts against: the person's own first, everybody's after it (architecture, the order of locks)."""

from uuid import UUID

from backend.market import benefit_store, store
from backend.market.limits import Limits
from backend.market.problems import QUOTA_EXHAUSTED
from backend.platform.database import Connection


async def take_of_person(connection: Connection, subject_id: UUID, benefit_id: str, limits: Limits) -> None:
    """Counts a use in the person's periods, and in the benefit's stacking group. Raises QUOTA_EXHAUSTED. A round trip for each of
    the two that there is."""
    if limits.person and await store.take(connection, subject_id, benefit_id, limits.person) < len(limits.person):
        raise QUOTA_EXHAUSTED.error()
    if limits.group is not None:
        name, period = limits.group
        if await store.take(connection, subject_id, name, {period: 1}) == 0:
            raise QUOTA_EXHAUSTED.error()


async def take_of_everyone(connection: Connection, benefit_id: str, limits: Limits) -> None:
    """Counts a use in the periods of everyone together. Raises QUOTA_EXHAUSTED. One round trip if there is a limit."""
    if limits.everyone and await benefit_store.take(connection, benefit_id, limits.everyone) < len(limits.everyone):
        raise QUOTA_EXHAUSTED.error()


async def give_back_of_person(connection: Connection, subject_id: UUID, benefit_id: str, limits: Limits) -> None:
    """Takes a use off the person's periods and off the stacking group, in the order in which they are taken."""
    await store.give_back(connection, subject_id, benefit_id, tuple(limits.person))
    if limits.group is not None:
        name, period = limits.group
        await store.give_back(connection, subject_id, name, (period,))
