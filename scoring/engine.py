"""One subject: facts, rule set and date in; score, level and one exact line for each record out. Integers only.

Order never matters: within a rule, facts are taken by day and record id; caps cut the latest first. So
base + sum of the lines = score, to the millipoint, for any order of the facts.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

from scoring.facts import Fact
from scoring.ruleset import MILLIPOINTS, Dimension, Level, Names, Rule, RuleSet

Reason = Literal[
    "capped",
    "expired",
    "not-yet",
    "marked",
    "hidden",
    "corrected",
    "withdrawn",
    "repaired",
    "archived",
    "not-scored",
    "towards-year",
]


class Line(msgspec.Struct, frozen=True):
    """What one record contributes. `until` is the first day on which it no longer does. `record_id` is None for the
    line that keeps the score within its range."""

    record_id: str | None
    rule_id: str
    dimension: str
    millipoints: int
    reason: Names
    source: str
    occurred_on: date | None
    until: date | None
    capped_millipoints: int = 0


class NotCounted(msgspec.Struct, frozen=True):
    """A record that contributes nothing, and why."""

    record_id: str
    item: str
    source: str
    reason: Reason


class Result(msgspec.Struct, frozen=True):
    """A score: base + sum of the lines' millipoints, exactly. `next_change_on` is the first later day on which it can
    change without any new record."""

    millipoints: int
    level: Level
    lines: tuple[Line, ...]
    not_counted: tuple[NotCounted, ...]
    next_change_on: date | None


class _Candidate(msgspec.Struct):
    fact: Fact
    rule: Rule
    until: date
    millipoints: int


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the month's last day where it has no such day (Civil Code art. 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (31, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def score(rule_set: RuleSet, facts: Iterable[Fact], as_of: date) -> Result:
    """The score of one subject on a day of Asia/Shanghai.

    Facts of other states than `active`, outside their term, or without a rule are listed with the reason they do not count.
    """
    rules = rule_set.rules_by_item
    candidates: list[_Candidate] = []
    not_counted: list[NotCounted] = []
    changes: list[date] = [rule_set.effective_until] if rule_set.effective_until else []

    def leave_out(fact: Fact, reason: Reason) -> None:
        not_counted.append(NotCounted(fact.record_id, fact.item, fact.source, reason))

    for fact in sorted(facts, key=lambda fact: (fact.occurred_on, fact.record_id)):
        rule = rules.get((fact.item, fact.grade)) or rules.get((fact.item, None))
        if fact.state != "active":
            leave_out(fact, fact.state)
            continue
        if rule is None:
            leave_out(fact, "not-scored")
            continue
        until = add_months(fact.occurred_on, rule.months)
        if fact.ends_on is not None:
            until = min(until, fact.ends_on)
        if until <= as_of or until <= fact.occurred_on:
            leave_out(fact, "expired")
        elif fact.occurred_on > as_of:
            changes.append(fact.occurred_on)
            leave_out(fact, "not-yet")
        else:
            changes.append(until)
            candidates.append(_Candidate(fact, rule, until, 0))

    _give_points(candidates)
    raw = [candidate.millipoints for candidate in candidates]
    _cap_rules(candidates)
    _cap_dimensions(candidates, rule_set.dimensions)
    lines: list[Line] = []
    for candidate, uncapped in zip(candidates, raw, strict=True):
        if candidate.millipoints == 0:
            leave_out(
                candidate.fact, "capped" if uncapped else "towards-year" if candidate.fact.amount else "not-scored"
            )
        else:
            lines.append(_line(candidate, uncapped))
    total = rule_set.base + sum(line.millipoints for line in lines)
    bounded = min(max(total, rule_set.minimum), rule_set.maximum)
    if bounded != total:
        lines.append(_range_line(bounded - total))
    return Result(
        millipoints=bounded,
        level=rule_set.level_of(bounded),
        lines=tuple(lines),
        not_counted=tuple(not_counted),
        next_change_on=min((day for day in changes if day > as_of), default=None),
    )


def _give_points(candidates: Sequence[_Candidate]) -> None:
    """Points before caps. Amounts of one rule add up within a calendar year; each record gets what it adds."""
    amounts: dict[tuple[str, int], int] = defaultdict(int)
    for candidate in candidates:
        rule, fact = candidate.rule, candidate.fact
        if rule.kind == "fixed":
            candidate.millipoints = rule.points * MILLIPOINTS
            continue
        year = (rule.id, fact.occurred_on.year)
        before = _points_for(rule, amounts[year])
        amounts[year] += max(0, fact.amount or 0)
        candidate.millipoints = (_points_for(rule, amounts[year]) - before) * MILLIPOINTS


def _points_for(rule: Rule, amount: int) -> int:
    if rule.kind == "units":
        return amount // rule.unit * rule.points
    reached = bisect_right([step.amount for step in rule.steps], amount)
    return rule.steps[reached - 1].points if reached else 0


def _cap_rules(candidates: Sequence[_Candidate]) -> None:
    yearly: dict[tuple[str, int], int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for candidate in candidates:
        rule, year = candidate.rule, (candidate.rule.id, candidate.fact.occurred_on.year)
        points = candidate.millipoints
        if rule.yearly_cap is not None:
            points = _within(points, yearly[year], rule.yearly_cap * MILLIPOINTS)
        if rule.total_cap is not None:
            points = _within(points, total[rule.id], rule.total_cap * MILLIPOINTS)
        yearly[year] += points
        total[rule.id] += points
        candidate.millipoints = points


def _cap_dimensions(candidates: Sequence[_Candidate], dimensions: Sequence[Dimension]) -> None:
    bounds = {dimension.id: dimension for dimension in dimensions}
    added: dict[str, int] = defaultdict(int)
    taken: dict[str, int] = defaultdict(int)
    for candidate in candidates:
        dimension = bounds[candidate.rule.dimension]
        if candidate.millipoints > 0:
            candidate.millipoints = _within(candidate.millipoints, added[dimension.id], dimension.most * MILLIPOINTS)
            added[dimension.id] += candidate.millipoints
        else:
            candidate.millipoints = _within(candidate.millipoints, taken[dimension.id], dimension.least * MILLIPOINTS)
            taken[dimension.id] += candidate.millipoints


def _within(points: int, used: int, cap: int) -> int:
    """As much of `points` as fits between `used` and `cap`, which have its sign or are zero."""
    return min(points, max(0, cap - used)) if points > 0 else max(points, min(0, cap - used))


def _line(candidate: _Candidate, uncapped: int) -> Line:
    return Line(
        record_id=candidate.fact.record_id,
        rule_id=candidate.rule.id,
        dimension=candidate.rule.dimension,
        millipoints=candidate.millipoints,
        reason=candidate.rule.reason,
        source=candidate.fact.source,
        occurred_on=candidate.fact.occurred_on,
        until=candidate.until,
        capped_millipoints=uncapped - candidate.millipoints,
    )


def _range_line(millipoints: int) -> Line:
    return Line(
        record_id=None,
        rule_id="range",
        dimension="range",
        millipoints=millipoints,
        reason=Names("分值不超出本规则的上下限", "The score stays within its range"),
        source="",
        occurred_on=None,
        until=None,
    )
