"""`xinyi score batch`: scores a whole population with the columnar engine, from files or from the database, into files."""

import asyncio
from collections import Counter
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec
import numpy
import pyarrow

from backend.commands.progress import Advance, progress
from backend.commands.rules import load_file
from backend.commands.services import opened, servers
from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from backend.rule_sets import service as rule_sets
from backend.rule_sets.published import PERSONAL
from backend.scores import reconciliation
from backend.scores.batch import files as facts_files
from backend.scores.batch.output import Output, ShardDone, digest_of, open_output
from backend.scores.batch.people import People, in_columns, read_page
from backend.scores.batch.shards import Array, Shard, score_shard
from scoring import RuleSet, load, shipped

ROWS_OF_A_SHARD = 1_000_000
PEOPLE_OF_A_SHARD = 2_000


class Summary(msgspec.Struct, frozen=True):
    """What a batch wrote, and where. `went_on_after` are the shards of an earlier run that was stopped; `levels` are
    subjects by the level's rank."""

    rule_set: str
    version: str
    day: date
    source: str
    output: str
    subjects: int
    rows: int
    contributions: int
    shards: int
    went_on_after: int
    levels: dict[int, int]


def rule_set_of(file: Path | None) -> RuleSet:
    """The lawful rule set of a file, or the one that is shipped. Raises Refusal."""
    return load(shipped(PERSONAL)) if file is None else load_file(file)


def score_files(source: Path, rule_set: RuleSet, day: date, folder: Path, shard: int | None = None) -> Summary:
    """Scores the subjects of Parquet or Arrow files, `shard` rows at a time. Raises Refusal."""
    size = shard or ROWS_OF_A_SHARD
    files = facts_files.find_files(source)
    digest = digest_of(rule_set, day, ["files", size, facts_files.identity(files)])
    output = open_output(folder, rule_set, day, str(source), digest)
    try:
        before = len(output.manifest.shards)
        done = sum(shard.rows for shard in output.manifest.shards)
        with progress("批量计分 batch", sum(sum(file.parts) for file in files)) as advance:
            advance(done)
            if not output.manifest.whole:
                _score_files(output, rule_set, day, files, size, done, advance)
                output.finish()
    finally:
        output.close()
    return _summary(output, folder, before)


def score_people(settings: Settings, day: date | None, folder: Path, shard: int | None) -> Summary:
    """Scores everybody in the database who consents to computing, by the rule set in force on the day. Raises Refusal."""

    async def act(addressed: Settings) -> Summary:
        async with opened(addressed) as platform:
            return await batch_of_people(platform, day or local_date(platform.clock.now()), folder, shard)

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))


async def batch_of_people(platform: Platform, day: date, folder: Path, shard: int | None = None) -> Summary:
    """The same on a platform that is open, `shard` people at a time. Five round trips for each shard, transaction included."""
    try:
        rule_set = rule_sets.in_force_on(platform, day)
    except LookupError:
        raise Refusal(f"{day} 没有生效的评价规则。", f"No rule set is in force on {day}.") from None
    size = shard or PEOPLE_OF_A_SHARD
    async with platform.database.connection() as connection:
        database = await connection.fetch_value(
            "SELECT datname || ' ' || oid FROM pg_database WHERE datname = current_database()"
        )
    output = open_output(folder, rule_set, day, "database", digest_of(rule_set, day, ["database", size, database]))
    try:
        before = len(output.manifest.shards)
        with progress("批量计分 batch", await reconciliation.count_people(platform)) as advance:
            if not output.manifest.whole:
                await _score_people(platform, output, rule_set, day, size, advance)
                output.finish()
    finally:
        output.close()
    return _summary(output, folder, before)


def _score_files(
    output: Output,
    rule_set: RuleSet,
    day: date,
    files: list[facts_files.FactsFile],
    size: int,
    done: int,
    advance: Advance,
) -> None:
    last = int(output.manifest.shards[-1].last) if output.manifest.shards else None
    for batches in facts_files.cut(files, size, done):
        try:
            shard = score_shard(rule_set, day, batches)
        except ValueError:
            raise _unsorted() from None
        if last is not None and int(shard.subjects[0]) <= last:
            raise _unsorted()
        last = int(shard.subjects[-1])
        rows = shard.points.size
        counted = numpy.flatnonzero(shard.points)
        contributions = pyarrow.table(
            {
                "subject": shard.row_subjects[counted],
                "row": done + counted,
                "millipoints": shard.points[counted],
            }
        )
        output.add(
            _done(shard, counted, rows, str(last)),
            _scores(pyarrow.array(shard.subjects), shard),
            contributions,
        )
        done += rows
        advance(rows)


async def _score_people(
    platform: Platform, output: Output, rule_set: RuleSet, day: date, size: int, advance: Advance
) -> None:
    last = UUID(output.manifest.shards[-1].last) if output.manifest.shards else UUID(int=0)
    advance(size * len(output.manifest.shards))
    while (page := await read_page(platform, last, size)) is not None:
        last = page.last
        people = in_columns(page.facts)
        shard = score_shard(rule_set, day, [people.facts])
        counted = numpy.flatnonzero(shard.points)
        output.add(
            _done(shard, counted, sum(record is not None for record in people.records), str(last)),
            _scores(pyarrow.array([str(subject) for subject in people.subjects], pyarrow.string()), shard),
            _contributions_of(people, shard, counted),
        )
        advance(page.people)


def _contributions_of(people: People, shard: Shard, counted: Array) -> pyarrow.Table:
    whose = shard.row_subjects[counted].tolist()
    return pyarrow.table(
        {
            "subject": pyarrow.array([str(people.subjects[number]) for number in whose], pyarrow.string()),
            "record": pyarrow.array([people.records[row] for row in counted.tolist()], pyarrow.string()),
            "millipoints": shard.points[counted],
        }
    )


def _scores(subjects: pyarrow.Array, shard: Shard) -> pyarrow.Table:
    return pyarrow.table({"subject": subjects, "millipoints": shard.scores, "rank": shard.ranks})


def _done(shard: Shard, counted: Array, rows: int, last: str) -> ShardDone:
    ranks, numbers = numpy.unique(shard.ranks, return_counts=True)
    levels = dict(zip(ranks.tolist(), numbers.tolist(), strict=True))
    return ShardDone(shard.subjects.size, rows, counted.size, last, levels)


def _summary(output: Output, folder: Path, before: int) -> Summary:
    manifest = output.manifest
    levels: Counter[int] = Counter()
    for shard in manifest.shards:
        levels.update(shard.levels)
    return Summary(
        rule_set=manifest.rule_set,
        version=manifest.version,
        day=manifest.day,
        source=manifest.source,
        output=str(folder),
        subjects=sum(shard.subjects for shard in manifest.shards),
        rows=sum(shard.rows for shard in manifest.shards),
        contributions=sum(shard.contributions for shard in manifest.shards),
        shards=len(manifest.shards),
        went_on_after=before,
        levels=dict(sorted(levels.items())),
    )


def _unsorted() -> Refusal:
    return Refusal(
        "事实没有按主体、日期、记录排序（多个文件按文件名先后读取）；已写完的分片保留，请排序后另选文件夹重算。",
        "Facts are not sorted by subject, day and record (files are read in the order of their names): sort them, then begin "
        "in another folder.",
    )
