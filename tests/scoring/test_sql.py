"""The generated SQL gives the engine's integers on DuckDB and on the city's own PostgreSQL, record by record."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import duckdb
from hypothesis import given, settings
from hypothesis import strategies as some

from scoring import Fact, RuleSet, score
from scoring.batch.sql import statements
from tests.conftest import Services
from tests.scoring.rule_set_strategies import DAY, facts, rule_sets

Population = list[tuple[int, list[Fact]]]
Row = tuple[Any, ...]


@some.composite
def populations(draw: some.DrawFn) -> Population:
    """Up to four subjects, some without any record."""
    return [(number, draw(facts(most=8))) for number in range(draw(some.integers(1, 4)))]


def rows_of(people: Population) -> list[Row]:
    """The rows of the table of facts."""
    nothing = Fact("", "", date(1970, 1, 1), None, "active", None, None, "")
    return [
        (subject, fact.record_id, fact.item, fact.grade or "", fact.state, fact.occurred_on,
         fact.ends_on or date(9999, 12, 31), fact.amount or 0)
        for subject, records in people
        for fact in records or [nothing]
    ]  # fmt: skip


def expected(rule_set: RuleSet, people: Population, day: date = DAY) -> tuple[list[Row], list[Row]]:
    """Contributions that are not zero, and scores, by the engine."""
    contributions, scores = [], []
    for subject, records in people:
        result = score(rule_set, records, day)
        contributions += [
            (subject, line.record_id, line.rule_id, line.millipoints) for line in result.lines if line.record_id
        ]
        scores.append((subject, result.millipoints, result.level.rank))
    return sorted(contributions), scores


TABLE = (
    "CREATE TEMPORARY TABLE facts (subject BIGINT, record TEXT, item TEXT, grade TEXT, state TEXT, occurred_on DATE, "
    "ends_on DATE, amount BIGINT)"
)


def on_duckdb(rule_set: RuleSet, people: Population) -> tuple[list[Row], list[Row]]:
    """The same, by DuckDB."""
    queries = statements(rule_set, DAY, "duckdb")
    with duckdb.connect() as connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows_of(people))
        contributions = connection.execute(queries.contributions).fetchall()
        scores = connection.execute(queries.scores).fetchall()
    return sorted(row for row in contributions if row[3]), sorted(scores)


@given(rule_sets(), populations())
@settings(max_examples=60, deadline=None)
def test_duckdb_and_engine_agree_on_any_rule_set(rule_set: RuleSet, people: Population) -> None:
    assert on_duckdb(rule_set, people) == expected(rule_set, people)


async def on_postgres(url: str, rule_set: RuleSet, people: Population) -> tuple[list[Row], list[Row]]:
    """The same, by PostgreSQL."""
    queries = statements(rule_set, DAY, "postgres")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(TABLE)
        await connection.copy_records_to_table("facts", records=rows_of(people))
        contributions = [tuple(row) for row in await connection.fetch(queries.contributions)]
        scores = [tuple(row) for row in await connection.fetch(queries.scores)]
    finally:
        await connection.close()
    return sorted(row for row in contributions if row[3]), sorted(scores)


def test_postgresql_and_engine_agree_on_any_rule_set(services: Services) -> None:
    @given(rule_sets(), populations())
    @settings(max_examples=60, deadline=None)
    def agree(rule_set: RuleSet, people: Population) -> None:
        found = asyncio.run(on_postgres(services.database_url, rule_set, people))
        assert found == expected(rule_set, people)

    agree()
