"""No document points to nowhere."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.snippets import REPOSITORY, anchors, links

_ROOT_DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
DOCUMENTS = [
    *(REPOSITORY / name for name in _ROOT_DOCUMENTS if (REPOSITORY / name).exists()),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]


def missing(document: Path, target: str) -> str | None:
    """What is wrong with a link of a document, or None; addresses elsewhere are not fetched."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    file = (document.parent / unquote(parts.path)).resolve() if parts.path else document
    if not file.is_relative_to(REPOSITORY):
        return "points outside the repository"
    if not file.exists():
        return "points to no file"
    if parts.fragment and file.suffix == ".md" and unquote(parts.fragment) not in anchors(file):
        return "points to no heading"
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(REPOSITORY)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = {target: wrong for target in links(document) if (wrong := missing(document, target)) is not None}
    assert broken == {}


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("other.md", None),
        ("other.md#第二节-second", None),
        ("#here", None),
        ("https://example.org/nothing", None),
        ("absent.md", "points to no file"),
        ("other.md#third", "points to no heading"),
        ("#nowhere", "points to no heading"),
        ("../../outside.md", "points outside the repository"),
    ],
)
def test_a_dead_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, wrong: str | None) -> None:
    monkeypatch.setattr("tests.docs.test_links.REPOSITORY", tmp_path)
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "other.md").write_text("# Other\n\n## 第二节 Second\n", encoding="utf-8")
    document = folder / "one.md"
    document.write_text(
        f"# Here\n[a link]({target}) and `[code](absent.md)`\n\n```\n[b](absent.md)\n```\n", encoding="utf-8"
    )
    assert [missing(document, found) for found in links(document)] == [wrong]
