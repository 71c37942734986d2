"""The due queue 到期队列: what must be looked at, and from when. Durable, one row for each topic and key.

A room enqueues in its own transaction; the handler's effect and the removal of the row commit together, so work is done
exactly once in effect, also after a crash. Whoever handles a key holds its row: nobody else handles it meanwhile, and an
act that touches it commits afterwards. So the work of one key is done in order, and no touch is lost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter

from backend.platform import signals
from backend.platform.clock import Clock
from backend.platform.database import CONNECTION_ERRORS, CONTENTION_ERRORS, Connection, Database

_BATCH = 200
_IDLE_SECONDS = 1.0
# An act locks what it changes and then the key; a handler the other way round. The handler gives way, long before PostgreSQL
# looks for deadlocks (after a second) and would end one of the two, which might be the act that somebody waits for.
_PATIENCE = "50ms"
_CLAIM = (
    "WITH claimed AS MATERIALIZED (SELECT topic, key FROM due_work WHERE topic = $1 AND due_at <= $2 {which} "
    "ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) "
    "DELETE FROM due_work USING claimed WHERE due_work.topic = claimed.topic AND due_work.key = claimed.key "
    "RETURNING due_work.key, set_config('lock_timeout', $4, true)"
)
HANDLED = Counter("xinyi_due_work_total", "Keys of the due queue that were handled", ["topic", "outcome"])
_log = structlog.get_logger()

Handler = Callable[[Connection, list[UUID]], Awaitable[None]]


class Due(msgspec.Struct, frozen=True):
    """One piece of work: a key of its topic, due at an instant."""

    key: UUID
    at: datetime


class Waiting(msgspec.Struct, frozen=True):
    """What of a topic should have been done by now: how many keys, and since when the oldest (None if there is none)."""

    topic: str
    keys: int
    oldest: datetime | None


async def enqueue(connection: Connection, topic: str, work: Iterable[Due]) -> None:
    """Adds work in the caller's transaction; a key already waiting keeps the earlier instant, one being handled is waited for.

    One round trip, and one for the signal if something is due already: for what is not, the workers look every second.
    """
    earliest: dict[UUID, datetime] = {}
    for due in work:
        earliest[due.key] = min(due.at, earliest.get(due.key, due.at))
    if not earliest:
        return
    keys = sorted(earliest)
    await connection.execute(
        "INSERT INTO due_work (topic, key, due_at, attempts) SELECT $1, given.key, given.due_at, 0 "
        "FROM unnest($2::uuid[], $3::timestamptz[]) AS given(key, due_at) "
        "ON CONFLICT (topic, key) DO UPDATE SET due_at = LEAST(due_work.due_at, excluded.due_at)",
        topic,
        keys,
        [earliest[key] for key in keys],
    )
    if min(earliest.values()) <= connection.now():
        await signals.send(connection, "due", topic)


async def take(connection: Connection, topic: str, keys: Collection[UUID]) -> None:
    """Takes keys, waiting or not, for a caller who does their work in this transaction, as a handler has them. Two round trips.

    Deleting alone would not do: a key that another worker has just handled waits for a later date in a row that a DELETE
    begun before does not see, and would be handled by two at once.
    """
    ordered = sorted(keys)
    await connection.execute(
        "INSERT INTO due_work (topic, key, due_at, attempts) SELECT $1, given.key, $3, 0 FROM unnest($2::uuid[]) AS given(key) "
        "ON CONFLICT (topic, key) DO UPDATE SET due_at = due_work.due_at",
        topic,
        ordered,
        connection.now(),
    )
    await connection.execute("DELETE FROM due_work WHERE topic = $1 AND key = ANY($2::uuid[])", topic, ordered)


async def claim(connection: Connection, topic: str, now: datetime, most: int, key: UUID | None = None) -> list[UUID]:
    """Due keys that nobody holds, in order, or one of them. Takes the rows out: the claimer may enqueue the same key for a later
    date. One round trip."""
    which, more = ("", ()) if key is None else ("AND key = $5", (key,))
    rows = await connection.fetch(_CLAIM.format(which=which), topic, now, most, _PATIENCE, *more)
    return sorted(row["key"] for row in rows)


async def waiting(database: Database, topics: Collection[str], now: datetime) -> list[Waiting]:
    """What should have been done by now, of every topic. One round trip."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT topics.topic, due.keys, due.oldest FROM unnest($1::text[]) AS topics(topic) CROSS JOIN LATERAL "
            "(SELECT count(*) AS keys, min(due_at) AS oldest FROM due_work WHERE topic = topics.topic AND due_at <= $2) AS due",
            list(topics),
            now,
        )
    return [Waiting(row["topic"], row["keys"], row["oldest"]) for row in rows]


class DueQueue:
    """Runs the handlers of all topics against what is due."""

    def __init__(self, database: Database, clock: Clock, handlers: Mapping[str, Handler]) -> None:
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._woken: set[str] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run_due(self, topics: Collection[str] | None = None) -> int:
        """Handles everything of these topics, or of all, that is due now; gives how many keys were handled."""
        handled = 0
        for topic in self._handlers:
            while (topics is None or topic in topics) and (batch := await self._run_batch(topic)):
                handled += batch
        return handled

    async def waiting(self) -> list[Waiting]:
        """What should have been done by now, of every topic. One round trip."""
        return await waiting(self._database, self._handlers, self._clock.now())

    async def _run_batch(self, topic: str) -> int:
        """Handles up to `_BATCH` due keys together; if that fails, each alone, so that one bad key holds up no other."""
        keys: list[UUID] = []
        try:
            async with self._database.transaction() as connection:
                keys = await self._claim(connection, topic)
                if keys:
                    await self._handlers[topic](connection, keys)
        except CONNECTION_ERRORS:
            raise
        except Exception:
            return sum([await self._run_alone(topic, key) for key in keys])
        HANDLED.labels(topic, "done").inc(len(keys))
        return len(keys)

    async def _run_alone(self, topic: str, key: UUID) -> int:
        """Handles a key if it is still due and nobody else has taken it; gives whether it is done or put off."""
        try:
            async with self._database.transaction() as connection:
                claimed = await self._claim(connection, topic, key)
                if claimed:
                    await self._handlers[topic](connection, claimed)
            HANDLED.labels(topic, "done").inc(len(claimed))
            return len(claimed)
        except CONNECTION_ERRORS:
            raise
        except CONTENTION_ERRORS:
            # Stays due: looked at again within a second, or when the act that holds what it needs touches something.
            HANDLED.labels(topic, "gave-way").inc()
            return 0
        except Exception as error:
            HANDLED.labels(topic, "failed").inc()
            _log.error("due-work-failed", topic=topic, key=str(key), error=type(error).__name__)
            await self._postpone(topic, key)
            return 1

    async def _claim(self, connection: Connection, topic: str, key: UUID | None = None) -> list[UUID]:
        return await claim(connection, topic, self._clock.now(), _BATCH, key)

    async def _postpone(self, topic: str, key: UUID) -> None:
        """Work that fails is tried again after a second, then after twice as long each time, at most an hour."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE due_work SET attempts = attempts + 1, "
                "due_at = $3::timestamptz + LEAST(interval '1 hour', interval '1 second' * power(2, LEAST(attempts, 12))) "
                "WHERE topic = $1 AND key = $2 AND due_at <= $3",
                topic,
                key,
                self._clock.now(),
            )

    async def wake(self, topic: str) -> None:
        """The listener of the `due` signal: looks again at once, at every topic if none is named."""
        self._woken |= {topic} if topic else set(self._handlers)
        self._wake.set()

    def start(self) -> None:
        """Keeps handling what falls due until `stop`."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops after the present batch has been rolled back or committed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        """What is signalled is looked at when it is, every topic each second: dates come without a signal."""
        clock = asyncio.get_running_loop().time
        look_at_all = clock()
        while True:
            if clock() >= look_at_all:
                self._woken |= set(self._handlers)
                look_at_all = clock() + _IDLE_SECONDS
            topics, self._woken = self._woken, set()
            self._wake.clear()
            try:
                await self.run_due(topics)
            except CONNECTION_ERRORS as error:
                _log.warning("due-queue-waits", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._wake.wait(), max(0.0, look_at_all - clock()))
            except TimeoutError:
                continue
