"""Pure: rule sets, scores, explanations and their legality; facts, a rule set and a date in, values out.

>>> from datetime import date
>>> from scoring import Fact, load, score, shipped
>>> rule_set = load(shipped("taohua"))
>>> hours = Fact("r1", "volunteer-service", date(2026, 3, 1), None, "active", None, 25, "青年志愿者协会")
>>> result = score(rule_set, [hours], date(2026, 11, 23))
>>> result.millipoints - rule_set.base == sum(line.millipoints for line in result.lines)
True
"""

from scoring.engine import Line, NotCounted, Result, score
from scoring.facts import Fact
from scoring.ruleset import RuleSet, RuleSetError, in_force, load, shipped

__all__ = [
    "Fact",
    "Line",
    "NotCounted",
    "Result",
    "RuleSet",
    "RuleSetError",
    "in_force",
    "load",
    "score",
    "shipped",
]
