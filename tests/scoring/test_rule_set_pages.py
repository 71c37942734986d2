"""The pages about the shipped rule sets say what the rule sets say."""

import re

import pytest

from scoring import load, shipped, shipped_names
from tests.scoring.rule_set_pages import PAGES, page_of, with_tables


@pytest.mark.parametrize("name", shipped_names())
def test_the_tables_of_a_page_are_those_of_the_rule_set(name: str) -> None:
    rule_set = load(shipped(name))
    page = page_of(name).read_text(encoding="utf-8")
    assert page.startswith(f"# {rule_set.names.zh} {rule_set.names.en}, {rule_set.version}\n")
    wanted = {"range", "levels", "rules"} | ({"dimensions"} if rule_set.dimensions else set())
    wanted |= {"ceilings"} if rule_set.ceilings else set()
    assert set(re.findall(r"<!-- ([a-z]+) -->", page)) == wanted
    # After a change of a rule set: python -m tests.scoring.rule_set_pages
    assert with_tables(page, rule_set) == page


def test_a_table_that_is_out_of_date_is_seen() -> None:
    page = page_of("taohua").read_text(encoding="utf-8")
    changed = load(shipped("taohua").replace(b"yearly_cap: 40", b"yearly_cap: 41"))
    assert with_tables(page, changed) != page


def test_the_index_lists_every_rule_set() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", index)) == set(shipped_names())
    for name in shipped_names():
        rule_set = load(shipped(name))
        assert f"[{rule_set.names.zh}]({name}.md)" in index
        assert f"| {len(rule_set.rules)} |" in next(line for line in index.splitlines() if f"({name}.md)" in line)


def test_the_example_of_taohua_and_its_rules_are_explained() -> None:
    page = page_of("taohua").read_text(encoding="utf-8")
    for rule in load(shipped("taohua")).rules:
        if rule.attainable is not None:
            assert re.sub(r"\{n\}", "…", rule.attainable.zh) in page, rule.id
