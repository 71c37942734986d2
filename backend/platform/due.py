"""The due queue 到期队列: what must be looked at, and from when. Durable, one row for each topic and key.

A room enqueues in its own transaction; the handler's effect and the removal of the row commit together, so work is done
exactly once in effect, also after a crash. Rows of one key are handled one after another.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from backend.platform import signals
from backend.platform.clock import Clock
from backend.platform.database import CONNECTION_ERRORS, Connection, Database

_BATCH = 200
_IDLE_SECONDS = 1.0
_log = structlog.get_logger()

Handler = Callable[[Connection, list[UUID]], Awaitable[None]]


class Due(msgspec.Struct, frozen=True):
    """One piece of work: a key of its topic, due at an instant."""

    key: UUID
    at: datetime


async def enqueue(connection: Connection, topic: str, work: Iterable[Due]) -> None:
    """Adds work in the caller's transaction; a key already waiting keeps the earlier instant. One round trip, plus one signal."""
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
    await signals.send(connection, "due", topic)


async def discard(connection: Connection, topic: str, keys: Iterable[UUID]) -> None:
    """Takes work out of the queue in the transaction that does it. One round trip."""
    await connection.execute("DELETE FROM due_work WHERE topic = $1 AND key = ANY($2::uuid[])", topic, list(keys))


class DueQueue:
    """Runs the handlers of all topics against what is due."""

    def __init__(self, database: Database, clock: Clock, handlers: Mapping[str, Handler]) -> None:
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run_due(self) -> int:
        """Handles everything that is due now; gives how many keys were handled."""
        handled = 0
        for topic in self._handlers:
            while batch := await self._run_batch(topic):
                handled += batch
        return handled

    async def _run_batch(self, topic: str) -> int:
        """Handles up to `_BATCH` due keys together; if that fails, each alone, so that one bad key holds up no other."""
        keys: list[UUID] = []
        try:
            async with self._database.transaction() as connection:
                rows = await connection.fetch(
                    "SELECT key FROM due_work WHERE topic = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3 "
                    "FOR UPDATE SKIP LOCKED",
                    topic,
                    self._clock.now(),
                    _BATCH,
                )
                keys = sorted(row["key"] for row in rows)
                await self._handle(connection, topic, keys)
        except CONNECTION_ERRORS:
            raise
        except Exception:
            for key in keys:
                await self._run_alone(topic, key)
        return len(keys)

    async def _run_alone(self, topic: str, key: UUID) -> None:
        try:
            async with self._database.transaction() as connection:
                await self._handle(connection, topic, [key])
        except CONNECTION_ERRORS:
            raise
        except Exception as error:
            _log.error("due-work-failed", topic=topic, key=str(key), error=type(error).__name__)
            await self._postpone(topic, key)

    async def _handle(self, connection: Connection, topic: str, keys: list[UUID]) -> None:
        """Takes the rows out first: the handler may enqueue the same key for a later date."""
        if keys:
            await discard(connection, topic, keys)
            await self._handlers[topic](connection, keys)

    async def _postpone(self, topic: str, key: UUID) -> None:
        """Work that fails is tried again after a second, then after twice as long each time, at most an hour."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE due_work SET attempts = attempts + 1, "
                "due_at = $3::timestamptz + LEAST(interval '1 hour', interval '1 second' * power(2, LEAST(attempts, 12))) "
                "WHERE topic = $1 AND key = $2",
                topic,
                key,
                self._clock.now(),
            )

    async def wake(self, _: str) -> None:
        """Looks again at once: the listener of the `due` signal."""
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
        while True:
            self._wake.clear()
            try:
                await self.run_due()
            except CONNECTION_ERRORS as error:
                _log.warning("due-queue-waits", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)
            except TimeoutError:
                continue
