"""A closed loop inside this process: so many callers, each doing its next act when its last is done."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from backend.commands.bench.load import Window

Act = Callable[[Any], Awaitable[object]]


async def closed_loop(callers: int, act: Act, given: Iterable[Any], seconds: float) -> Window:
    """Does the act with each of what is given, for so many seconds or until nothing is left. What the act raises ends it."""
    waiting = iter(given)
    latencies: list[float] = []
    began = time.perf_counter()
    ends_at = began + seconds

    async def caller() -> None:
        while (sent_at := time.perf_counter()) < ends_at:
            one = next(waiting, None)
            if one is None:
                return
            await act(one)
            latencies.append(time.perf_counter() - sent_at)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller())
    return Window(time.perf_counter() - began, latencies, [])
