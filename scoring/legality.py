"""The legality checker 合法性审查: refuses what no rule set may contain, naming rule, ground and article.

Two kinds of checks: every rule must say where its records come from and on what legal basis (Reg. art. 18, 27, 30), and no
text of a rule may be about what the law keeps out of a person's score (domain rules, section 1).
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One breach: the rule (or the part of the rule set), the ground, and the article it breaks."""

    rule: str
    ground: str
    article: str
    chinese: str
    english: str


class RuleToCheck(msgspec.Struct, frozen=True):
    """What the checker reads of a rule."""

    id: str
    text: str
    provider: str
    law: str
    information_class: str


class ForbiddenGround(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subject that may not be scored: words by which it shows itself, for all subjects or for persons only."""

    ground: str
    article: str
    zh: str
    en: str
    applies_to: Literal["all", "person"]
    words: tuple[str, ...]


@cache
def forbidden_grounds() -> tuple[ForbiddenGround, ...]:
    """The list in `forbidden.yaml`."""
    return msgspec.yaml.decode(
        files("scoring").joinpath("forbidden.yaml").read_bytes(), type=tuple[ForbiddenGround, ...]
    )


def normalise(text: str) -> str:
    """Case, width and separators carry no meaning: `Ｈealth_Record`, `health record` and `health-record` are the same."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(character if character.isalnum() else " " for character in folded).split())


def findings(subject: str, texts: Sequence[tuple[str, str]], rules: Sequence[RuleToCheck]) -> tuple[Finding, ...]:
    """Every breach of a rule set: its own texts (place, text) and its rules. Empty if it is lawful."""
    found = [finding for place, text in texts for finding in _about(subject, place, text)]
    for rule in rules:
        found += _about(subject, rule.id, rule.text)
        for value, ground, chinese, english in (
            (rule.provider, "no-provider", "没有提供单位", "it names no provider"),
            (rule.law, "no-legal-basis", "没有法律依据", "it has no legal basis"),
            (rule.information_class, "no-class", "没有信息类别", "it has no class"),
        ):
            if not value.strip():
                found.append(Finding(rule.id, ground, "《条例》第十八条 (Reg. art. 18)", chinese, english))
    return tuple(found)


def _about(subject: str, place: str, text: str) -> list[Finding]:
    plain = normalise(text)
    # Chinese is written without spaces, so a word may hide behind separators.
    joined = plain.replace(" ", "")
    return [
        Finding(place, ground.ground, ground.article, f"{ground.zh}（{word}）", f"{ground.en} ({word})")
        for ground in forbidden_grounds()
        if ground.applies_to in {"all", subject}
        for word in ground.words
        if (_stands_in(normalise(word), plain) if word.isascii() else normalise(word) in joined)
    ]


def _stands_in(word: str, plain: str) -> bool:
    """Whether an English word or phrase stands in a text, alone or in its plural."""
    return any(f" {form} " in f" {plain} " for form in (word, f"{word}s", f"{word}es"))
