"""Due work is done once, on its date, and one bad key holds up no other."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.due import Due, DueQueue, enqueue
from backend.platform.platform import Platform


class Notebook:
    """A handler that remembers which keys it was given, and refuses the ones it is told to."""

    def __init__(self) -> None:
        self.handled: list[UUID] = []
        self.bad: set[UUID] = set()

    async def __call__(self, connection: Connection, keys: list[UUID]) -> None:
        if self.bad & set(keys):
            raise ValueError("this key cannot be handled")
        self.handled += keys


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def queue(platform: Platform, clock: SettableClock, notebook: Notebook) -> DueQueue:
    return DueQueue(platform.database, clock, {"test": notebook})


async def _enqueue(platform: Platform, *work: Due) -> None:
    async with platform.database.transaction() as connection:
        await enqueue(connection, "test", work)


async def test_work_waits_for_its_date_and_is_done_once(
    platform: Platform, clock: SettableClock, queue: DueQueue, notebook: Notebook
) -> None:
    key = uuid4()
    await _enqueue(platform, Due(key, clock.now() + timedelta(days=1)))
    await queue.run_due()
    assert notebook.handled == []
    clock.move(timedelta(days=1))
    await queue.run_due()
    await queue.run_due()
    assert notebook.handled == [key]


async def test_a_key_that_waits_already_keeps_the_earlier_date(
    platform: Platform, clock: SettableClock, queue: DueQueue, notebook: Notebook
) -> None:
    key = uuid4()
    await _enqueue(platform, Due(key, clock.now()), Due(key, clock.now() + timedelta(days=3)))
    await _enqueue(platform, Due(key, clock.now() + timedelta(days=5)))
    await queue.run_due()
    assert notebook.handled == [key]
    clock.move(timedelta(days=6))
    await queue.run_due()
    assert notebook.handled == [key]


async def test_one_bad_key_holds_up_no_other_and_is_tried_again_later(
    platform: Platform, clock: SettableClock, queue: DueQueue, notebook: Notebook
) -> None:
    good, bad = [uuid4() for _ in range(5)], uuid4()
    notebook.bad = {bad}
    await _enqueue(platform, *[Due(key, clock.now()) for key in [*good, bad]])
    await queue.run_due()
    assert sorted(notebook.handled) == sorted(good)
    notebook.bad = set()
    clock.move(timedelta(seconds=1))
    await queue.run_due()
    assert notebook.handled[-1] == bad


async def test_work_enqueued_by_an_act_that_rolls_back_does_not_exist(
    platform: Platform, clock: SettableClock, queue: DueQueue, notebook: Notebook
) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012 the failure is what is tested
        async with platform.database.transaction() as connection:
            await enqueue(connection, "test", [Due(uuid4(), clock.now())])
            raise RuntimeError("the act fails")
    await queue.run_due()
    assert notebook.handled == []
