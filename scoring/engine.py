"""One subject: facts, rule set and date in; score, level and one exact line for each record out. Integers only.

Order never matters: facts are taken by day and record id. Each record's points pass, in that order, the rule's cap of the
year, the rule's cap in all, the dimension's cap of the year and the dimension's cap in all; what is left is its line. So
base + sum of the lines = score, to the millipoint.
"""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from operator import attrgetter
from typing import Literal

import msgspec

from scoring.compile import Entry, Plan, last_day_after, plan_on, points_of
from scoring.facts import Fact
from scoring.ruleset import Level, Names, RuleSet

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
    "towards-step",
    "one-of",
    "faded",
    "level-only",
]


class Line(msgspec.Struct, frozen=True, gc=False):
    """What one record contributes. `until` is the first day on which it no longer does; `permille`, how much of it has not
    faded; `capped_millipoints`, what caps cut off. `record_id` is None for the line that keeps the score in its range."""

    record_id: str | None
    rule_id: str
    dimension: str
    millipoints: int
    reason: Names
    source: str
    occurred_on: date | None
    until: date | None
    capped_millipoints: int = 0
    permille: int = 1000


class NotCounted(msgspec.Struct, frozen=True, gc=False):
    """A record that contributes nothing, and why."""

    record_id: str
    item: str
    source: str
    reason: Reason


class Held(msgspec.Struct, frozen=True):
    """A ceiling that is reached: the level is at most `rank` while these records count."""

    ceiling_id: str
    rank: int
    reason: Names
    record_ids: tuple[str, ...]


class Result(msgspec.Struct, frozen=True):
    """A score: base + sum of the lines' millipoints, exactly. `held` are the ceilings reached, `next_change_on` the first
    later day on which anything can change without a new record."""

    millipoints: int
    level: Level
    lines: tuple[Line, ...]
    not_counted: tuple[NotCounted, ...]
    next_change_on: date | None
    held: tuple[Held, ...] = ()


_DAY, _RECORD = attrgetter("occurred_on"), attrgetter("record_id")
_OUT_OF_RANGE = Names("分值不超出本规则的上下限", "The score stays within its range")
_Counting = list[tuple[Fact, Entry, date]]


def score(rule_set: RuleSet, facts: Iterable[Fact], as_of: date) -> Result:
    """The score of one subject on a day of Asia/Shanghai. Record ids differ; raises ValueError if two facts share one.

    Facts of other states than `active`, outside their term, or without a rule are listed with the reason they do not count.
    """
    plan = plan_on(rule_set, as_of)
    left_out: list[NotCounted] = []
    counting, change = _sort_out(plan, facts, left_out)
    lines = _give_points(plan, counting, left_out)
    total = plan.base
    for line in lines:
        total += line.millipoints
    bounded = min(max(total, plan.minimum), plan.maximum)
    if bounded != total:
        lines.append(Line(None, "range", "range", bounded - total, _OUT_OF_RANGE, "", None, None))
    level = rule_set.level_of(bounded)
    held: tuple[Held, ...] = ()
    if plan.ceilings:
        held = _reached(plan, counting)
        rank = min([level.rank, *(ceiling.rank for ceiling in held)])
        level = rule_set.levels_by_rank[rank]
    return Result(bounded, level, tuple(lines), tuple(left_out), change, held)


def _sort_out(plan: Plan, facts: Iterable[Fact], left_out: list[NotCounted]) -> tuple[_Counting, date | None]:
    """The records that count, in order, with the day on which each ends; and the next day on which something changes."""
    as_of, entry_of = plan.as_of, plan.entries.get
    change = plan.ends or date.max
    counting: _Counting = []
    # Two sorts by one key each are quicker than one by pairs, and the second keeps the order of the first.
    ordered = sorted(facts, key=_RECORD)
    for fact, following in pairwise(ordered):
        if fact.record_id == following.record_id:
            raise ValueError(f"two facts have the record id {fact.record_id}")
    ordered.sort(key=_DAY)
    for fact in ordered:
        item, state = fact.item, fact.state
        entry = entry_of((item, fact.grade)) or entry_of((item, None))
        if state != "active" or entry is None:
            left_out.append(NotCounted(fact.record_id, item, fact.source, "not-scored" if state == "active" else state))
            continue
        occurred_on, ends_on = fact.occurred_on, fact.ends_on
        if occurred_on < entry.first:
            left_out.append(NotCounted(fact.record_id, item, fact.source, "expired"))
            continue
        until = last_day_after(entry, occurred_on)
        if ends_on is not None and ends_on < until:
            until = ends_on
        if until <= as_of or until <= occurred_on:
            left_out.append(NotCounted(fact.record_id, item, fact.source, "expired"))
        elif occurred_on > as_of:
            change = min(change, occurred_on)
            left_out.append(NotCounted(fact.record_id, item, fact.source, "not-yet"))
        else:
            if until < change:
                change = until
            fades = entry.rule.fades_next
            # What has not faded to the last will do so on that day.
            if fades is not None and fades < change and occurred_on >= entry.rule.fades_from[-1]:
                change = fades
            counting.append((fact, entry, until))
    return counting, None if change == date.max else change


def _period(entry: Entry, occurred_on: date) -> int:
    """How many calendar periods of its decay a record has behind it; at most the last that has a permille."""
    gone = 0
    for start in entry.rule.fades_from:
        if occurred_on >= start:
            break
        gone += 1
    return gone


def _best_of_groups(plan: Plan, counting: _Counting) -> dict[int, str]:
    """Group -> the record that counts for it: the one with the most points, the earliest if several have them."""
    best: dict[int, tuple[int, str]] = {}
    for fact, entry, _ in counting:
        group = entry.rule.group
        if group >= 0:
            size = entry.values[_period(entry, fact.occurred_on)]
            if group not in best or size > best[group][0]:
                best[group] = (size, fact.record_id)
    return {group: record_id for group, (_, record_id) in best.items()}


def _give_points(plan: Plan, counting: _Counting, left_out: list[NotCounted]) -> list[Line]:
    best = _best_of_groups(plan, counting) if plan.groups else {}
    rules, sides = len(plan.rules), len(plan.sides)
    amounts, of_year, in_all = [0] * rules, [0] * rules, [0] * rules
    side_of_year, side_in_all = [0] * sides, [0] * sides
    year = 0
    lines: list[Line] = []
    for fact, entry, until in counting:
        occurred_on, rule = fact.occurred_on, entry.rule
        if occurred_on.year != year:
            # Facts come in order of their days, so a year that is over never comes back.
            year = occurred_on.year
            of_year, side_of_year = [0] * rules, [0] * sides
            for each in plan.by_year:
                amounts[each] = 0
        index, side = rule.index, rule.side
        period = _period(entry, occurred_on) if rule.fades_from else 0
        if rule.kind == "fixed":
            if rule.group >= 0 and best[rule.group] != fact.record_id:
                left_out.append(NotCounted(fact.record_id, fact.item, fact.source, "one-of"))
                continue
            full = size = entry.values[period]
        elif rule.kind == "amounts":
            before = 0 if rule.per == "record" else amounts[index]
            amounts[index] = before + max(0, fact.amount or 0)
            gained = points_of(rule.segments, amounts[index]) - points_of(rule.segments, before)
            full = size = gained * rule.permille[period] // 1000
            if not size:
                reason: Reason = "faded" if gained else "towards-step" if fact.amount else "not-scored"
                left_out.append(NotCounted(fact.record_id, fact.item, fact.source, reason))
                continue
        else:
            left_out.append(NotCounted(fact.record_id, fact.item, fact.source, "level-only"))
            continue
        # The four caps, without min(): a call costs more than all four comparisons.
        left = rule.yearly_cap - of_year[index]
        if size > left:
            size = left
        of_year[index] += size
        left = rule.total_cap - in_all[index]
        if size > left:
            size = left
        in_all[index] += size
        cap = plan.sides[side]
        left = cap.yearly_cap - side_of_year[side]
        if size > left:
            size = left
        side_of_year[side] += size
        left = cap.total_cap - side_in_all[side]
        if size > left:
            size = left
        side_in_all[side] += size
        if size:
            lines.append(
                Line(
                    fact.record_id,
                    rule.id,
                    rule.dimension,
                    rule.sign * size,
                    entry.reason,
                    fact.source,
                    occurred_on,
                    until,
                    rule.sign * (full - size),
                    rule.permille[period],
                )
            )
        else:
            left_out.append(NotCounted(fact.record_id, fact.item, fact.source, "capped" if full else "faded"))
    return lines


def _reached(plan: Plan, counting: _Counting) -> tuple[Held, ...]:
    held: list[Held] = []
    for ceiling in plan.ceilings:
        records = tuple(fact.record_id for fact, entry, _ in counting if entry.rule.index in ceiling.rules)
        if len(records) >= ceiling.count:
            held.append(Held(ceiling.id, ceiling.rank, ceiling.reason, records))
    return tuple(held)
