"""Signals between processes: NOTIFY in the transaction that changed something, LISTEN in every worker.

In-process copies of reference data (keys, ended sessions) follow the database within milliseconds; after a lost
connection every listener reloads, so that a missed signal is never the last word.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from backend.platform.database import CONNECTION_ERRORS, Connection, Database

Listener = Callable[[str], Awaitable[None]]

_CHANNEL = "xinyi"
_log = structlog.get_logger()


async def send(connection: Connection, topic: str, detail: str = "") -> None:
    """Tells every worker, when the transaction commits. `topic` is a word of the room that sends it."""
    await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, f"{topic} {detail}")


class Signals:
    """The worker's one LISTEN connection and who wants to hear what."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, list[Listener]] = {}
        self._task: asyncio.Task[None] | None = None

    def on(self, topic: str, listener: Listener) -> None:
        """Calls `listener(detail)` for each signal of `topic`, and `listener("")` after each (re)connection."""
        self._listeners.setdefault(topic, []).append(listener)

    async def start(self) -> None:
        """Loads everything once and listens from then on."""
        ready = asyncio.Event()
        self._task = asyncio.create_task(self._listen(ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def stop(self) -> None:
        """Stops listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self, ready: asyncio.Event) -> None:
        while True:
            try:
                await self._session(ready)
            except CONNECTION_ERRORS as error:
                _log.warning("signals-lost", error=type(error).__name__)
            await asyncio.sleep(1)

    async def _session(self, ready: asyncio.Event) -> None:
        async with self._database.dedicated() as raw:
            inbox: asyncio.Queue[str | None] = asyncio.Queue()
            raw.add_termination_listener(lambda _: inbox.put_nowait(None))
            await raw.add_listener(_CHANNEL, lambda _c, _p, _ch, payload: inbox.put_nowait(str(payload)))
            for topic in self._listeners:
                await self._deliver(topic, "")
            ready.set()
            while (message := await inbox.get()) is not None:
                topic, _, detail = message.partition(" ")
                await self._deliver(topic, detail)

    async def _deliver(self, topic: str, detail: str) -> None:
        for listener in self._listeners.get(topic, []):
            await listener(detail)
