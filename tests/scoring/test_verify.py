"""The file that a resident reads and runs gives what the engine gives, record by record, whatever the rule set says."""

from datetime import date

import msgspec
from hypothesis import given, settings

from scoring import Fact, RuleSet, score, verify
from tests.scoring.rule_set_strategies import DAY, facts, rule_sets


def agree(rule_set: RuleSet, records: list[Fact], day: date) -> None:
    """The engine's lines and level are those of the file."""
    result = score(rule_set, records, day)
    again = verify.recompute(msgspec.to_builtins(rule_set), msgspec.to_builtins(records), day)
    lines = {line.record_id: line.millipoints for line in result.lines if line.record_id is not None}
    assert {record: points for record, points in again["points"].items() if points} == lines
    assert (again["millipoints"], again["rank"]) == (result.millipoints, result.level.rank)


@given(rule_sets(), facts())
@settings(max_examples=400, deadline=None)
def test_the_engine_and_the_file_agree_on_any_rule_set(rule_set: RuleSet, records: list[Fact]) -> None:
    agree(rule_set, records, DAY)


@given(rule_sets(), facts())
@settings(max_examples=200, deadline=None)
def test_base_and_lines_are_the_score_for_any_rule_set(rule_set: RuleSet, records: list[Fact]) -> None:
    result = score(rule_set, records, DAY)
    assert rule_set.base + sum(line.millipoints for line in result.lines) == result.millipoints
    told = [line.record_id for line in result.lines if line.record_id] + [left.record_id for left in result.not_counted]
    assert sorted(told) == sorted(record.record_id for record in records)


@given(rule_sets(), facts(most=8))
@settings(max_examples=150, deadline=None)
def test_nothing_changes_before_the_next_change(rule_set: RuleSet, records: list[Fact]) -> None:
    now = score(rule_set, records, DAY)
    day = now.next_change_on or date(2032, 1, 1)
    while day > DAY:
        day = day.fromordinal(day.toordinal() - 1)
        later = score(rule_set, records, day)
        assert (later.millipoints, later.level, later.lines) == (now.millipoints, now.level, now.lines)
        if day.toordinal() % 7:
            day = date.fromordinal(max(DAY.toordinal(), day.toordinal() - 40))
