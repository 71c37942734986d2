"""Rule sets and records drawn at random, over everything the format can say: for tests that engines agree."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as some

from scoring import Fact, RuleSet, load
from scoring.facts import FactState

ITEMS = ("alpha", "beta", "gamma", "delta", "epsilon")
GRADES = ("low", "middle", "high")
DAY = date(2026, 11, 23)
_STATES: tuple[FactState, ...] = ("active",) * 6 + ("marked", "hidden", "repaired", "withdrawn")


def _signed(adds: bool, size: int) -> int | str:
    """Whole points, or every other time some thousandths."""
    if size % 3 == 0:
        return size if adds else -size
    return f"{'' if adds else '-'}{size}.{size % 10}{(size * 7) % 10}"


@some.composite
def rules(draw: some.DrawFn, number: int, item: str) -> dict[str, Any]:
    """One lawful rule about an item; odd numbers take points."""
    adds = draw(some.booleans())
    rule: dict[str, Any] = {
        "id": f"rule-{number}",
        "item": item,
        "basis": {
            "provider": "示例单位",
            "law": "《示例条例》第一条（生效法律文书）",
            "class": "positive" if adds else "negative",
        },
        "reason": {"zh": "理由", "en": "Reason"},
    }
    kind = draw(some.sampled_from(["fixed", "fixed", "graded", "steps", "units", "tiers", "mark"]))
    sizes = some.integers(1, 60)
    rule["kind"] = "fixed" if kind == "graded" else kind
    rule["term"] = draw(some.sampled_from(["months", "months", "calendar-year", "record"]))
    months = some.sampled_from([1, 2, 3, 11, 12, 24, 36])
    if rule["term"] == "months":
        rule["months"] = draw(months)
    if kind == "mark":
        return rule
    rule["dimension"] = draw(some.sampled_from(["one", "two"]))
    if kind == "fixed":
        rule["points"] = _signed(adds, draw(sizes))
    elif kind == "graded":
        grades = draw(some.lists(some.sampled_from(GRADES), min_size=1, unique=True))
        rule["grades"] = {grade: {"points": _signed(adds, draw(sizes))} for grade in grades}
        if rule["term"] == "months" and draw(some.booleans()):
            for grade in grades:
                rule["grades"][grade]["months"] = draw(months)
    elif kind == "steps":
        amounts = sorted(draw(some.sets(some.integers(1, 100), min_size=1, max_size=4)))
        steps = sorted(draw(some.lists(sizes, min_size=len(amounts), max_size=len(amounts))))
        rule["steps"] = [
            {"amount": amount, "points": size if adds else -size} for amount, size in zip(amounts, steps, strict=True)
        ]
    elif kind == "units":
        rule["unit"], rule["points"] = draw(some.integers(1, 30)), _signed(adds, draw(some.integers(1, 5)))
    else:
        above = [0, *sorted(draw(some.sets(some.integers(1, 100), max_size=3)))]
        rule["tiers"] = [
            {"above": amount, "unit": draw(some.integers(1, 30)), "points": _signed(adds, draw(some.integers(1, 5)))}
            for amount in above
        ]
    if rule["kind"] != "fixed":
        rule["per"] = draw(some.sampled_from(["year", "term", "record"]))
    elif draw(some.booleans()):
        rule["one_of"] = f"group-{draw(some.integers(0, 1))}-{'adds' if adds else 'takes'}"
    for cap in ("yearly_cap", "total_cap"):
        if draw(some.booleans()):
            rule[cap] = _signed(adds, draw(some.integers(1, 120)))
    if draw(some.booleans()):
        fading = sorted(draw(some.lists(some.integers(0, 1000), min_size=1, max_size=4)), reverse=True)
        rule["decay"] = {"every_months": draw(some.sampled_from([1, 2, 3, 4, 6, 12])), "permille": [1000, *fading]}
    return rule


@some.composite
def rule_sets(draw: some.DrawFn) -> RuleSet:
    """A lawful rule set with points, caps of all kinds, decay, groups and ceilings."""
    chosen = [draw(rules(number, item)) for number, item in enumerate(ITEMS[: draw(some.integers(1, 5))])]
    caps = some.none() | some.integers(1, 150)
    dimensions = []
    for name in ("one", "two"):
        dimension: dict[str, Any] = {"id": name, "names": {"zh": "维度", "en": "Dimension"}}
        dimension |= {"most": draw(some.integers(1, 200)), "least": -draw(some.integers(1, 200))}
        for key, sign in (("most_yearly", 1), ("least_yearly", -1)):
            if (cap := draw(caps)) is not None:
                dimension[key] = sign * cap
        dimensions.append(dimension)
    ceilings = [
        {
            "id": f"ceiling-{number}",
            "rules": sorted(draw(some.sets(some.sampled_from([rule["id"] for rule in chosen]), min_size=1))),
            "count": draw(some.integers(1, 4)),
            "rank": draw(some.integers(0, 3)),
            "reason": {"zh": "封顶", "en": "Ceiling"},
        }
        for number in range(draw(some.integers(0, 2)))
    ]
    data = {
        "id": "drawn",
        "version": "2026.1",
        "names": {"zh": "随机", "en": "Drawn"},
        # A person's level may be held by few rules only; what is drawn here holds it by any.
        "subject": "enterprise",
        "purpose": {"zh": "仅用于守信激励", "en": "For incentives only"},
        "published_by": "示例市",
        "effective_from": "2020-01-01",
        "effective_until": None,
        "base_points": draw(some.integers(50, 150)),
        "minimum_points": 0,
        "maximum_points": 250,
        "dimensions": dimensions,
        "levels": [
            {"rank": rank, "names": {"zh": "等级", "en": "Level"}, "at_least": at_least}
            for rank, at_least in enumerate((0, 80, 120, 180))
        ],
        "ceilings": ceilings,
        "rules": chosen,
    }
    return load(msgspec.json.encode(data))


@some.composite
def facts(
    draw: some.DrawFn, most: int = 14, items: Sequence[str] = ITEMS, grades: Sequence[str] = GRADES
) -> list[Fact]:
    """Records of one subject: often on the same days, at ends of months, around the day of the score, some in the future."""
    drawn = []
    for number in range(draw(some.integers(0, most))):
        near = draw(
            some.sampled_from([DAY, date(2026, 1, 1), date(2025, 12, 31), date(2024, 2, 29), date(2025, 11, 23)])
        )
        on = near + timedelta(days=draw(some.sampled_from([0, 0, 0, 1, -1, 30, -30, 91, -400, -800])))
        ends = draw(some.none() | some.sampled_from([DAY, DAY + timedelta(days=1), on, date(2030, 1, 1)]))
        drawn.append(
            Fact(
                record_id=f"r{number:02}",
                item=draw(some.sampled_from([*items, "unknown"])),
                occurred_on=on,
                ends_on=ends,
                state=draw(some.sampled_from(_STATES)),
                grade=draw(some.sampled_from([None, *grades])),
                amount=draw(some.none() | some.integers(-5, 120)),
                source="信源",
            )
        )
    return draw(some.permutations(drawn))
