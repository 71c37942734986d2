"""A job runs once in its slot, also one that runs for longer than its lease; a run that died is taken up again."""

import asyncio
from datetime import timedelta

import pytest

from backend.platform import schedule
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.schedule import Job, Schedule

DAY = timedelta(days=1)


def running(platform: Platform, clock: SettableClock) -> Schedule:
    """A process of its own, as far as jobs go."""
    return Schedule(platform.database, clock, ())


async def test_a_job_runs_once_in_its_slot(platform: Platform, clock: SettableClock) -> None:
    ran = []

    async def run() -> None:
        ran.append(clock.now())

    job = Job("job", DAY, run, begins=timedelta(hours=19))
    # 16:00 in Shanghai: the slot began at 3:00.
    assert await running(platform, clock).run(job)
    assert not await running(platform, clock).run(job)
    clock.move(timedelta(hours=10, minutes=59))
    assert not await running(platform, clock).run(job)
    clock.move(timedelta(minutes=1))
    assert await running(platform, clock).run(job)
    assert len(ran) == 2


async def test_a_job_of_hours_keeps_its_lease(
    platform: Platform, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "_RENEWAL", timedelta(milliseconds=1))
    begun, end = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        begun.set()
        await end.wait()

    job = Job("job", DAY, run)
    first = asyncio.create_task(running(platform, clock).run(job))
    await begun.wait()
    for _ in range(3):
        clock.move(timedelta(minutes=9))
        await renewed(platform, clock)
        clock.move(timedelta(minutes=9))
        assert not await running(platform, clock).run(job)
    end.set()
    assert await first
    clock.move(timedelta(minutes=11))
    assert not await running(platform, clock).run(job)


async def renewed(platform: Platform, clock: SettableClock) -> None:
    """Waits until the lease was renewed at this instant of the clock."""
    async with asyncio.timeout(60):
        while True:
            async with platform.database.connection() as connection:
                if await connection.fetch_value("SELECT max(started_at) FROM scheduled_run") == clock.now():
                    return
            await asyncio.sleep(0.01)


async def test_a_run_that_died_is_taken_up_after_its_lease(platform: Platform, clock: SettableClock) -> None:
    ran = []

    async def run() -> None:
        ran.append(1)
        if len(ran) == 1:
            raise asyncio.CancelledError

    job = Job("job", DAY, run)
    assert not await running(platform, clock).run(job)
    assert not await running(platform, clock).run(job)
    clock.move(timedelta(minutes=11))
    assert await running(platform, clock).run(job)
    assert len(ran) == 2
