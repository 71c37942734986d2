"""What we tell residents and developers about scoring is what the code does."""

import doctest
import re
from datetime import date

import scoring
from scoring import load, shipped
from scoring.points import MILLIPOINTS, points_text
from scoring.ruleset import Rule
from tests.docs.snippets import REPOSITORY, blocks

RULE_SET = load(shipped("taohua"))
DIMENSIONS = {dimension.id: dimension for dimension in RULE_SET.dimensions}
PAGE = (REPOSITORY / "docs" / "rule-sets" / "taohua.md").read_text(encoding="utf-8")


def points_column(rule: Rule) -> str:
    """How the table writes the points of a rule."""
    if rule.kind == "steps":
        return f"{rule.steps[0].points:+d} … {rule.steps[-1].points:+d}"
    if rule.kind == "units":
        return f"{rule.points:+d} / {rule.unit // 100} 元 yuan"
    return " ".join(f"{entry.points:+d}" for entry in rule.grades.values()) or f"{rule.points:+d}"


def months_column(rule: Rule) -> str:
    """How the table writes the term of a rule."""
    return " ".join(str(entry.months) for entry in rule.grades.values()) or str(rule.months)


def cap_column(rule: Rule) -> str:
    """How the table writes the caps of a rule."""
    caps = (("每年 a year", rule.yearly_cap), ("合计 in all", rule.total_cap))
    return "，".join(f"{name} {cap:+d}" for name, cap in caps if cap is not None) or "—"


def test_the_page_lists_every_rule_with_its_points_and_term() -> None:
    rows = {
        row[0]: row
        for row in re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) \| (.*?) \| (\d+) \| (.*?) \| (.*?) \|$", PAGE, re.M)
    }
    assert set(rows) == {rule.id for rule in RULE_SET.rules}
    for rule in RULE_SET.rules:
        _, reason, dimension, points, months, cap, basis = rows[rule.id]
        assert reason == f"{rule.reason.zh}<br>{rule.reason.en}"
        assert months == months_column(rule)
        assert basis == f"{rule.basis.provider}<br>{rule.basis.law}"
        assert dimension == DIMENSIONS[rule.dimension or ""].names.zh
        assert (points, cap) == (points_column(rule), cap_column(rule))


def test_the_page_has_the_levels_the_dimensions_and_the_version() -> None:
    for level in RULE_SET.levels:
        assert f"| {level.names.zh} {level.names.en} | {level.at_least} |" in PAGE
    for dimension in RULE_SET.dimensions:
        most, least = (f"{bound:+d}" if bound else "0" for bound in (dimension.most, dimension.least))
        assert f"| {dimension.names.zh} {dimension.names.en} | {most} | {least} |" in PAGE
    assert PAGE.startswith(f"# {RULE_SET.names.zh} {RULE_SET.names.en}, {RULE_SET.version}\n")
    assert (
        f"从 **{RULE_SET.base_points}** 分开始，范围 {RULE_SET.minimum_points} 到 {RULE_SET.maximum_points}。" in PAGE
    )
    for step in next(rule for rule in RULE_SET.rules if rule.kind == "steps").steps:
        assert f"满 {step.amount} 小时 {step.points} 分" in PAGE


def test_the_example_on_the_page_is_the_one_that_runs_in_the_library_page() -> None:
    facts = [
        scoring.Fact("1", "volunteer-service", date(2026, 3, 1), None, "active", None, 25, ""),
        scoring.Fact("2", "donation", date(2026, 5, 1), None, "active", None, 35_000, ""),
        scoring.Fact("3", "penalty", date(2026, 9, 1), None, "active", "general", None, ""),
    ]
    result = scoring.score(RULE_SET, facts, date(2026, 11, 23))
    rows = re.findall(r"^\| .+? \| ([+−]\d+) \| (\d{4}-\d\d-\d\d) \|$", PAGE, re.M)
    assert [(int(points.replace("−", "-")) * MILLIPOINTS, date.fromisoformat(until)) for points, until in rows] == [
        (line.millipoints, line.until) for line in result.lines
    ]
    total = (
        f"| **合计 Total** | **{points_text(result.millipoints)}** | {result.level.names.zh} {result.level.names.en} |"
    )
    assert total in PAGE


def test_the_library_page_runs() -> None:
    page = REPOSITORY / "docs" / "scoring.md"
    names: dict[str, object] = {}
    snippets = blocks(page, "python")
    assert snippets
    for block in snippets:
        exec(compile(block.text, str(page), "exec"), names)  # noqa: S102 our own page


def test_the_example_of_the_package_runs() -> None:
    outcome = doctest.testmod(scoring)
    assert (outcome.failed, outcome.attempted > 0) == (0, True)
