"""What a Markdown document of ours holds, for tests that run it: fenced blocks, headings and links."""

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?P<language>[^`\n]*)\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<text>.+?)[ \t]*#*$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]\n]*\]\((?P<target><[^>\n]+>|[^)\s]+)(?:[ \t]+\"[^\"\n]*\")?\)")
_REFERENCE = re.compile(r"^\[[^\]\n]+\]:[ \t]+(?P<target>\S+)", re.MULTILINE)
_ID = re.compile(r"<a\s+(?:id|name)=\"(?P<id>[^\"]+)\"")
_CODE = re.compile(r"(?P<ticks>`+)[^\n]*?(?P=ticks)")


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line of the document on which the text begins."""

    language: str
    text: str
    line: int


def blocks(document: Path, language: str | None = None) -> list[Block]:
    """The fenced blocks of a document in order, of one language if it is given."""
    content = document.read_text(encoding="utf-8")
    found = [
        Block(fence["language"].strip(), fence["text"], content.count("\n", 0, fence.start("text")) + 1)
        for fence in _FENCE.finditer(content)
    ]
    return [block for block in found if language is None or block.language == language]


def script(document: Path, language: str = "bash") -> str:
    """All blocks of a language as one script, each preceded by a comment that says where it stands."""
    return "\n".join(f"# {document.name}:{block.line}\n{block.text}" for block in blocks(document, language))


def anchors(document: Path) -> set[str]:
    """The fragments that a link into a document may use: its headings as GitHub names them, and explicit ids."""
    text = _without_blocks(document)
    found: set[str] = set(_ID.findall(text))
    for heading in _HEADING.finditer(text):
        name, number = _slug(heading["text"]), 0
        while (candidate := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(candidate)
    return found


def links(document: Path) -> list[str]:
    """The targets of all links and images of a document, code aside."""
    text = _CODE.sub("", _without_blocks(document))
    return [found["target"].strip("<>") for pattern in (_LINK, _REFERENCE) for found in pattern.finditer(text)]


def _without_blocks(document: Path) -> str:
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


def _slug(heading: str) -> str:
    """GitHub's anchor of a heading: lower case, letters, digits, hyphens and underscores, blanks to hyphens."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    kept = (
        character
        for character in plain
        if character in " -_" or unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Mn"
    )
    return "".join(kept).replace(" ", "-")
