"""The rules in openfisca-core: a variable for each record, a variable for each rule and side, and the score."""

from functools import cache
from typing import Any

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from backend.commands.bench.scoring.peers import STARTS, VALUES
from backend.commands.bench.scoring.rules import AS_OF, BASE, DIMENSION_CAP, DIMENSIONS, MAXIMUM, MINIMUM
from scoring.batch.tables import days

_PERIOD = "2026"
_RECORD = build_entity(key="record", plural="records", label="", is_person=True)
_SUBJECT = build_entity(key="subject", plural="subjects", label="", roles=[{"key": "holder", "plural": "holders"}])


def _variable(name: str, entity: Any, formula: Any = None) -> type:
    body = {"value_type": int, "entity": entity, "definition_period": DateUnit.YEAR}
    return type(name, (Variable,), body | ({"formula": formula} if formula else {}))


def _rule_formula(number: int) -> Any:
    each = VALUES[number]

    def formula(subject: Any, period: Any) -> Any:
        record = subject.members
        day = record("day", period)
        gone = sum((day < days(start)).astype(int) for start in STARTS)
        counts = (
            (record("rule", period) == number)
            & (record("active", period) == 1)
            & (day >= days(each.first))
            & (day <= days(AS_OF))
            & (record("ends", period) > days(AS_OF))
        )
        return numpy.minimum(subject.sum(numpy.where(counts, numpy.array(each.sizes)[gone], 0)), each.cap)

    return formula


def _score_formula(subject: Any, period: Any) -> Any:
    total = 0
    for side in range(2 * DIMENSIONS):
        of_rules = [subject(f"rule_{number}", period) for number, each in enumerate(VALUES) if each.side == side]
        total = total + (-1 if side % 2 else 1) * numpy.minimum(sum(of_rules), DIMENSION_CAP)
    return numpy.clip(BASE + total, MINIMUM, MAXIMUM)


@cache
def _system() -> Any:
    system = TaxBenefitSystem([_RECORD, _SUBJECT])
    for name in ("rule", "active", "day", "ends"):
        system.add_variable(_variable(name, _RECORD))
    for number in range(len(VALUES)):
        system.add_variable(_variable(f"rule_{number}", _SUBJECT, _rule_formula(number)))
    system.add_variable(_variable("score", _SUBJECT, _score_formula))
    return system


def score_of(subject: Any, rule: Any, active: Any, day: Any, ends: Any) -> Any:
    """Millipoints of each subject in ascending order, from columns with one row for each record."""
    builder = SimulationBuilder()
    system = _system()
    builder.create_entities(system)
    builder.declare_person_entity("record", numpy.arange(len(subject)))
    holders = builder.declare_entity("subject", numpy.unique(subject))
    builder.join_with_persons(holders, subject, roles=numpy.repeat("holder", len(subject)))
    simulation = builder.build(system)
    for name, column in (("rule", rule), ("active", active), ("day", day), ("ends", ends)):
        simulation.set_input(name, _PERIOD, numpy.asarray(column, numpy.int32))
    return simulation.calculate("score", _PERIOD)
