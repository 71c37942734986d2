"""Errands 外办: due work that waits for somebody outside this house, who may let it wait.

A handler of the due queue holds its key and a connection until it is done; that is right where the work is ours. An errand
holds neither while it is out. It is begun in one short transaction, which takes the keys and puts them down again for the end
of a lease; it is run without one; and it records its end in a transaction of its own, which names the next date. A process
that dies in between leaves the key due when the lease ends. So an errand is run at least once, and its room must bear twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import structlog

from backend.platform import due
from backend.platform.clock import Clock
from backend.platform.database import CONNECTION_ERRORS, CONTENTION_ERRORS, Connection, Database
from backend.platform.due import HANDLED, Waiting

_IDLE_SECONDS = 1.0
_log = structlog.get_logger()

Errand = Callable[[], Awaitable[None]]
# Begins what is due of these keys in the given transaction: enqueues every key that stays in work for the end of its lease,
# and gives what is to be run once the transaction has committed.
Begin = Callable[[Connection, list[UUID]], Awaitable[list[Errand]]]


class Errands:
    """Runs the errands of all topics, at most `most` at a time in this process."""

    def __init__(self, database: Database, clock: Clock, topics: Mapping[str, Begin], most: int = 32) -> None:
        self._database = database
        self._clock = clock
        self._topics = topics
        self._most = most
        self._out: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run_due(self) -> int:
        """Runs everything that is due now to its end; gives how many keys were taken."""
        total = 0
        while taken := await self._begin():
            total += taken
            await asyncio.gather(*self._out)
        return total

    async def waiting(self) -> list[Waiting]:
        """What should have been begun by now, of every topic. One round trip."""
        return await due.waiting(self._database, self._topics, self._clock.now())

    async def wake(self, _: str) -> None:
        """The listener of the `due` signal: looks again at once."""
        self._wake.set()

    def start(self) -> None:
        """Keeps beginning what falls due until `stop`."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Begins nothing more and breaks off what is out: that is run again when its lease ends."""
        tasks = [*self._out] if self._task is None else [self._task, *self._out]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self) -> int:
        """Begins as many as there is room for; gives how many keys were taken."""
        total = 0
        for topic, begin in self._topics.items():
            room = self._most - len(self._out)
            if room <= 0:
                break
            errands: list[Errand] = []
            async with self._database.transaction() as connection:
                keys = await due.claim(connection, topic, self._clock.now(), room)
                if keys:
                    errands = await begin(connection, keys)
            # Committed: from here on the lease is what keeps others away.
            for errand in errands:
                task = asyncio.create_task(self._finish(topic, errand))
                self._out.add(task)
                task.add_done_callback(self._returned)
            total += len(keys)
        return total

    def _returned(self, task: "asyncio.Task[None]") -> None:
        self._out.discard(task)
        self._wake.set()

    async def _finish(self, topic: str, errand: Errand) -> None:
        try:
            await errand()
        except Exception as error:
            # Nothing was recorded: it is run again when its lease ends, and its room counts how often.
            HANDLED.labels(topic, "failed").inc()
            _log.error("errand-failed", topic=topic, error=type(error).__name__)
        else:
            HANDLED.labels(topic, "done").inc()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                while await self._begin():
                    pass
            except (*CONNECTION_ERRORS, *CONTENTION_ERRORS) as error:
                _log.warning("errands-wait", error=type(error).__name__)
            except Exception as error:
                _log.error("errands-failed", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)
            except TimeoutError:
                continue
