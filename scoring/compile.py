"""The compiled form of a rule set on one day: tables of integers and dates that every engine reads, and none rewrites.

All points are magnitudes in millipoints; a rule's sign and side say which way they go. A term has become the first day
that still counts, decay the first days of its calendar periods, and steps, units and tiers one table of segments.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from scoring.calendar import add_months, first_day_lasting, period_start
from scoring.loading import adds, keys_of
from scoring.points import millipoints
from scoring.ruleset import Names, Rule, RuleSet

NO_CAP = 10**15
FOREVER = date(1, 1, 1)
_PLANS_KEPT = 64


class Segment(msgspec.Struct, frozen=True):
    """From `amount` on: `base` millipoints, and `points` more for each whole `unit` above `amount`."""

    amount: int
    base: int
    unit: int
    points: int


class RulePlan(msgspec.Struct, frozen=True):
    """A rule, compiled. `side` is 2 x dimension, plus 1 if it takes points. `fades_from[k]`: first day of the period with
    `permille[k]`; `fades_next`: the day on which the present period ends. `group` is -1 outside any one-of group."""

    index: int
    id: str
    dimension: str
    kind: Literal["fixed", "amounts", "mark"]
    sign: int
    side: int
    per: Literal["year", "term", "record"]
    segments: tuple[Segment, ...]
    permille: tuple[int, ...]
    fades_from: tuple[date, ...]
    fades_next: date | None
    yearly_cap: int
    total_cap: int
    group: int


class Entry(msgspec.Struct, frozen=True):
    """A catalogue item and grade with its rule. `values[k]` is what a fixed record gives k periods after its own;
    `first`: the earliest day that still counts; `months`: 0 where the term is the `year` of the day or the record's own."""

    item: str
    grade: str | None
    rule: RulePlan
    values: tuple[int, ...]
    first: date
    months: int
    year: bool
    reason: Names


class Side(msgspec.Struct, frozen=True):
    """One direction of a dimension: the most that it adds, or takes, for acts of one year and in all."""

    dimension: str
    yearly_cap: int
    total_cap: int


class CeilingPlan(msgspec.Struct, frozen=True):
    """While `count` records of these rules count, the rank is at most `rank`."""

    id: str
    rules: frozenset[int]
    count: int
    rank: int
    reason: Names


class Plan(msgspec.Struct, frozen=True):
    """A rule set on a day. `ends`: the later day on which it is no longer in force. `by_year`: the rules whose amounts
    add up within a year. Base and range in millipoints."""

    as_of: date
    entries: Mapping[tuple[str, str | None], Entry]
    rules: tuple[RulePlan, ...]
    sides: tuple[Side, ...]
    groups: int
    ceilings: tuple[CeilingPlan, ...]
    ends: date | None
    by_year: tuple[int, ...]
    base: int
    minimum: int
    maximum: int


def plan_on(rule_set: RuleSet, as_of: date) -> Plan:
    """The compiled form of a rule set on a day, kept for the days asked for lately."""
    plan = rule_set.plans.get(as_of)
    if plan is None:
        if len(rule_set.plans) >= _PLANS_KEPT:
            rule_set.plans.clear()
        plan = rule_set.plans[as_of] = _compile(rule_set, as_of)
    return plan


def points_of(segments: tuple[Segment, ...], amount: int) -> int:
    """Millipoints of an amount: of the last segment that it reaches."""
    points = 0
    for segment in segments:
        if amount < segment.amount:
            break
        points = segment.base + (amount - segment.amount) // segment.unit * segment.points
    return points


def _compile(rule_set: RuleSet, as_of: date) -> Plan:
    dimensions = {dimension.id: index for index, dimension in enumerate(rule_set.dimensions)}
    groups = {rule.one_of: 0 for rule in rule_set.rules if rule.one_of is not None}
    groups = {group: index for index, group in enumerate(groups)}
    rules = tuple(_compile_rule(rule, index, dimensions, groups, as_of) for index, rule in enumerate(rule_set.rules))
    numbers = {rule.id: index for index, rule in enumerate(rule_set.rules)}
    sides: list[Side] = []
    for dimension in rule_set.dimensions:
        sides.append(Side(dimension.id, _cap(dimension.most_yearly), _cap(dimension.most)))
        sides.append(Side(dimension.id, _cap(dimension.least_yearly), _cap(dimension.least)))
    return Plan(
        as_of=as_of,
        entries={
            key: _compile_entry(rule, key, plan, as_of)
            for rule, plan in zip(rule_set.rules, rules, strict=True)
            for key in keys_of(rule)
        },
        rules=rules,
        sides=tuple(sides),
        groups=len(groups),
        ceilings=tuple(
            CeilingPlan(
                ceiling.id,
                frozenset(numbers[rule] for rule in ceiling.rules),
                ceiling.count,
                ceiling.rank,
                ceiling.reason,
            )
            for ceiling in rule_set.ceilings
        ),
        ends=rule_set.effective_until if rule_set.effective_until and rule_set.effective_until > as_of else None,
        by_year=tuple(rule.index for rule in rules if rule.kind == "amounts" and rule.per == "year"),
        base=rule_set.base,
        minimum=rule_set.minimum,
        maximum=rule_set.maximum,
    )


def _compile_rule(
    rule: Rule, index: int, dimensions: Mapping[str, int], groups: Mapping[str, int], as_of: date
) -> RulePlan:
    taking = not adds(rule)
    permille: tuple[int, ...] = (1000,)
    periods: tuple[date, ...] = ()
    fades_next: date | None = None
    if rule.decay is not None:
        every = rule.decay.every_months
        permille = rule.decay.permille
        periods = tuple(period_start(as_of, every, back) for back in range(len(permille) - 1))
        fades_next = period_start(as_of, every, -1)
    return RulePlan(
        index=index,
        id=rule.id,
        dimension=rule.dimension or "",
        kind="fixed" if rule.kind == "fixed" else "mark" if rule.kind == "mark" else "amounts",
        sign=-1 if taking else 1,
        side=-1 if rule.dimension is None else 2 * dimensions[rule.dimension] + taking,
        per=rule.per,
        segments=_segments(rule),
        permille=permille,
        fades_from=periods,
        fades_next=fades_next,
        yearly_cap=_cap(rule.yearly_cap),
        total_cap=_cap(rule.total_cap),
        group=-1 if rule.one_of is None else groups[rule.one_of],
    )


def _compile_entry(rule: Rule, key: tuple[str, str | None], plan: RulePlan, as_of: date) -> Entry:
    graded = rule.grades.get(key[1]) if key[1] is not None else None
    months = (graded.months if graded is not None else None) or rule.months or 0
    if rule.term == "months":
        first = first_day_lasting(months, as_of)
    else:
        first = date(as_of.year, 1, 1) if rule.term == "calendar-year" else FOREVER
    size = abs(millipoints(graded.points if graded is not None else rule.points))
    return Entry(
        item=key[0],
        grade=key[1],
        rule=plan,
        values=tuple(size * permille // 1000 for permille in plan.permille),
        first=first,
        months=months,
        year=rule.term == "calendar-year",
        reason=(graded.reason if graded is not None else None) or rule.reason,
    )


def _segments(rule: Rule) -> tuple[Segment, ...]:
    """Steps, units and tiers as segments; before the first, nothing."""
    if rule.kind == "steps":
        return tuple(Segment(step.amount, abs(millipoints(step.points)), 1, 0) for step in rule.steps)
    if rule.kind == "units":
        return (Segment(0, 0, rule.unit, abs(millipoints(rule.points))),)
    segments: list[Segment] = []
    for tier in rule.tiers:
        base = points_of(tuple(segments), tier.above)
        segments.append(Segment(tier.above, base, tier.unit, abs(millipoints(tier.points))))
    return tuple(segments)


def _cap(points: int | str | None) -> int:
    return NO_CAP if points is None else abs(millipoints(points))


def last_day_after(entry: Entry, occurred_on: date) -> date:
    """The first day on which a record of this entry no longer counts, by the rule alone."""
    if entry.months:
        return add_months(occurred_on, entry.months)
    return date(occurred_on.year + 1, 1, 1) if entry.year else date.max
