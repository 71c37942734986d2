"""`xinyi rules`: check a rule set before anybody is scored by it, and write it as SQL."""

from datetime import date
from pathlib import Path
from typing import cast, get_args

import msgspec

from backend.platform.refusal import Refusal
from backend.rule_sets.review import breaches, unlisted
from scoring.batch.sql import Dialect, statements
from scoring.loading import RuleSetError, load, read
from scoring.ruleset import RuleSet


class Breach(msgspec.Struct, frozen=True):
    """One thing that keeps a rule set from being published: where, on which ground, by which article."""

    rule: str
    ground: str
    article: str
    chinese: str
    english: str


class Verdict(msgspec.Struct, frozen=True):
    """What the check found. `unknown_items` are items that this city's catalogue does not list: lawful elsewhere perhaps,
    and not publishable here (Reg. art. 18)."""

    rule_set: str
    version: str
    rules: int
    lawful: bool
    breaches: list[Breach]
    unknown_items: list[str]


def check(file: Path, day: date) -> Verdict:
    """Checks a rule set file. Raises Refusal if it cannot be read or contradicts itself."""
    rule_set = _read(file)
    on = max(day, rule_set.effective_from)
    unlawful = breaches(rule_set, on)
    return Verdict(
        rule_set=rule_set.id,
        version=rule_set.version,
        rules=len(rule_set.rules),
        lawful=not unlawful,
        breaches=[Breach(found.rule, found.ground, found.article, found.chinese, found.english) for found in unlawful],
        unknown_items=sorted({rule.item for rule in unlisted(rule_set, on)}),
    )


def sql(file: Path, day: date, dialect: str, *, contributions: bool) -> str:
    """The SQL of a lawful rule set on a day: scores, or the points of each record. Raises Refusal."""
    if dialect not in get_args(Dialect):
        known = ", ".join(get_args(Dialect))
        raise Refusal(f"不支持 {dialect}，可用：{known}。", f"{dialect} is not supported, only {known}.")
    queries = statements(load_file(file), day, cast(Dialect, dialect))
    return queries.contributions if contributions else queries.scores


def load_file(file: Path) -> RuleSet:
    """A lawful rule set from a file. Raises Refusal if it cannot be read, contradicts itself, or is unlawful."""
    try:
        return load(_source(file))
    except RuleSetError as error:
        raise Refusal(error.chinese, error.english) from None


def _read(file: Path) -> RuleSet:
    try:
        return read(_source(file))
    except RuleSetError as error:
        raise Refusal(error.chinese, error.english) from None


def _source(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise Refusal(f"无法读取 {file}。", f"{file} cannot be read.") from None
