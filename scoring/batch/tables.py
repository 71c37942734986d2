"""A plan as arrays, for the kernel: the same integers, no second reading of any rule."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy

from scoring.batch.columns import Array
from scoring.compile import Plan
from scoring.ruleset import RuleSet

_EPOCH = date(1970, 1, 1)
_KINDS = {"fixed": 0, "amounts": 1, "mark": 2}
_PER = {"record": 0, "year": 1, "term": 2}
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Tables(NamedTuple):
    """Entries (first day, rule, value of each period), rules, segments, periods of decay, sides, ceilings, levels, years."""

    as_of: int
    entry_first: Array
    entry_rule: Array
    entry_values: Array
    rule_kind: Array
    rule_sign: Array
    rule_side: Array
    rule_per: Array
    rule_group: Array
    rule_yearly_cap: Array
    rule_total_cap: Array
    rule_segments: Array
    segments: Array
    rule_periods: Array
    periods: Array
    rule_permille: Array
    side_yearly_cap: Array
    side_total_cap: Array
    groups: int
    ceiling_rules: Array
    ceiling_count: Array
    ceiling_rank: Array
    thresholds: Array
    ranks: Array
    base: int
    minimum: int
    maximum: int
    years: Array


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def tables_of(rule_set: RuleSet, plan: Plan) -> Tables:
    """The arrays of a rule set and its plan on a day."""
    periods = max(len(rule.permille) for rule in plan.rules) if plan.rules else 1
    levels = sorted(rule_set.levels, key=lambda level: level.rank)
    return Tables(
        as_of=days(plan.as_of),
        entry_first=_integers(days(entry.first) for entry in plan.entries.values()),
        entry_rule=_integers(entry.rule.index for entry in plan.entries.values()),
        entry_values=_table(
            [[*entry.values, *[0] * (periods - len(entry.values))] for entry in plan.entries.values()], periods
        ),
        rule_kind=_integers(_KINDS[rule.kind] for rule in plan.rules),
        rule_sign=_integers(rule.sign for rule in plan.rules),
        rule_side=_integers(max(rule.side, 0) for rule in plan.rules),
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
        rule_periods=_integers(accumulate((len(rule.fades_from) for rule in plan.rules), initial=0)),
        periods=_integers(days(start) for rule in plan.rules for start in rule.fades_from),
        rule_permille=_table([[*rule.permille, *[0] * (periods - len(rule.permille))] for rule in plan.rules], periods),
        side_yearly_cap=_integers(side.yearly_cap for side in plan.sides),
        side_total_cap=_integers(side.total_cap for side in plan.sides),
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
        years=_years(),
    )


@lru_cache
def _years() -> Array:
    return _integers(days(date(year, 1, 1)) for year in range(FIRST_YEAR, LAST_YEAR + 1))


def _integers(values: Iterable[int]) -> Array:
    return numpy.fromiter(values, dtype=numpy.int64)


def _table(rows: list[list[int]], width: int) -> Array:
    return numpy.array(rows, dtype=numpy.int64).reshape(len(rows), width)
