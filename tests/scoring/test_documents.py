"""What we tell residents and developers about scoring is what the code does."""

import doctest
import re
from datetime import date

import scoring
from scoring import load, shipped
from tests.builders.server import REPOSITORY
from tests.docs.snippets import blocks

RULE_SET = load(shipped("taohua"))
PAGE = (REPOSITORY / "docs" / "rule-sets" / "taohua.md").read_text(encoding="utf-8")


def test_the_page_lists_every_rule_with_its_points_and_term() -> None:
    rows = {
        row[0]: row
        for row in re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) \| (.*?) \| (\d+) \| (.*?) \| (.*?) \|$", PAGE, re.M)
    }
    assert set(rows) == {rule.id for rule in RULE_SET.rules}
    for rule in RULE_SET.rules:
        _, reason, _, points, months, cap, basis = rows[rule.id]
        assert reason == f"{rule.reason.zh}<br>{rule.reason.en}"
        assert int(months) == rule.months
        assert basis == f"{rule.basis.provider}<br>{rule.basis.law}"
        if rule.kind == "fixed":
            assert points == f"{rule.points:+d}"
        assert [int(number) for number in re.findall(r"[+-]\d+", cap)] == [
            number for number in (rule.yearly_cap, rule.total_cap) if number is not None
        ]


def test_the_page_has_the_levels_the_dimensions_and_the_version() -> None:
    for level in RULE_SET.levels:
        assert f"| {level.names.zh} {level.names.en} | {level.at_least} |" in PAGE
    for dimension in RULE_SET.dimensions:
        assert f"| {dimension.names.zh} {dimension.names.en} |" in PAGE
    assert RULE_SET.version in PAGE
    for step in next(rule for rule in RULE_SET.rules if rule.kind == "steps").steps:
        assert f"满 {step.amount} 小时 {step.points} 分" in PAGE


def test_the_example_on_the_page_is_the_one_that_runs_in_the_library_page() -> None:
    facts = [
        scoring.Fact("1", "volunteer-service", date(2026, 3, 1), None, "active", None, 25, ""),
        scoring.Fact("2", "donation", date(2026, 5, 1), None, "active", None, 35_000, ""),
        scoring.Fact("3", "penalty", date(2026, 9, 1), None, "active", "general", None, ""),
    ]
    result = scoring.score(RULE_SET, facts, date(2026, 11, 23))
    assert f"**{result.millipoints // 1000}**" in PAGE
    for line in result.lines:
        assert str(line.until) in PAGE


def test_the_library_page_runs() -> None:
    page = REPOSITORY / "docs" / "scoring.md"
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block.text, str(page), "exec"), names)  # noqa: S102 our own page


def test_the_example_of_the_package_runs() -> None:
    assert doctest.testmod(scoring).failed == 0
