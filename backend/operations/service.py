"""What the operations room does: asks whether the parts answer and what the process holds can be used, and says what an
operator can watch."""

import os
from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from backend.operations.messages import Readiness
from backend.platform.clock import Clock
from backend.platform.database import CONNECTION_ERRORS
from backend.platform.due import DueQueue, Waiting
from backend.platform.errands import Errands
from backend.platform.platform import Platform
from backend.rule_sets import service as rule_sets


async def readiness(platform: Platform) -> Readiness:
    """Whether PostgreSQL and the cache answer, and every published rule set can be used. One round trip to each.

    A rule set that cannot be used stops the scores that need it and nothing else: the server stays in rotation.
    """
    database = cache = True
    try:
        async with platform.database.connection() as connection:
            await connection.fetch_value("SELECT 1")
    except CONNECTION_ERRORS:
        database = False
    try:
        await platform.cache.ping()
    except (RedisError, OSError):
        cache = False
    return Readiness(
        "ready" if database and cache else "unavailable", database, cache, not rule_sets.unusable(platform)
    )


async def metrics(platform: Platform, due_queue: DueQueue, errands: Errands) -> bytes:
    """What all workers have counted, and what the due queue holds now; without the latter while the database is away.

    Two round trips.
    """
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    try:
        waiting = [*await due_queue.waiting(), *await errands.waiting()]
    except CONNECTION_ERRORS:
        return generate_latest(counted)
    present = CollectorRegistry()
    present.register(_DueWork(platform.clock, waiting))
    return generate_latest(counted) + generate_latest(present)


class _DueWork(Collector):
    """The due queue at one moment, the same whichever worker is asked."""

    def __init__(self, clock: Clock, waiting: list[Waiting]) -> None:
        self._now = clock.now()
        self._waiting = waiting

    def collect(self) -> Iterator[GaugeMetricFamily]:
        keys = GaugeMetricFamily("xinyi_due_work_waiting", "Keys of the due queue that are due", labels=["topic"])
        age = GaugeMetricFamily(
            "xinyi_due_work_oldest_seconds", "For how long the oldest has been due", labels=["topic"]
        )
        for waiting in self._waiting:
            keys.add_metric([waiting.topic], waiting.keys)
            seconds = (self._now - waiting.oldest).total_seconds() if waiting.oldest is not None else 0.0
            age.add_metric([waiting.topic], seconds)
        yield from (keys, age)
