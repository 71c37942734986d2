"""Periodic jobs: APScheduler in one process at a time, each run claimed in a table, so that none runs twice or is lost.

The process that holds the advisory lock runs the scheduler; when it dies, PostgreSQL frees the lock and another takes
over within seconds. A slot that passed while nobody held the lock is caught up once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from backend.platform.clock import Clock
from backend.platform.database import CONNECTION_ERRORS, Database

_LOCK = 0x58696E7969
_LEASE = timedelta(minutes=10)
_RENEWAL = timedelta(minutes=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger()


class Job(msgspec.Struct, frozen=True):
    """A named job, run once in every `every`, which is counted from `begins` after midnight in UTC."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]
    begins: timedelta = timedelta()


class Schedule:
    """Runs jobs while this process is the one that holds the lock."""

    def __init__(self, database: Database, clock: Clock, jobs: tuple[Job, ...]) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Waits for the lock in the background and runs from then on."""
        self._task = asyncio.create_task(self._lead())

    async def stop(self) -> None:
        """Lets go of the lock."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _lead(self) -> None:
        while True:
            try:
                async with self._database.dedicated() as raw:
                    while not await raw.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 the lock is in PostgreSQL
                        await asyncio.sleep(5)
                    await self._run_until_lost(raw)
            except CONNECTION_ERRORS as error:
                _log.warning("schedule-waits", error=type(error).__name__)
            await asyncio.sleep(1)

    async def _run_until_lost(self, raw: object) -> None:
        lost = asyncio.Event()
        raw.add_termination_listener(lambda _: lost.set())  # type: ignore[attr-defined]
        scheduler = AsyncIOScheduler(timezone="UTC")
        for job in self._jobs:
            # Asked again after every lease, so that a run that died is taken up then and not in the next slot. A run that
            # lasts longer is asked beside itself, and refused by its own lease.
            scheduler.add_job(
                self.run, "interval", args=[job], seconds=min(job.every, _LEASE).total_seconds(), max_instances=2,
                coalesce=True, misfire_grace_time=None, next_run_time=datetime.now(tz=self._clock.now().tzinfo),
            )  # fmt: skip
        scheduler.start()
        try:
            await lost.wait()
        finally:
            scheduler.shutdown(wait=False)

    async def run(self, job: Job) -> bool:
        """Runs a job for the present slot if nobody has; a run that died is taken up again after its lease. Gives whether it ran.

        The lease is renewed for as long as the job runs, be it hours; no connection is held meanwhile.
        """
        slot = int((self._clock.now() - _EPOCH - job.begins) // job.every)
        try:
            if not await self._claim(job, slot):
                return False
            renewing = asyncio.create_task(self._renew(job, slot))
            try:
                await job.run()
            finally:
                renewing.cancel()
                await asyncio.gather(renewing, return_exceptions=True)
            async with self._database.connection() as connection:
                await connection.execute(
                    "UPDATE scheduled_run SET finished_at = $3 WHERE job = $1 AND slot = $2",
                    job.name,
                    slot,
                    self._clock.now(),
                )
                await connection.execute("DELETE FROM scheduled_run WHERE job = $1 AND slot < $2", job.name, slot - 100)
        except CONNECTION_ERRORS as error:
            _log.warning("job-waits", job=job.name, error=type(error).__name__)
            return False
        except asyncio.CancelledError:
            # The process stops or lost the lock: the run is taken up again after its lease.
            _log.info("job-interrupted", job=job.name)
            return False
        except Exception as error:
            _log.error("job-failed", job=job.name, error=type(error).__name__)
            return False
        return True

    async def _claim(self, job: Job, slot: int) -> bool:
        now = self._clock.now()
        async with self._database.connection() as connection:
            claimed = await connection.fetch_value(
                "INSERT INTO scheduled_run (job, slot, started_at) VALUES ($1, $2, $3) "
                "ON CONFLICT (job, slot) DO UPDATE SET started_at = excluded.started_at "
                "WHERE scheduled_run.finished_at IS NULL AND scheduled_run.started_at < $4 RETURNING true",
                job.name,
                slot,
                now,
                now - _LEASE,
            )
        return bool(claimed)

    async def _renew(self, job: Job, slot: int) -> None:
        """Moves the beginning of the lease on, until it is cancelled."""
        while True:
            await asyncio.sleep(_RENEWAL.total_seconds())
            try:
                async with self._database.connection() as connection:
                    await connection.execute(
                        "UPDATE scheduled_run SET started_at = $3 WHERE job = $1 AND slot = $2",
                        job.name,
                        slot,
                        self._clock.now(),
                    )
            except CONNECTION_ERRORS as error:
                _log.warning("lease-waits", job=job.name, error=type(error).__name__)
