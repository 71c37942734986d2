"""A dry run counts what the engine would say of everybody, tells of no few, stores nothing, and leaves its access rows."""

from collections import Counter
from datetime import date
from uuid import UUID

import msgspec
import pytest

from backend.city.create import create_city
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.records import service as records
from backend.scores import store
from backend.scores.simulation.messages import Report
from backend.scores.simulation.page import render
from backend.scores.simulation.running import ACCESS, simulate
from scoring import Fact, RuleSet, load, score, shipped
from scoring.disclosure import rounded

BEFORE = load(shipped("taohua"))
AFTER = load(
    shipped("taohua")
    .decode()
    .replace('version: "2026.1"', 'version: "2027.1"', 1)
    .replace(
        "{rank: 2, names: {zh: 良好, en: Good}, at_least: 620}", "{rank: 2, names: {zh: 良好, en: Good}, at_least: 605}"
    )
    .replace("      - {amount: 10, points: 2}\n", "      - {amount: 10, points: 4}\n")
)


@pytest.fixture
async def city(platform: Platform) -> date:
    """A small city on the test's day."""
    await create_city(platform, seed=5, residents=300, advance=lambda _: None)
    return local_date(platform.clock.now())


async def run(platform: Platform, before: RuleSet, after: RuleSet, day: date) -> Report:
    """One dry run."""
    return await simulate(platform, before, after, day, lambda _: None)


async def everybody(platform: Platform) -> list[list[Fact]]:
    """The facts of everybody who consents."""
    async with platform.database.connection() as connection:
        ids = await store.all_subjects(connection, UUID(int=0), 1000)
        allowed = await consents.in_force(connection, ConsentKind.COMPUTE, ids, platform.clock.now())
        return list((await records.facts_of(connection, ACCESS, sorted(allowed))).values())


async def test_the_counts_are_those_of_the_engine_of_one_subject(platform: Platform, city: date) -> None:
    report = await run(platform, BEFORE, AFTER, city)
    people = await everybody(platform)
    pairs = [(score(BEFORE, facts, city), score(AFTER, facts, city)) for facts in people]
    up = sum(after.millipoints > before.millipoints for before, after in pairs)
    assert (report.people, report.up, report.down) == (len(people), rounded(up), None)
    for place, name in enumerate(("before", "after")):
        ranks = Counter(pair[place].level.rank for pair in pairs)
        assert {level.rank: getattr(level, name) for level in report.levels} == {
            level.rank: rounded(ranks[level.rank]) for level in BEFORE.levels
        }
    moves = Counter((before.level.rank, after.level.rank) for before, after in pairs)
    assert {(change.before, change.after): change.people for change in report.level_changes} == {
        move: rounded(count) for move, count in moves.items() if move[0] != move[1]
    }
    assert any(change.people for change in report.level_changes)
    for table in (report.districts, report.age_bands, report.channels):
        assert sum(row.people for row in table) == len(people)
        assert sum(row.up for row in table) == up
    assert [mover.item for mover in report.movers] == ["volunteer-service"]
    assert report.movers[0].millipoints == sum(after.millipoints - before.millipoints for before, after in pairs)


async def test_the_same_rules_change_nothing(platform: Platform, city: date) -> None:
    report = await run(platform, BEFORE, BEFORE, city)
    assert (report.up, report.down, report.level_changes, report.movers) == (None, None, [], [])
    assert all(row.up == row.down == 0 for row in report.districts)
    assert "没有变化" in render(report)


async def test_nothing_is_stored_but_a_row_in_everybodys_access_log(platform: Platform, city: date) -> None:
    async def scores() -> list[object]:
        async with platform.database.connection() as connection:
            return await connection.impersonal("the test compares", "SELECT * FROM score ORDER BY subject_id")  # type: ignore[return-value]

    before = await scores()
    report = await run(platform, BEFORE, AFTER, city)
    assert await scores() == before
    async with platform.database.connection() as connection:
        rows = await connection.impersonal(
            "the test counts",
            "SELECT subject_id, count(*) AS looks FROM access_entry WHERE action = $1 GROUP BY subject_id",
            ACCESS.action,
        )
        subjects = await connection.impersonal("the test looks for ids", "SELECT id FROM subject")
    assert (len(rows), {row["looks"] for row in rows}) == (report.people, {2})
    told = msgspec.json.encode(report).decode() + render(report)
    assert not [row["id"] for row in subjects if str(row["id"]) in told]


async def test_a_hamlet_is_told_of_as_too_few(platform: Platform) -> None:
    await create_city(platform, seed=5, residents=10, advance=lambda _: None)
    report = await run(platform, BEFORE, AFTER, local_date(platform.clock.now()))
    assert (report.districts, report.quantiles) == ([], [])
    assert {level.before for level in report.levels} == {None}
    assert "人数过少" in render(report)
