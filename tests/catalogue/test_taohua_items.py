"""桃花分 asks of the catalogue nothing that the catalogue does not record."""

from datetime import date

import pytest

from backend.catalogue.service import present
from scoring import load, shipped
from scoring.ruleset import Rule

RULE_SET = load(shipped("taohua"))
DAY = date(2026, 11, 23)


@pytest.mark.parametrize("rule", RULE_SET.rules, ids=lambda rule: rule.id)
def test_a_rule_is_about_a_listed_item_as_the_catalogue_has_it(rule: Rule) -> None:
    item = present().item(rule.item, DAY)
    assert item is not None
    assert item.information_class == rule.basis.information_class
    assert "natural" in item.subject_kinds
    assert set(rule.grades) <= set(item.grades)
    assert (item.amount_unit is not None) >= (rule.kind in {"steps", "units", "tiers"})
    grades: list[str | None] = [*rule.grades] or [*item.grades[:1]] or [None]
    for grade in grades:
        entry = rule.grades.get(grade or "")
        months = (entry.months if entry is not None else None) or rule.months
        assert months is None or months <= item.term_months_for(grade)


def test_every_item_that_only_adds_or_takes_has_a_rule() -> None:
    scored = {rule.item for rule in RULE_SET.rules}
    assert {item.code for item in present().in_force(DAY) if item.information_class != "basic"} == scored


def test_what_a_person_can_do_by_choice_is_said() -> None:
    assert len([rule for rule in RULE_SET.rules if rule.attainable is not None]) >= 10
