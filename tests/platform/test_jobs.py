"""What runs by itself does what it is there for."""

from datetime import timedelta

from backend import rooms
from backend.platform.clock import SettableClock
from backend.platform.keys import Purpose, rotate
from backend.platform.platform import Platform


async def test_every_job_runs_on_an_empty_city(platform: Platform) -> None:
    # A month of which there is nothing to tell is told all the same, once.
    drawn = {"reports-draw": 1}
    for job in rooms.jobs(platform):
        assert await job.run() == drawn.get(job.name, 0), job.name
    assert [await job.run() for job in rooms.jobs(platform) if job.name in drawn] == [0]


async def test_a_rotated_key_takes_over_after_a_day_by_itself(platform: Platform, clock: SettableClock) -> None:
    before = platform.keys.active(Purpose.ANSWER).kid
    async with platform.database.transaction() as connection:
        next_kid = await rotate(connection, platform.cipher, Purpose.ANSWER, clock.now())
    [advance] = [job for job in rooms.jobs(platform) if job.name == "keys-advance"]
    assert await advance.run() == 0
    clock.move(timedelta(hours=24))
    assert await advance.run() == 1
    await platform.keys.reload()
    assert before != platform.keys.active(Purpose.ANSWER).kid == next_kid
    clock.move(timedelta(hours=48))
    assert await advance.run() == 1
    await platform.keys.reload()
    assert before not in {key["kid"] for key in platform.keys.key_set()}
