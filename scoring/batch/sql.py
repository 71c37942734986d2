"""The compiled rule set as SQL, for the city that outgrows one machine: Spark, DuckDB and PostgreSQL, the same integers.

Generated from the same plan as every other engine; no rule is written twice. `facts` is a table with the columns subject,
record, item, grade, state, occurred_on, ends_on, amount as `columns.FACTS` has them, and `record` to tell apart what
happened on one day; a subject without any record has one row with an empty item.

The stages are those of `scoring.engine`: match, term, amounts, one-of groups, four caps, range, level, ceilings. Every cap
is a running sum cut twice: what fits below the cap after a record less what fitted before it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from scoring.compile import NO_CAP, Plan, RulePlan, plan_on
from scoring.ruleset import RuleSet

Dialect = Literal["spark", "duckdb", "postgres"]

# Division of integers that are never negative: the one thing that the three write differently.
_DIVIDE: dict[Dialect, str] = {"spark": "DIV", "duckdb": "//", "postgres": "/"}


class Statements(NamedTuple):
    """`contributions`: subject, record, rule, millipoints of every record that counts. `scores`: subject, millipoints,
    rank of every subject."""

    contributions: str
    scores: str


def statements(rule_set: RuleSet, as_of: date, dialect: Dialect, facts: str = "facts") -> Statements:
    """Two queries over the table `facts` (a name that is trusted, not input)."""
    plan = plan_on(rule_set, as_of)
    stages = ",\n".join(f"{name} AS (\n{query}\n)" for name, query in _stages(plan, dialect, facts))
    names, no_name = {rule.index: f"'{rule.id}'" for rule in plan.rules}, "''"
    signs = {rule.index: str(rule.sign) for rule in plan.rules}
    contributions = (
        f"SELECT subject, record, {_case('rule', names, no_name)} AS rule, "
        f"size * {_case('rule', signs, '1')} AS millipoints FROM capped_4"
    )
    total = f"CAST(SUM(COALESCE(capped_4.size, 0) * {_case('capped_4.rule', signs, '1')}) AS BIGINT)"
    counts = "".join(
        f", SUM(CASE WHEN capped_4.rule IN ({', '.join(map(str, sorted(ceiling.rules)))}) THEN 1 ELSE 0 END) AS held_{number}"
        for number, ceiling in enumerate(plan.ceilings)
    )
    ranks = ["by_points"] + [
        f"CASE WHEN held_{number} >= {ceiling.count} THEN {ceiling.rank} ELSE by_points END"
        for number, ceiling in enumerate(plan.ceilings)
    ]
    rank = f"LEAST({', '.join(ranks)})" if len(ranks) > 1 else ranks[0]
    levels = sorted(rule_set.levels, key=lambda level: -level.rank)
    by_points = " ".join(f"WHEN millipoints >= {level.threshold} THEN {level.rank}" for level in levels)
    held = "".join(f", held_{number}" for number in range(len(plan.ceilings)))
    scores = (
        f"SELECT subject, millipoints, {rank} AS rank FROM (SELECT subject, millipoints, CASE {by_points} "
        f"ELSE {levels[-1].rank} END AS by_points{held} FROM (SELECT subject, "
        f"LEAST(GREATEST({rule_set.base} + total, {rule_set.minimum}), {rule_set.maximum}) AS millipoints{held} "
        f"FROM (SELECT people.subject, {total} AS total{counts} FROM (SELECT DISTINCT subject FROM {facts}) AS people "
        "LEFT JOIN capped_4 ON capped_4.subject = people.subject GROUP BY people.subject) AS summed) AS bounded) AS ranked"
    )
    return Statements(f"WITH {stages}\n{contributions}", f"WITH {stages}\n{scores}")


def _stages(plan: Plan, dialect: Dialect, facts: str) -> Iterable[tuple[str, str]]:
    as_of = _day(plan.as_of)
    # PostgreSQL orders text by its locale unless told; the engines order by code point.
    record = 'record COLLATE "C"' if dialect == "postgres" else "record"
    order = f"ORDER BY occurred_on, {record} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    entries = list(plan.entries.values())
    yield (
        "matched",
        f"SELECT subject, record, occurred_on, CAST(EXTRACT(YEAR FROM occurred_on) AS BIGINT) AS act_year, "
        f"CAST(GREATEST(amount, 0) AS BIGINT) AS amount, {_entry(plan)} AS entry FROM {facts} "
        f"WHERE state = 'active' AND occurred_on <= {as_of} AND ends_on > {as_of}",
    )
    firsts = _case("entry", {number: _day(entry.first) for number, entry in enumerate(entries)}, as_of)
    rules = _case("entry", {number: str(entry.rule.index) for number, entry in enumerate(entries)})
    yield (
        "counting",
        f"SELECT subject, record, occurred_on, act_year, amount, entry, {rules} AS rule FROM matched "
        f"WHERE entry >= 0 AND occurred_on >= {firsts}",
    )
    once = [str(rule.index) for rule in plan.rules if rule.kind == "amounts" and rule.per == "record"]
    whole_term = {rule.index: "0" for rule in plan.rules if rule.per == "term"}
    span = _case("rule", whole_term, "act_year")
    running = f"CAST(SUM(amount) OVER (PARTITION BY subject, rule, {span} {order}) AS BIGINT)"
    reached = f"CASE WHEN rule IN ({', '.join(once)}) THEN amount ELSE {running} END" if once else running
    yield (
        "reached",
        f"SELECT subject, record, occurred_on, act_year, amount, entry, rule, {reached} AS reached, "
        f"{_period(plan)} AS period FROM counting",
    )
    yield (
        "sized",
        "SELECT subject, record, occurred_on, act_year, rule, "
        f"CAST({_size(plan, _DIVIDE[dialect])} AS BIGINT) AS size FROM reached",
    )
    grouped = {rule.index: str(rule.group) for rule in plan.rules if rule.group >= 0}
    best = (
        f"CASE WHEN {_case('rule', grouped, '-1')} < 0 OR ROW_NUMBER() OVER (PARTITION BY subject, "
        f"{_case('rule', grouped, '-1')} ORDER BY size DESC, occurred_on, {record}) = 1 THEN size ELSE 0 END"
    )
    sides = _case("rule", {rule.index: str(rule.side) for rule in plan.rules}, "-1")
    yield (
        "capped_0",
        f"SELECT subject, record, occurred_on, act_year, rule, {sides} AS side, "
        f"CAST({best if grouped else 'size'} AS BIGINT) AS size FROM sized",
    )
    caps: list[tuple[str, dict[int, int]]] = [
        ("rule, act_year", {rule.index: rule.yearly_cap for rule in plan.rules}),
        ("rule", {rule.index: rule.total_cap for rule in plan.rules}),
        ("side, act_year", {number: side.yearly_cap for number, side in enumerate(plan.sides)}),
        ("side", {number: side.total_cap for number, side in enumerate(plan.sides)}),
    ]
    for number, (by, limits) in enumerate(caps):
        limit = _case(by.split(",")[0], {key: str(cap) for key, cap in limits.items() if cap < NO_CAP}, str(NO_CAP))
        total = f"CAST(SUM(size) OVER (PARTITION BY subject, {by} {order}) AS BIGINT)"
        yield (
            f"capped_{number + 1}",
            f"SELECT subject, record, occurred_on, act_year, rule, side, "
            f"LEAST(total, {limit}) - LEAST(total - size, {limit}) AS size FROM ("
            f"SELECT subject, record, occurred_on, act_year, rule, side, size, {total} AS total FROM capped_{number}) AS run",
        )


def _entry(plan: Plan) -> str:
    """The index of an entry: of the item and grade, or else of the item; -1 without a rule."""
    numbered = list(enumerate(plan.entries.values()))
    exact = [(number, entry) for number, entry in numbered if entry.grade is not None]
    rest = [(number, entry) for number, entry in numbered if entry.grade is None]
    branches = [f"WHEN item = '{entry.item}' AND grade = '{entry.grade}' THEN {number}" for number, entry in exact]
    branches += [f"WHEN item = '{entry.item}' THEN {number}" for number, entry in rest]
    return f"CASE {' '.join(branches)} ELSE -1 END" if branches else "-1"


def _period(plan: Plan) -> str:
    branches = [
        f"WHEN rule = {rule.index} AND occurred_on >= {_day(start)} THEN {period}"
        for rule in plan.rules
        for period, start in enumerate(rule.fades_from)
    ]
    branches += [f"WHEN rule = {rule.index} THEN {len(rule.fades_from)}" for rule in plan.rules if rule.fades_from]
    return f"CASE {' '.join(branches)} ELSE 0 END" if branches else "0"


def _size(plan: Plan, divide: str) -> str:
    """Millipoints before groups and caps."""
    branches = [
        f"WHEN entry = {number} AND period = {period} THEN {value}"
        for number, entry in enumerate(plan.entries.values())
        if entry.rule.kind == "fixed"
        for period, value in enumerate(entry.values)
    ]
    for rule in plan.rules:
        if rule.kind == "amounts":
            gained = f"({_segments(rule, 'reached', divide)} - {_segments(rule, '(reached - amount)', divide)})"
            left = _case("period", {period: str(permille) for period, permille in enumerate(rule.permille)}, "0")
            branches.append(f"WHEN rule = {rule.index} THEN ({gained} * {left}) {divide} 1000")
    return f"CASE {' '.join(branches)} ELSE 0 END" if branches else "0"


def _segments(rule: RulePlan, amount: str, divide: str) -> str:
    branches = [
        f"WHEN {amount} >= {segment.amount} THEN "
        f"{segment.base} + (({amount} - {segment.amount}) {divide} {segment.unit}) * {segment.points}"
        for segment in reversed(rule.segments)
    ]
    return f"CASE {' '.join(branches)} ELSE 0 END"


def _case(column: str, values: dict[int, str], otherwise: str = "0") -> str:
    if not values:
        return otherwise
    return f"CASE {column} {' '.join(f'WHEN {key} THEN {value}' for key, value in values.items())} ELSE {otherwise} END"


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
