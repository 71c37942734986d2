"""The parts of a running platform, each in a process that can be killed at any moment: workers of the due queue, and doors
through which a source delivers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.sharedctypes import Synchronized
from typing import Any
from uuid import UUID

from backend import rooms
from backend.platform import platform as ports
from backend.platform.callers import Signer
from backend.platform.database import CONNECTION_ERRORS
from backend.platform.logging import configure_logging
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.roles import Role
from backend.platform.settings import Settings
from backend.records import intake
from backend.records.messages import DeliveryIn
from tests.faults.broken import QUEUES

Deliveries = list[list[dict[str, Any]]]


@asynccontextmanager
async def opened(settings: Settings, *, listen: bool = False) -> AsyncIterator[Platform]:
    """The ports of one process."""
    platform = ports.build(settings, rooms.PERSONAL_TABLES, rooms.REFERENCES, maximum_connections=2)
    await platform.open(listen=listen)
    try:
        yield platform
    finally:
        await platform.close()


def _persistently(act: Callable[[], Awaitable[None]]) -> None:
    """A process whose first connection was cut starts again, as its supervisor would have it."""
    configure_logging("critical")
    while True:
        try:
            asyncio.run(_awaited(act))
        except (Refusal, *CONNECTION_ERRORS):
            continue
        return


async def _awaited(act: Callable[[], Awaitable[None]]) -> None:
    await act()


def worker(settings: Settings, build: str) -> None:
    """Handles what is due until it is killed."""

    async def act() -> None:
        platform = ports.build(settings, rooms.PERSONAL_TABLES, rooms.REFERENCES, maximum_connections=2)
        queue = QUEUES[build](platform.database, platform.clock, rooms.due_handlers(platform))
        platform.signals.on("due", queue.wake)
        await platform.open()
        queue.start()
        await asyncio.Event().wait()

    _persistently(act)


def door(settings: Settings, source_id: UUID, deliveries: Deliveries, acknowledged: "Synchronized[int]") -> None:
    """Takes in deliveries from the first that was not acknowledged; one whose answer was lost is delivered again."""

    async def act() -> None:
        signer = Signer(role=Role.SOURCE, owner_id=source_id, key_id="faults", request_id="")
        async with opened(settings) as platform:
            for number in range(acknowledged.value, len(deliveries)):
                answer = await intake.deliver(platform, signer, DeliveryIn(f"d-{number}", list(deliveries[number])))
                assert answer.returned == 0, answer
                acknowledged.value = number + 1

    _persistently(act)
