"""Work that waits for somebody outside: no transaction meanwhile, a lease, and at least once."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.due import Due, enqueue
from backend.platform.errands import Errand, Errands
from backend.platform.platform import Platform

TOPIC = "test-errand"
LEASE = timedelta(minutes=1)


class Outside:
    """Somebody outside: remembers who came, and lets them wait or fail as the test says."""

    def __init__(self) -> None:
        self.came: list[UUID] = []
        self.inside = 0
        self.most_inside = 0
        self.open = asyncio.Event()
        self.open.set()
        self.fails = False

    async def begin(self, connection: Connection, keys: list[UUID]) -> list[Errand]:
        await enqueue(connection, TOPIC, [Due(key, connection.now() + LEASE) for key in keys])
        return [partial(self.visit, key) for key in keys]

    async def visit(self, key: UUID) -> None:
        self.came.append(key)
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await asyncio.sleep(0.01)
            await self.open.wait()
        finally:
            self.inside -= 1
        if self.fails:
            raise ValueError("nobody opens")


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def errands(platform: Platform, clock: SettableClock, outside: Outside) -> Errands:
    return Errands(platform.database, clock, {TOPIC: outside.begin}, most=3)


async def ask(platform: Platform, clock: SettableClock, *keys: UUID, after: timedelta = timedelta()) -> None:
    async with platform.database.transaction() as connection:
        await enqueue(connection, TOPIC, [Due(key, clock.now() + after) for key in keys])


async def test_an_errand_is_run_when_it_is_due_and_has_a_lease(
    platform: Platform, clock: SettableClock, errands: Errands, outside: Outside
) -> None:
    key = uuid4()
    await ask(platform, clock, key, after=timedelta(seconds=5))
    assert await errands.run_due() == 0
    clock.move(timedelta(seconds=5))
    [waiting] = await errands.waiting()
    assert (waiting.topic, waiting.keys, waiting.oldest) == (TOPIC, 1, clock.now())
    assert await errands.run_due() == 1
    assert (await errands.waiting())[0].keys == 0
    assert await errands.run_due() == 0
    clock.move(LEASE)
    assert await errands.run_due() == 1
    assert outside.came == [key, key], "what recorded no end is run again"


async def test_no_more_are_out_than_there_is_room_for(
    platform: Platform, clock: SettableClock, errands: Errands, outside: Outside
) -> None:
    await ask(platform, clock, *(uuid4() for _ in range(8)))
    assert await errands.run_due() == 8
    assert outside.most_inside == 3
    assert len(set(outside.came)) == 8


async def test_whoever_waits_outside_does_not_hold_up_who_comes_later(
    platform: Platform, clock: SettableClock, errands: Errands, outside: Outside
) -> None:
    async def until(number: int) -> None:
        async with asyncio.timeout(5):
            while len(outside.came) < number:  # noqa: ASYNC110 counted outside
                await asyncio.sleep(0.01)

    outside.open.clear()
    await ask(platform, clock, uuid4())
    errands.start()
    await until(1)
    await ask(platform, clock, uuid4())
    await errands.wake("")
    await until(2)
    assert outside.inside == 2
    await errands.stop()
    assert outside.inside == 0, "broken off"


async def test_an_errand_that_fails_is_run_again_after_its_lease_and_harms_no_other(
    platform: Platform, clock: SettableClock, errands: Errands, outside: Outside
) -> None:
    outside.fails = True
    await ask(platform, clock, uuid4(), uuid4())
    assert await errands.run_due() == 2
    outside.fails = False
    clock.move(LEASE)
    assert await errands.run_due() == 2
    assert len(outside.came) == 4


async def test_what_cannot_be_begun_does_not_end_the_worker(
    platform: Platform, clock: SettableClock, outside: Outside
) -> None:
    times = 0

    async def begin(connection: Connection, keys: list[UUID]) -> list[Errand]:
        nonlocal times
        times += 1
        if times == 1:
            raise ValueError("cannot be begun")
        return await outside.begin(connection, keys)

    errands = Errands(platform.database, clock, {TOPIC: begin})
    key = uuid4()
    await ask(platform, clock, key)
    errands.start()
    async with asyncio.timeout(5):
        while not outside.came:  # noqa: ASYNC110 counted outside
            await asyncio.sleep(0.01)
    await errands.stop()
    assert (times, outside.came) == (2, [key])
