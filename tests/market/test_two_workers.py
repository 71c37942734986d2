"""Workers redeem lots of the same persons and benefits at once: nobody waits crosswise, and nothing is counted twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random

import pytest

from backend import rooms
from backend.audit import service as audit
from backend.market.once import Answered
from backend.market.problems import QUOTA_EXHAUSTED
from backend.market.redeemable import Asked
from backend.market.redeeming_together import redeem_together
from backend.platform import platform as ports
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.settings import Settings
from tests.builders import stage
from tests.builders.lots import answered_yes, redeem_alone

DAYS, ASKS = 12, 12
PEOPLE, BENEFITS = 4, 6


async def one_by_one(worker: Platform, lot: Sequence[Asked]) -> list[object]:
    """Each in a transaction of its own, all at once."""
    return list(await asyncio.gather(*(redeem_alone(worker, asked) for asked in lot), return_exceptions=True))


# What the workers do at the same moment.
WAYS: tuple[Callable[[Platform, Sequence[Asked]], Awaitable[Sequence[object]]], ...] = (
    redeem_together,
    redeem_together,
    one_by_one,
)


@pytest.fixture
async def workers(settings: Settings, platform: Platform, clock: SettableClock) -> AsyncIterator[list[Platform]]:
    """The application's own ports, and those of other processes over the same database."""
    others = [
        ports.build(settings, rooms.PERSONAL_TABLES, rooms.REFERENCES, clock=clock, maximum_connections=4)
        for _ in WAYS[1:]
    ]
    for other in others:
        await other.open()
    yield [platform, *others]
    for other in others:
        await other.close()


async def deadlocks(platform: Platform) -> int:
    """How many there were in this database."""
    async with platform.database.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        found = await connection.fetch_value(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
    return int(found)


async def test_lots_of_the_same_persons_and_benefits_do_not_wait_crosswise(
    workers: list[Platform], platform: Platform, clock: SettableClock
) -> None:
    terms = [
        stage.plain(f"voucher-{number}", quota_per_day=40, per_person_per_day=9, per_person_per_month=90)
        for number in range(BENEFITS)
    ]
    terms += [stage.plain(f"{name}-grouped", stacking_group="library", quota_per_day=1000) for name in ("a", "z")]
    people = await stage.peopled(platform, PEOPLE, terms, subsidised=terms[0].id, budget_fen=20_000)
    [shop], random = people.shops, Random(11)
    done: list[object] = []
    for _ in range(DAYS):
        # None of the day's counters is there yet.
        clock.move(timedelta(days=1))
        lots = [
            [
                await answered_yes(platform, shop, random.choice(people.residents), random.choice(terms).id)
                for _ in range(ASKS)
            ]
            for _ in workers
        ]
        acts = [way(worker, lot) for way, worker, lot in zip(WAYS, workers, lots, strict=True)]
        for answers in await asyncio.gather(*acts):
            done.extend(answers)
    assert len(done) == DAYS * ASKS * len(workers)
    for each in done:
        assert isinstance(each, Answered) or (isinstance(each, Problem) and each.kind is QUOTA_EXHAUSTED), each
    assert await deadlocks(platform) == 0
    assert await audit.examine(platform) == []
