"""Several workers and several acts at the same key: one after another, none lost, and an act never pays for a handler."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.due import Due, DueQueue, Handler, enqueue, take
from backend.platform.platform import Platform

TOPIC = "test"
Pause = Callable[[list[UUID]], Awaitable[object]]


class Ledger:
    """What every key stands at, as tables say; handling a key adds one by reading first and writing later, as scores do."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def create(self, *keys: UUID) -> None:
        async with self._platform.database.transaction() as connection:
            for table in ("wanted", "found"):
                await connection.execute(f"CREATE TABLE {table} (key uuid PRIMARY KEY, count int)")
                await connection.execute(f"INSERT INTO {table} SELECT unnest($1::uuid[]), 0", list(keys))

    async def want(self, key: UUID) -> None:
        """An act: changes what is wanted of a key and touches it."""
        async with self._platform.database.transaction() as connection:
            await connection.execute("UPDATE wanted SET count = count + 1 WHERE key = $1", key)
            await enqueue(connection, TOPIC, [Due(key, self._platform.clock.now())])

    async def lags(self) -> list[tuple[int, int]]:
        """Wanted and found of the keys where they differ."""
        async with self._platform.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT wanted.count AS wanted, found.count AS found FROM wanted JOIN found USING (key) "
                "WHERE wanted.count <> found.count"
            )
        return [(row["wanted"], row["found"]) for row in rows]

    def following(self, pause: Pause, *, locks: bool = False) -> Handler:
        """A handler that sets what is found to what is wanted, pausing between reading and writing, and comes again tomorrow.

        With `locks` it locks what is wanted after the pause, as an act does before it touches the key.
        """

        async def handle(connection: Connection, keys: list[UUID]) -> None:
            rows = await connection.fetch("SELECT key, count FROM wanted WHERE key = ANY($1)", keys)
            await pause(keys)
            if locks:
                rows = await connection.fetch("SELECT key, count FROM wanted WHERE key = ANY($1) FOR UPDATE", keys)
            for row in rows:
                await connection.execute("UPDATE found SET count = $2 WHERE key = $1", row["key"], row["count"])
            tomorrow = self._platform.clock.now() + timedelta(days=1)
            await enqueue(connection, TOPIC, [Due(key, tomorrow) for key in keys])

        return handle


@pytest.fixture
def ledger(platform: Platform) -> Ledger:
    return Ledger(platform)


async def go_on(_: list[UUID]) -> None:
    """No pause."""


async def until_somebody_waits(platform: Platform) -> None:
    """Until a transaction of this database waits for a lock. Raises TimeoutError if none comes to wait."""
    async with asyncio.timeout(20), platform.database.connection() as connection:
        while not await connection.fetch_value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):  # fmt: skip
            await connection.fetch_value("SELECT pg_sleep(0.01)")


async def test_an_act_that_touches_a_key_being_handled_is_looked_at_afterwards(
    platform: Platform, clock: SettableClock, ledger: Ledger
) -> None:
    key = uuid4()
    await ledger.create(key)
    await ledger.want(key)
    acts: list[asyncio.Task[None]] = []

    async def act_meanwhile(_: list[UUID]) -> None:
        if not acts:
            acts.append(asyncio.create_task(ledger.want(key)))
            await until_somebody_waits(platform)

    queue = DueQueue(platform.database, clock, {TOPIC: ledger.following(act_meanwhile)})
    await queue.run_due()
    await acts[0]
    await queue.run_due()
    assert await ledger.lags() == []


async def test_a_key_is_not_handled_by_two_workers_when_its_batch_failed(
    platform: Platform, clock: SettableClock, ledger: Ledger
) -> None:
    bad, good = UUID(int=1), UUID(int=2)
    await ledger.create(bad, good)
    await ledger.want(bad)
    await ledger.want(good)
    handled: list[list[UUID]] = []
    elsewhere = DueQueue(platform.database, clock, {TOPIC: ledger.following(go_on)})

    async def fail_on_the_bad(keys: list[UUID]) -> None:
        handled.append(keys)
        if bad not in keys:
            return
        if keys == [bad]:
            # This worker has let go of both; another takes the good one before this one comes to it alone.
            await elsewhere.run_due()
        raise ValueError("this key cannot be handled")

    queue = DueQueue(platform.database, clock, {TOPIC: ledger.following(fail_on_the_bad)})
    await queue.run_due()
    assert handled == [[bad, good], [bad]]
    assert await ledger.lags() == [(1, 0)]


async def test_who_takes_a_key_waits_for_its_handler_and_then_has_it_alone(
    platform: Platform, clock: SettableClock, ledger: Ledger
) -> None:
    key = uuid4()
    await ledger.create(key)
    await ledger.want(key)
    taken, released = asyncio.Event(), asyncio.Event()

    async def work_by_hand() -> None:
        async with platform.database.transaction() as connection:
            await take(connection, TOPIC, [key])
            taken.set()
            await ledger.following(lambda _: released.wait())(connection, [key])

    hand: list[asyncio.Task[None]] = []

    async def somebody_takes_it(_: list[UUID]) -> None:
        if not hand:
            hand.append(asyncio.create_task(work_by_hand()))
            await until_somebody_waits(platform)
            assert not taken.is_set()

    queue = DueQueue(platform.database, clock, {TOPIC: ledger.following(somebody_takes_it)})
    await queue.run_due()
    await taken.wait()
    act = asyncio.create_task(ledger.want(key))
    await until_somebody_waits(platform)
    assert await queue.run_due() == 0
    released.set()
    await asyncio.gather(act, *hand)
    await queue.run_due()
    assert await ledger.lags() == []


async def test_a_handler_gives_way_to_an_act_that_holds_what_it_needs(
    platform: Platform, clock: SettableClock, ledger: Ledger
) -> None:
    key = uuid4()
    await ledger.create(key)
    await ledger.want(key)
    acts: list[asyncio.Task[None]] = []

    async def act_meanwhile(_: list[UUID]) -> None:
        # The act has what the handler is about to lock, and waits for the key that the handler has.
        if not acts:
            acts.append(asyncio.create_task(ledger.want(key)))
            await until_somebody_waits(platform)

    queue = DueQueue(platform.database, clock, {TOPIC: ledger.following(act_meanwhile, locks=True)})
    await queue.run_due()
    await acts[0]
    await queue.run_due()
    assert await ledger.lags() == []


async def test_workers_are_signalled_for_what_is_due_and_not_for_what_is_not(
    platform: Platform, clock: SettableClock
) -> None:
    heard: list[str] = []
    async with platform.database.dedicated() as listening:
        await listening.add_listener("xinyi", lambda _c, _p, _ch, told: heard.append(str(told)))
        for topic, wait in (("later", timedelta(days=1)), ("now", timedelta())):
            async with platform.database.transaction() as connection:
                await enqueue(connection, topic, [Due(uuid4(), clock.now() + wait)])
        # Signals arrive in the order of their commits.
        while "due now" not in heard:
            await listening.fetchval("SELECT 1")
    assert heard == ["due now"]
