"""Pure: rule sets, scores, explanations and their legality; facts, a rule set and a date in, values out.

>>> from datetime import date
>>> from scoring import Fact, load, score, shipped
>>> rule_set = load(shipped("taohua"))
>>> hours = Fact("r1", "volunteer-service", date(2026, 3, 1), None, "active", None, 25, "青年志愿者协会")
>>> result = score(rule_set, [hours], date(2026, 11, 23))
>>> result.millipoints - rule_set.base == sum(line.millipoints for line in result.lines)
True
"""

from scoring.engine import Held, Line, NotCounted, Result, score
from scoring.facts import Fact
from scoring.loading import RuleSetError, load
from scoring.ruleset import RuleSet, in_force, shipped, shipped_names

__all__ = [
    "Fact",
    "Held",
    "Line",
    "NotCounted",
    "Result",
    "RuleSet",
    "RuleSetError",
    "in_force",
    "load",
    "score",
    "shipped",
    "shipped_names",
]
