"""Every direct dependency has a reason on its page, and the page names no other."""

import re
import tomllib

from tests.docs.snippets import REPOSITORY

DECLARED = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8")


def names(requirements: list[str]) -> set[str]:
    """The packages of requirements, without extras, versions and markers."""
    return {found[0] for requirement in requirements if (found := re.match(r"[A-Za-z0-9-]+", requirement))}


def rows(section: str) -> dict[str, tuple[str, str]]:
    """Package -> licence and reason, of one section of the page."""
    [text] = re.findall(rf"^## [^\n]*{section}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    return {
        name: (licence, reason)
        for name, licence, reason in re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", text, re.M)
    }


def test_the_page_and_the_project_name_the_same_packages() -> None:
    assert set(rows("Runtime")) == names(DECLARED["project"]["dependencies"])
    assert set(rows("Tests")) == names(DECLARED["dependency-groups"]["test"])
    assert set(rows("Bench")) == names(DECLARED["dependency-groups"]["bench"])


def test_every_package_has_a_licence_and_a_reason() -> None:
    for name, (licence, reason) in {**rows("Runtime"), **rows("Tests"), **rows("Bench")}.items():
        assert len(licence) >= 3, name
        assert len(reason) >= 5, name
