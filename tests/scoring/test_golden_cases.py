"""桃花分 at every boundary: cases worked out by hand, kept beside the rule set."""

from datetime import date
from importlib.resources import files

import msgspec
import pytest

from scoring import Fact, load, score, shipped
from scoring.facts import FactState

DAY = date(2026, 11, 23)
RULE_SET = load(shipped("taohua"))


class GivenFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record as a case writes it."""

    item: str
    day: date
    grade: str | None = None
    amount: int | None = None
    state: FactState = "active"
    ends_on: date | None = None


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Facts, and what must come out; `lines` and `not_counted` only where the case is about them."""

    name: str
    facts: list[GivenFact]
    points: int
    level: int
    day: date = DAY
    lines: list[tuple[str, int]] | None = None
    not_counted: list[str] | None = None


CASES = msgspec.yaml.decode(files("scoring.rulesets").joinpath("taohua.cases.yaml").read_bytes(), type=list[Case])


def facts_of(case: Case) -> list[Fact]:
    """The facts, in the order of the case."""
    return [
        Fact(f"r{number}", given.item, given.day, given.ends_on, given.state, given.grade, given.amount, "来源")
        for number, given in enumerate(case.facts)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_as_worked_out(case: Case) -> None:
    result = score(RULE_SET, facts_of(case), case.day)
    assert result.millipoints == case.points * 1000
    assert result.level.rank == case.level
    assert RULE_SET.base + sum(line.millipoints for line in result.lines) == result.millipoints
    if case.lines is not None:
        assert [(line.rule_id, line.millipoints) for line in result.lines] == [
            (rule, points * 1000) for rule, points in case.lines
        ]
    if case.not_counted is not None:
        assert sorted(entry.reason for entry in result.not_counted) == sorted(case.not_counted)


def test_names_are_told_apart() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_rule_and_every_level_has_a_case() -> None:
    results = [score(RULE_SET, facts_of(case), case.day) for case in CASES]
    assert {line.rule_id for result in results for line in result.lines} >= {rule.id for rule in RULE_SET.rules}
    assert {result.level.rank for result in results} == {level.rank for level in RULE_SET.levels}
