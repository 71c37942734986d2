"""Workers redeem and take back for the same persons and benefits at once: nobody waits crosswise, and nothing is counted twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend import rooms
from backend.audit import service as audit
from backend.market import counting, store
from backend.market.limits import limits_on
from backend.market.messages import ReversalOrder
from backend.market.once import Answered, Once
from backend.market.problems import QUOTA_EXHAUSTED
from backend.market.redeemable import Asked
from backend.market.redeeming import redemption_by_key, reverse
from backend.market.redeeming_together import redeem_together
from backend.platform import platform as ports
from backend.platform.clock import SettableClock, local_date
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


async def taken_back(platform: Platform, redeemed: Sequence[Asked]) -> None:
    """What was redeemed under these keys is taken back, all at once."""

    async def take_back(asked: Asked) -> None:
        told = await redemption_by_key(platform, asked.partner_id, UUID(asked.act.key), "test")
        act = Once(str(uuid4()), told.redemption_id.bytes * 2)
        await reverse(
            platform, asked.partner_id, told.redemption_id, ReversalOrder(partner_ref="refund-1"), act, "test"
        )

    await asyncio.gather(*(take_back(asked) for asked in redeemed))


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
    terms += [
        stage.plain(f"{name}-grouped", stacking_group="library", quota_per_day=1000, per_person_per_day=9)
        for name in ("a", "z")
    ]
    people = await stage.peopled(platform, PEOPLE, terms, subsidised=terms[0].id, budget_fen=20_000)
    [shop], random = people.shops, Random(11)
    done: list[object] = []

    async def lot() -> list[Asked]:
        return [
            await answered_yes(platform, shop, random.choice(people.residents), random.choice(terms).id)
            for _ in range(ASKS)
        ]

    for _ in range(DAYS):
        # None of the day's counters is there yet.
        clock.move(timedelta(days=1))
        morning = await lot()
        first = await one_by_one(platform, morning)
        redeemed = [asked for asked, answer in zip(morning, first, strict=True) if isinstance(answer, Answered)]
        lots = [await lot() for _ in workers]
        acts: list[Awaitable[Any]] = [way(worker, asks) for way, worker, asks in zip(WAYS, workers, lots, strict=True)]
        *answers, _ = await asyncio.gather(*acts, taken_back(platform, redeemed))
        for each in (first, *answers):
            done.extend(each)
    assert len(done) == DAYS * ASKS * (len(workers) + 1)
    for each in done:
        assert isinstance(each, Answered) or (isinstance(each, Problem) and each.kind is QUOTA_EXHAUSTED), each
    assert await deadlocks(platform) == 0
    assert await audit.examine(platform) == []


async def test_who_takes_and_who_gives_back_lock_a_persons_counters_in_one_order(platform: Platform) -> None:
    terms = stage.plain("z-grouped", stacking_group="library", per_person_per_day=9)
    [resident] = (await stage.peopled(platform, 1, [terms])).residents
    limits = limits_on(terms, local_date(platform.clock.now()))

    async def take() -> None:
        async with platform.database.transaction() as connection:
            await counting.take_of_person(connection, resident.subject_id, terms.id, limits)

    await take()
    async with platform.database.transaction() as connection:
        (first, period), *others = counting.persons_counters(terms.id, limits)
        await store.give_back(connection, resident.subject_id, first, (period,))
        taking = asyncio.create_task(take())
        while not await connection.fetch_value("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):  # noqa: ASYNC110 in PostgreSQL
            await asyncio.sleep(0.01)
        for name, period in others:
            await store.give_back(connection, resident.subject_id, name, (period,))
    await taking
    assert await deadlocks(platform) == 0
    async with platform.database.transaction() as connection:
        await counting.give_back_of_person(connection, resident.subject_id, terms.id, limits)
