"""Incremental scores: how soon a score follows an accepted record, and how much is done on a day on which nothing arrives.

The first is measured on the server as `xinyi up` runs it: this process takes a record in, the server's workers hear of it.
Accepted is when the commit is acknowledged, stored when another connection hears of the committed score. The ceiling beside it is what
it cannot be done without: one row fetched by its key, one row committed to the disk.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import cycle, islice
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

from backend import rooms
from backend.city.create import create_city
from backend.commands.bench import store
from backend.commands.bench.lines import Line
from backend.commands.bench.load import Wrong
from backend.commands.bench.population import Holder, Population, populate
from backend.commands.bench.server import served
from backend.commands.bench.services import throw_away
from backend.commands.progress import Advance, progress
from backend.commands.services import opened
from backend.platform import platform as ports
from backend.platform.callers import Signer
from backend.platform.clock import SettableClock, SystemClock, local_date, start_of_day
from backend.platform.database import Connection
from backend.platform.due import DueQueue, Handler
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.platform.settings import Settings
from backend.records import intake
from backend.records.intake import RETENTION
from backend.records.messages import DeliveryIn
from backend.subjects.service import TOUCHED

_RESIDENTS = 300
_RESIDENTS_OF_DAYS = 1000
_RECORDS_OF_A_ROUND = 60
_DAYS_OF_A_ROUND = 30
_LONGEST_SECONDS = 20
_PREPARE = (
    "CREATE TABLE IF NOT EXISTS bench_commit (id int PRIMARY KEY, number int)",
    "INSERT INTO bench_commit VALUES (1, 0) ON CONFLICT DO NOTHING",
    # Told when the transaction has committed: waiting for it costs the processors nothing, unlike asking again and again.
    "CREATE OR REPLACE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_notify('bench_score', NEW.subject_id::text); RETURN NULL; END $$",
    "CREATE OR REPLACE TRIGGER bench_tell AFTER INSERT OR UPDATE ON score FOR EACH ROW EXECUTE FUNCTION bench_tell()",
)

Arrivals = Iterator[tuple[Holder, dict[str, object]]]


class _Day(NamedTuple):
    """Subjects with something due on a day, those computed, and the scores and changes written for them."""

    due: int
    computed: int
    scores: int
    changes: int


def measure(_: int, rounds: int) -> Iterator[Line]:
    """The lines of both halves; their cities are of a size of their own. Raises Wrong if a score does not follow."""
    with throw_away() as (settings, runner):
        yield from _freshness(runner, settings, rounds)
    with throw_away() as (settings, runner):
        yield from _ordinary_days(runner.run(_days(settings, rounds)))


def _freshness(runner: asyncio.Runner, settings: Settings, rounds: int) -> Iterator[Line]:
    with progress("从记录到分数 from record to score", None) as advance:
        population = runner.run(_populated(settings, advance))
        arrivals = zip(cycle(population.holders), population.rows, strict=False)
        with served(settings):
            # The first round is not counted: it fills caches and pools.
            found = [runner.run(_round(settings, population, arrivals, advance)) for _ in range(rounds + 1)][1:]
    after, floor = zip(*found, strict=True)
    yield Line("score_after_record_p50", after, "ms")
    yield Line("fetch_and_commit_p50", floor, "ms")
    yield Line("score_after_record_of_fetch_and_commit_ratio", [one / other for one, other in found], "ratio")


async def _populated(settings: Settings, advance: Advance) -> Population:
    async with opened(settings) as platform:
        return await populate(platform, _RESIDENTS, advance)


async def _round(
    settings: Settings, population: Population, arrivals: Arrivals, advance: Advance
) -> tuple[float, float]:
    """Milliseconds from record to score, and of the ceiling: medians. They take turns."""
    after, floor = [], []
    async with opened(settings) as platform, platform.database.dedicated() as watching:
        for statement in _PREPARE:
            await watching.execute(statement)
        stored: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
        await watching.add_listener(
            "bench_score", lambda _c, _p, _ch, told: stored.put_nowait((str(told), time.perf_counter()))
        )
        source_id = await watching.fetchval("SELECT id FROM source WHERE code = 'bench'")
        signer = Signer(role=Role.SOURCE, owner_id=source_id, key_id=population.source.key_id, request_id="")
        for number, (holder, row) in enumerate(islice(arrivals, _RECORDS_OF_A_ROUND)):
            await intake.deliver(platform, signer, DeliveryIn("bench", [row]))
            accepted = time.perf_counter()
            after.append(await _seen(stored, holder.subject_id) - accepted)
            floor.append(await _fetch_and_commit(watching, number))
            advance(1)
    return median(after) * 1000, median(floor) * 1000


async def _seen(stored: asyncio.Queue[tuple[str, float]], subject_id: UUID) -> float:
    """When the score of a subject was heard of. Raises Wrong."""
    try:
        subject, at = await asyncio.wait_for(stored.get(), _LONGEST_SECONDS)
    except TimeoutError:
        raise Wrong("记录已接收而分数没有跟上。", "A record was accepted and no score followed.") from None
    if subject != str(subject_id):
        raise Wrong("别人的分数变了。", "Somebody else's score changed.")
    return at


async def _fetch_and_commit(watching: Any, number: int) -> float:
    began = time.perf_counter()
    await watching.fetchval("SELECT number FROM bench_commit WHERE id = $1", 1)
    await watching.execute("UPDATE bench_commit SET number = $2 WHERE id = $1", 1, number)
    return time.perf_counter() - began


def _ordinary_days(days: Sequence[_Day]) -> Iterator[Line]:
    """A round is so many days one after the other; ratios are of its sums."""
    totals = [
        _Day(*(sum(column) for column in zip(*days[start : start + _DAYS_OF_A_ROUND], strict=True)))
        for start in range(0, len(days), _DAYS_OF_A_ROUND)
    ]
    yield Line("due_subjects_a_day", [total.due / _DAYS_OF_A_ROUND for total in totals], "subjects")
    yield Line("computed_of_due_subjects_ratio", [total.computed / total.due for total in totals], "ratio")
    yield Line("scores_written_of_due_subjects_ratio", [total.scores / total.due for total in totals], "ratio")
    yield Line("changes_written_of_due_subjects_ratio", [total.changes / total.due for total in totals], "ratio")


async def _days(settings: Settings, rounds: int) -> list[_Day]:
    """A city on which nothing arrives for so many days, each from its first instant in Asia/Shanghai."""
    clock = SettableClock(SystemClock().now())
    platform = ports.build(settings, rooms.PERSONAL_TABLES, rooms.REFERENCES, clock=clock, maximum_connections=4)
    await platform.open(listen=False)
    try:
        with progress("没有新记录的日子 days on which nothing arrives", None) as advance:
            await create_city(platform, seed=2026, residents=_RESIDENTS_OF_DAYS, advance=advance)
            computed = _Counted(rooms.due_handlers(platform)[TOUCHED])
            queue = DueQueue(platform.database, clock, {**rooms.due_handlers(platform), TOUCHED: computed})
            await queue.run_due()
            days = []
            for _ in range(rounds * _DAYS_OF_A_ROUND):
                clock.instant = start_of_day(local_date(clock.now()) + timedelta(days=1))
                days.append(await _day(platform, queue, computed))
                advance(1)
            return days
    finally:
        await platform.close()


class _Counted:
    """The handler of the scores room, and how many subjects it was given."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.subjects = 0

    async def __call__(self, connection: Connection, subject_ids: list[UUID]) -> None:
        self.subjects += len(subject_ids)
        await self._handler(connection, subject_ids)


async def _day(platform: Platform, queue: DueQueue, computed: _Counted) -> _Day:
    now, before = platform.clock.now(), computed.subjects
    async with platform.database.connection() as connection:
        due = await store.due_keys(connection, (TOUCHED, RETENTION), now)
    while await queue.run_due():
        pass
    async with platform.database.connection() as connection:
        scores, changes = await store.scores_written(connection, now)
    return _Day(due, computed.subjects - before, scores, changes)
