"""A plan as arrays, for the kernel: the same integers, no second reading of any rule."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy

from scoring.batch.columns import Array
from scoring.compile import NO_CAP, Plan, RulePlan
from scoring.ruleset import RuleSet

_EPOCH = date(1970, 1, 1)
_KINDS = {"fixed": 0, "amounts": 1, "mark": 2}
_PER = {"record": 0, "year": 1, "term": 2}
# Later than any day.
_NEVER = 2**31
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Tables(NamedTuple):
    """Entries (first day, rule, points), rules, segments, sides, ceilings, levels, calendar.

    `entry_points[entry, back]` is what a fixed record gives, `rule_permille[rule, back]` how much of an amount's points is
    left, `back` calendar months after its own; the last column holds for all earlier months. The last entry is one more
    than the plan has: it begins after the end of time. `year_of[day - first_day]` and `back_of[day - first_day]` are the
    calendar. What is an index is unsigned.
    """

    as_of: int
    entry_first: Array
    entry_rule: Array
    entry_points: Array
    rule_kind: Array
    rule_sign: Array
    rule_side: Array
    rule_per: Array
    rule_group: Array
    rule_yearly_cap: Array
    rule_total_cap: Array
    rule_segments: Array
    segments: Array
    rule_permille: Array
    side_yearly_cap: Array
    side_total_cap: Array
    capped_by_year: bool
    groups: int
    ceiling_rules: Array
    ceiling_count: Array
    ceiling_rank: Array
    thresholds: Array
    ranks: Array
    base: int
    minimum: int
    maximum: int
    first_day: int
    year_of: Array
    back_of: Array


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def tables_of(rule_set: RuleSet, plan: Plan) -> Tables:
    """The arrays of a rule set and its plan on a day."""
    entries = list(plan.entries.values())
    levels = sorted(rule_set.levels, key=lambda level: level.rank)
    backs = range(
        1 + max((_months_back(plan, start) + 1 for rule in plan.rules for start in rule.fades_from), default=0)
    )
    periods = [[_period(plan, rule, back) for back in backs] for rule in plan.rules]
    month_of = _month_of()
    month = _month(plan.as_of)
    return Tables(
        as_of=days(plan.as_of),
        entry_first=_integers([*(days(entry.first) for entry in entries), _NEVER]),
        entry_rule=_indices(entry.rule.index for entry in entries),
        entry_points=_table(
            [[entry.values[period] for period in periods[entry.rule.index]] for entry in entries], len(backs)
        ),
        rule_kind=_integers(_KINDS[rule.kind] for rule in plan.rules),
        rule_sign=_integers(rule.sign for rule in plan.rules),
        rule_side=_indices(max(rule.side, 0) for rule in plan.rules),
        rule_per=_integers(_PER[rule.per] for rule in plan.rules),
        rule_group=_integers(rule.group for rule in plan.rules),
        rule_yearly_cap=_integers(rule.yearly_cap for rule in plan.rules),
        rule_total_cap=_integers(rule.total_cap for rule in plan.rules),
        rule_segments=_integers(accumulate((len(rule.segments) for rule in plan.rules), initial=0)),
        segments=_table(
            [
                [segment.amount, segment.base, segment.unit, segment.points]
                for rule in plan.rules
                for segment in rule.segments
            ],
            4,
        ),
        rule_permille=_table(
            [[rule.permille[period] for period in of_rule] for rule, of_rule in zip(plan.rules, periods, strict=True)],
            len(backs),
        ),
        side_yearly_cap=_integers(side.yearly_cap for side in plan.sides),
        side_total_cap=_integers(side.total_cap for side in plan.sides),
        capped_by_year=any(
            cap < NO_CAP
            for cap in [*(rule.yearly_cap for rule in plan.rules), *(side.yearly_cap for side in plan.sides)]
        ),
        groups=plan.groups,
        ceiling_rules=_table(
            [[int(rule.index in ceiling.rules) for rule in plan.rules] for ceiling in plan.ceilings], len(plan.rules)
        ),
        ceiling_count=_integers(ceiling.count for ceiling in plan.ceilings),
        ceiling_rank=_integers(ceiling.rank for ceiling in plan.ceilings),
        thresholds=_integers(level.threshold for level in levels),
        ranks=_integers(level.rank for level in levels),
        base=rule_set.base,
        minimum=rule_set.minimum,
        maximum=rule_set.maximum,
        first_day=days(date(FIRST_YEAR, 1, 1)),
        year_of=month_of // 12,
        back_of=numpy.clip(month - month_of, 0, backs[-1]).astype(numpy.uint32),
    )


def _month(day: date) -> int:
    """Months since the calendar of the tables begins; days before it are of its first month, later ones of its last."""
    return min(max((day.year - FIRST_YEAR) * 12 + day.month - 1, 0), (LAST_YEAR - FIRST_YEAR) * 12 + 11)


def _months_back(plan: Plan, start: date) -> int:
    return max(0, _month(plan.as_of) - _month(start))


def _period(plan: Plan, rule: RulePlan, back: int) -> int:
    """The period of decay of what is so many calendar months old: periods begin with a month."""
    return sum(1 for start in rule.fades_from if back > _months_back(plan, start))


@lru_cache
def _month_of() -> Array:
    calendar = numpy.arange(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR + 1}-01-01", dtype="datetime64[D]")
    months: Array = calendar.astype("datetime64[M]").astype(numpy.int64)
    months -= months[0]
    return months


def _integers(values: Iterable[int]) -> Array:
    return numpy.fromiter(values, dtype=numpy.int64)


def _indices(values: Iterable[int]) -> Array:
    return numpy.fromiter(values, dtype=numpy.uint32)


def _table(rows: list[list[int]], width: int) -> Array:
    return numpy.array(rows, dtype=numpy.int64).reshape(len(rows), width)
