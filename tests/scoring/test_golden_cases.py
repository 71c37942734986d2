"""桃花分 at every boundary: cases worked out by hand, kept beside the rule set."""

from datetime import date
from importlib.resources import files

import msgspec
import pytest

from scoring import Fact, load, score, shipped, shipped_names
from scoring.facts import FactState
from scoring.loading import keys_of
from tests.scoring.test_verify import agree

DAY = date(2026, 11, 23)
RULE_SETS = {name: load(shipped(name)) for name in shipped_names()}


class GivenFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record as a case writes it."""

    item: str
    day: date
    grade: str | None = None
    amount: int | None = None
    state: FactState = "active"
    ends_on: date | None = None


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Facts, and what must come out: whole points or millipoints, none in a classification; `lines` and `not_counted` only
    where the case is about them."""

    name: str
    facts: list[GivenFact]
    level: int
    points: int | None = None
    millipoints: int | None = None
    day: date = DAY
    lines: list[tuple[str, int]] | None = None
    not_counted: list[str] | None = None


def cases_of(name: str) -> list[Case]:
    """The cases beside a rule set."""
    return msgspec.yaml.decode(files("scoring.rulesets").joinpath(f"{name}.cases.yaml").read_bytes(), type=list[Case])


CASES = [(name, case) for name in RULE_SETS for case in cases_of(name)]


def facts_of(case: Case) -> list[Fact]:
    """The facts, in the order of the case."""
    return [
        Fact(f"r{number}", given.item, given.day, given.ends_on, given.state, given.grade, given.amount, "来源")
        for number, given in enumerate(case.facts)
    ]


@pytest.mark.parametrize(("name", "case"), CASES, ids=lambda part: part.name if isinstance(part, Case) else part)
def test_a_case_comes_out_as_worked_out(name: str, case: Case) -> None:
    rule_set = RULE_SETS[name]
    result = score(rule_set, facts_of(case), case.day)
    expected = case.millipoints if case.points is None else case.points * 1000
    assert result.millipoints == (expected or 0)
    assert (expected is not None) == rule_set.has_points
    assert result.level.rank == case.level
    assert rule_set.base + sum(line.millipoints for line in result.lines) == result.millipoints
    if case.lines is not None:
        assert [(line.rule_id, line.millipoints) for line in result.lines] == [
            (rule, points * 1000) for rule, points in case.lines
        ]
    if case.not_counted is not None:
        assert sorted(entry.reason for entry in result.not_counted) == sorted(case.not_counted)


@pytest.mark.parametrize("name", RULE_SETS)
def test_every_rule_level_and_ceiling_has_a_case_and_every_case_a_name(name: str) -> None:
    rule_set, cases = RULE_SETS[name], cases_of(name)
    assert len({case.name for case in cases}) == len(cases)
    results = [score(rule_set, facts_of(case), case.day) for case in cases]
    given = {(fact.item, fact.grade) for case in cases for fact in case.facts}
    for rule in rule_set.rules:
        assert set(keys_of(rule)) <= given | {(item, None) for item, _ in given}, rule.id
    giving = {rule.id for rule in rule_set.rules if rule.kind != "mark"}
    assert {line.rule_id for result in results for line in result.lines} >= giving
    assert {result.level.rank for result in results} == set(rule_set.levels_by_rank)
    reached = {held.ceiling_id for result in results for held in result.held}
    assert reached == {ceiling.id for ceiling in rule_set.ceilings}


@pytest.mark.parametrize(("name", "case"), CASES, ids=lambda part: part.name if isinstance(part, Case) else part)
def test_the_file_that_residents_run_gives_the_same(name: str, case: Case) -> None:
    agree(RULE_SETS[name], facts_of(case), case.day)
