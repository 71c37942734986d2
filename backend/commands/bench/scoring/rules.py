"""The bench's own rule set: 25 rules that every engine can say, so that the peers may be written by hand.

Fixed points, a term in months, decay by half-years and a cap in all for each rule; five dimensions with a cap each way; four
levels. The peers read the numbers from `RULES`; our engines get the rule set made of them, as from any file.
"""

from datetime import date
from typing import Any, NamedTuple

import msgspec

from scoring import RuleSet, load

AS_OF = date(2026, 11, 23)
DIMENSIONS = 5
EVERY_MONTHS, PERMILLE = 6, (1000, 800, 500, 300)
DIMENSION_CAP = 60_000
BASE, MINIMUM, MAXIMUM = 600_000, 500_000, 700_000
THRESHOLDS = (0, 590_000, 620_000, 650_000)


class BenchRule(NamedTuple):
    """One rule. Points and cap in millipoints; the sign of `points` says which way it goes."""

    item: str
    dimension: int
    points: int
    months: int
    cap: int


RULES = tuple(
    BenchRule(
        item=f"item-{number:02}",
        dimension=number % DIMENSIONS,
        points=(1000 + 370 * number) * (-1 if number % 4 == 3 else 1),
        months=(12, 24, 60, 36)[number % 4],
        cap=(1000 + 370 * number) * (2 + number % 3),
    )
    for number in range(25)
)


def rule_set() -> RuleSet:
    """The same as a rule set, checked like any other."""
    return load(msgspec.json.encode(_document()))


def _document() -> dict[str, Any]:
    most = _points(DIMENSION_CAP)
    return {
        "id": "bench",
        "version": "2026.1",
        "names": {"zh": "测量", "en": "Bench"},
        "subject": "person",
        "purpose": {"zh": "仅用于守信激励", "en": "For incentives only"},
        "published_by": "示例市",
        "effective_from": "2020-01-01",
        "effective_until": None,
        "base_points": _points(BASE),
        "minimum_points": _points(MINIMUM),
        "maximum_points": _points(MAXIMUM),
        "dimensions": [
            {"id": f"dimension-{number}", "names": {"zh": "维度", "en": "Dimension"}, "most": most, "least": f"-{most}"}
            for number in range(DIMENSIONS)
        ],
        "levels": [
            {"rank": rank, "names": {"zh": "等级", "en": "Level"}, "at_least": _points(threshold)}
            for rank, threshold in enumerate(THRESHOLDS)
        ],
        "rules": [
            {
                "id": f"rule-{rule.item}",
                "item": rule.item,
                "kind": "fixed",
                "basis": {
                    "provider": "示例单位",
                    "law": "《示例条例》第一条（生效法律文书）",
                    "class": "positive" if rule.points > 0 else "negative",
                },
                "reason": {"zh": "理由", "en": "Reason"},
                "dimension": f"dimension-{rule.dimension}",
                "points": _points(rule.points),
                "months": rule.months,
                "total_cap": _points(rule.cap if rule.points > 0 else -rule.cap),
                "decay": {"every_months": EVERY_MONTHS, "permille": list(PERMILLE)},
            }
            for rule in RULES
        ],
    }


def _points(millipoints: int) -> str:
    whole, rest = divmod(abs(millipoints), 1000)
    return f"{'-' if millipoints < 0 else ''}{whole}.{rest:03}"
