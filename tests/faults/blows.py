"""Blows: SIGKILL for a worker of the server, for PostgreSQL with all its processes at one instant, for Valkey."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import redis.asyncio
from redis.exceptions import RedisError

from backend.platform.embedded import EmbeddedServices
from tests.faults.serving import PATIENCE_SECONDS, ready, workers_of


class Blows:
    """What is done to a server and to the services it stands on; each is done when the one before has been survived."""

    def __init__(self, services: EmbeddedServices, server: int, url: str) -> None:
        self._services = services
        self._server = server
        self._url = url
        self.workers = self.databases = self.caches = 0

    async def kill_worker(self) -> None:
        """The oldest one, so that none dies twice within seconds, which would be taken for a defect."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            workers = workers_of(self._server)
            while len(workers) < 2:
                await asyncio.sleep(0.05)
                workers = workers_of(self._server)
        os.kill(workers[0], signal.SIGKILL)
        self.workers += 1

    async def kill_database(self) -> None:
        """All of PostgreSQL's processes are stopped first, so that none of them can write down what it has in memory."""
        await ready(self._url)
        postmaster = self._services.process_ids()["postgres"]
        family = [postmaster, *_children_of(postmaster)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)
        self.databases += 1

    async def kill_cache(self) -> None:
        """It comes back empty; waits until it is there."""
        os.kill(self._services.process_ids()["valkey"], signal.SIGKILL)
        self.caches += 1
        async with asyncio.timeout(PATIENCE_SECONDS):
            answers = False
            while not answers:
                await asyncio.sleep(0.02)
                answers = await _answers(self._services.redis_url)


def _children_of(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


async def _answers(url: str) -> bool:
    cache = redis.asyncio.Redis.from_url(url, socket_timeout=1)
    try:
        return bool(await cache.ping())
    except (RedisError, OSError):
        return False
    finally:
        await cache.aclose()
