"""What we tell residents and developers about scoring is what the code does."""

import doctest
import re
from datetime import date

import scoring
from scoring import load, shipped
from scoring.points import MILLIPOINTS, points_text
from tests.docs.snippets import REPOSITORY, blocks

RULE_SET = load(shipped("taohua"))
DAY = date(2026, 11, 23)
FACTS = [
    scoring.Fact("1", "volunteer-service", date(2026, 3, 1), None, "active", None, 25, ""),
    scoring.Fact("2", "donation", date(2026, 5, 1), None, "active", None, 35_000, ""),
    scoring.Fact("3", "penalty", date(2026, 9, 1), None, "active", "general", None, ""),
]
PAGE = (REPOSITORY / "docs" / "rule-sets" / "taohua.md").read_text(encoding="utf-8")


def test_the_example_on_the_page_is_the_one_that_runs_in_the_library_page() -> None:
    result = scoring.score(RULE_SET, FACTS, DAY)
    rows = re.findall(r"^\| .+? \| ([+−]\d+) \| (\d{4}-\d\d-\d\d) \|$", PAGE, re.M)
    assert [(int(points.replace("−", "-")) * MILLIPOINTS, date.fromisoformat(until)) for points, until in rows] == [
        (line.millipoints, line.until) for line in result.lines
    ]
    total = (
        f"| **合计 Total** | **{points_text(result.millipoints)}** | {result.level.names.zh} {result.level.names.en} |"
    )
    assert total in PAGE


def test_the_library_page_runs() -> None:
    page = REPOSITORY / "docs" / "writing-rule-sets.md"
    names: dict[str, object] = {}
    snippets = blocks(page, "python")
    assert snippets
    for block in snippets:
        exec(compile(block.text, str(page), "exec"), names)  # noqa: S102 our own page


def test_the_example_of_the_package_runs() -> None:
    outcome = doctest.testmod(scoring)
    assert (outcome.failed, outcome.attempted > 0) == (0, True)


def test_the_example_of_the_residents_page_is_what_the_engine_says() -> None:
    page = (REPOSITORY / "docs" / "scoring.md").read_text(encoding="utf-8")
    told = [int(points.replace("−", "-")) for points in re.findall(r"\| \**([+−]?\d+)\** \|$", page, re.M)]
    result = scoring.score(RULE_SET, FACTS, DAY)
    points = [600, *(line.millipoints // 1000 for line in result.lines), result.millipoints // 1000]
    assert told == points
