"""The generated SQL gives the engine's integers on Spark, in ANSI mode, record by record: `python3 dev.py spark`."""

from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from shutil import which
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from backend.city.create import create_city
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.records import service as records
from backend.scores import store
from backend.scores.simulation.running import ACCESS
from scoring import RuleSet, load, shipped
from scoring.batch.sql import statements
from tests.scoring.rule_set_strategies import DAY, facts, rule_sets
from tests.scoring.test_sql import Population, Row, expected, populations, rows_of

if find_spec("pyspark") is None or which("java") is None:
    pytest.skip(
        "Spark 未测试：需要 Java 与 PySpark，请运行 python3 dev.py spark。 Spark not tested: run python3 dev.py spark.",
        allow_module_level=True,
    )

SCHEMA = "subject bigint, record string, item string, grade string, state string, occurred_on date, ends_on date, amount bigint"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.ansi.enabled", "true")
        .getOrCreate()
    )
    yield session
    session.stop()


def on_spark(session: Any, rule_set: RuleSet, day: date, people: Population) -> tuple[list[Row], list[Row]]:
    """Contributions that are not zero, and scores, by Spark."""
    session.createDataFrame(rows_of(people), SCHEMA).createOrReplaceTempView("facts")
    queries = statements(rule_set, day, "spark")
    contributions = [tuple(row) for row in session.sql(queries.contributions).collect()]
    scores = [tuple(row) for row in session.sql(queries.scores).collect()]
    return sorted(row for row in contributions if row[3]), sorted(scores)


def test_spark_and_engine_agree_on_any_rule_set(spark: Any) -> None:
    @given(rule_sets(), populations())
    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
    def agree(rule_set: RuleSet, people: Population) -> None:
        assert on_spark(spark, rule_set, DAY, people) == expected(rule_set, people)

    agree()


@pytest.mark.parametrize("name", ["taohua", "hebei-enterprises"])
def test_spark_and_engine_agree_on_a_shipped_rule_set(spark: Any, name: str) -> None:
    """On records of its own items and grades, and one subject without any."""
    rule_set = load(shipped(name))
    items = sorted({rule.item for rule in rule_set.rules})
    grades = sorted({grade for rule in rule_set.rules for grade in rule.grades})

    @given(some.lists(facts(items=items, grades=grades), min_size=20, max_size=20))
    @settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
    def agree(drawn: list[list[Any]]) -> None:
        people: Population = [(number, records) for number, records in enumerate([*drawn, []])]
        assert on_spark(spark, rule_set, DAY, people) == expected(rule_set, people)

    agree()


async def test_spark_and_engine_agree_on_the_synthetic_city(spark: Any, platform: Platform) -> None:
    """Everybody who consents, with the records as the sources delivered them, and somebody without any."""
    await create_city(platform, seed=5, residents=400, advance=lambda _: None)
    day = local_date(platform.clock.now())
    async with platform.database.connection() as connection:
        ids = await store.all_subjects(connection, UUID(int=0), 1000)
        allowed = await consents.in_force(connection, ConsentKind.COMPUTE, ids, platform.clock.now())
        facts_by_person = await records.facts_of(connection, ACCESS, sorted(allowed))
    people: Population = list(enumerate([*facts_by_person.values(), []]))
    assert len(people) > 200
    rule_set = load(shipped("taohua"))
    assert on_spark(spark, rule_set, day, people) == expected(rule_set, people, day)
