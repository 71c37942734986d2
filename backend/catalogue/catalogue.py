"""The catalogue of recorded items 记录目录: what may be recorded about whom, by whom, on which ground and for how long.

The items are data (`items.yaml`), dated and replaceable without a change of code. Loading refuses a catalogue that breaks
Reg. art. 18 (provider, legal basis, class, openness, term) or names what Reg. art. 20 forbids to collect.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from backend.catalogue.refusal import CatalogueError

STANDARD_CATALOGUE = Path(__file__).with_name("items.yaml")

SubjectKind = Literal["natural", "legal", "unincorporated", "individual-business"]
Grade = Literal["county", "city", "province", "nation", "minor", "general", "serious"]
Openness = Literal["public", "limited", "closed"]
ANY_GRADE = "any"


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything read from the catalogue's file: immutable, and a misspelt key is an error."""


class Names(Strict, frozen=True):
    """A text in Chinese and English."""

    zh: str
    en: str


class LegalBasis(Strict, frozen=True):
    """Where the permission stands: the law's Chinese title and the article."""

    document: str
    article: str


class ForbiddenContent(Strict, frozen=True):
    """Words no field may be called by, and the article that forbids it."""

    basis: LegalBasis
    terms: tuple[str, ...]


class OpennessBySubject(Strict, frozen=True):
    """Openness attribute 公开属性, for natural persons and for organisations of every kind."""

    natural: Literal["limited", "closed"]
    organisation: Openness


class Publicity(Strict, frozen=True):
    """Publicity period 公示期 of one grade, in months from the decision; the minimum is also when repair opens."""

    published: bool
    minimum_months: int
    maximum_months: int


class UpdateCycle(Strict, frozen=True):
    """Update cycle 更新周期: within how long after the act the provider delivers."""

    unit: Literal["working-day", "month"]
    count: int


class Term(Strict, frozen=True):
    """Months a record is in force from the act, by grade or `any`; `until_own_end`: its own last day counts instead."""

    months: dict[str, int]
    until_own_end: bool = False


class Condition(Strict, frozen=True):
    """The item is meant only when the field holds one of the values."""

    field: str
    values: tuple[str, ...]


class FineThresholds(Strict, frozen=True):
    """From which fine, in fen, a penalty is general and from which it is serious."""

    general_from_fen: int
    serious_from_fen: int


class FinesBySubject(Strict, frozen=True):
    """Fine thresholds for natural persons and for organisations of every kind."""

    natural: FineThresholds
    organisation: FineThresholds


class Grading(Strict, frozen=True):
    """How a penalty's class follows from its kinds, its fine and a licence taken away (Order 36)."""

    basis: LegalBasis
    kinds: dict[str, Literal["minor", "general", "serious"]]
    fines: FinesBySubject
    revocation_words: tuple[str, ...]


class SimpleProcedure(Strict, frozen=True):
    """The words that mark a penalty by simple procedure 简易程序, by column; it is never taken in (Reg. art. 18)."""

    words: dict[str, tuple[str, ...]]
    negations: tuple[str, ...]


class CatalogueItem(Strict, frozen=True):
    """One item of the catalogue in one version; `fields` names the list of columns a delivery carries."""

    code: str
    names: Names
    provider: Names
    legal_basis: tuple[LegalBasis, ...]
    information_class: Literal["basic", "positive", "negative"] = msgspec.field(name="class")
    sharing: Literal["shared", "conditional", "restricted"]
    openness: OpennessBySubject
    update_cycle: UpdateCycle
    term: Term
    subject_kinds: tuple[SubjectKind, ...]
    fields: str
    personal_data: Names
    effective_from: date
    effective_until: date | None = None
    publicity: dict[str, Publicity] = {}
    grades: tuple[Grade, ...] = ()
    amount_unit: Literal["fen", "hours", "books", "trees", "cases"] | None = None
    only_when: Condition | None = None
    grading: Grading | None = None
    simple_procedure: SimpleProcedure | None = None

    def in_force(self, day: date) -> bool:
        """Whether this version holds on `day`; `effective_until` is the first day on which it no longer does."""
        return self.effective_from <= day and (self.effective_until is None or day < self.effective_until)

    def openness_for(self, subject_kind: SubjectKind) -> Openness:
        """Openness attribute of a record about a subject of this kind."""
        return self.openness.natural if subject_kind == "natural" else self.openness.organisation

    def publicity_for(self, grade: str | None) -> Publicity | None:
        """Publicity period of a grade, or of records without one; None when the item is never published."""
        return self.publicity.get(grade or ANY_GRADE) or self.publicity.get(ANY_GRADE)

    def term_months_for(self, grade: str | None) -> int:
        """Months a record of this grade is in force."""
        return self.term.months.get(grade or ANY_GRADE) or self.term.months[ANY_GRADE]


class Catalogue:
    """All versions of all items, as they were loaded. Immutable; look-ups by day."""

    def __init__(self, items: Iterable[CatalogueItem], forbidden: Iterable[ForbiddenContent]) -> None:
        """Raises CatalogueError for an item that may not stand, or for two versions in force on one day."""
        self.items: tuple[CatalogueItem, ...] = tuple(items)
        self.forbidden: tuple[ForbiddenContent, ...] = tuple(forbidden)
        self._versions: dict[str, list[CatalogueItem]] = {}
        for item in sorted(self.items, key=lambda each: (each.code, each.effective_from)):
            self._check(item)
            versions = self._versions.setdefault(item.code, [])
            if versions and versions[-1].in_force(item.effective_from):
                raise CatalogueError(item.code, "versions-overlap", str(item.effective_from))
            versions.append(item)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every item code, sorted, whatever its dates."""
        return tuple(self._versions)

    def item(self, code: str, day: date) -> CatalogueItem | None:
        """The version of an item in force on `day`; None when the catalogue has none, so nothing may be recorded."""
        for version in reversed(self._versions.get(code, ())):
            if version.in_force(day):
                return version
        return None

    def in_force(self, day: date) -> tuple[CatalogueItem, ...]:
        """The public catalogue of a day, sorted by code."""
        return tuple(item for code in self._versions if (item := self.item(code, day)) is not None)

    def forbidden_ground(self, text: str) -> LegalBasis | None:
        """The article that forbids a field of this name or title; None when nothing does (Reg. art. 20).

        Chinese terms are found anywhere; others only as a whole word, so that `general` does not name a gene.
        """
        words = frozenset(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower()))
        for content in self.forbidden:
            for term in content.terms:
                if term.lower() in words if term.isascii() else term in text:
                    return content.basis
        return None

    def _check(self, item: CatalogueItem) -> None:
        grades = item.grades or (ANY_GRADE,)
        for name, given in (
            ("legal-basis", item.legal_basis and all(each.document and each.article for each in item.legal_basis)),
            ("provider", item.provider.zh and item.provider.en),
            ("personal-data", item.personal_data.zh and item.personal_data.en),
            ("subject-kinds", item.subject_kinds),
            ("grades", item.information_class != "negative" or item.grades),
            ("term", all((item.term.months.get(grade) or item.term.months.get(ANY_GRADE, 0)) > 0 for grade in grades)),
            # What is public must say for how long.
            ("publicity", item.openness.organisation != "public" or all(item.publicity_for(each) for each in grades)),
        ):
            if not given:
                raise CatalogueError(item.code, name)
        if any(not 0 <= each.minimum_months <= each.maximum_months for each in item.publicity.values()):
            raise CatalogueError(item.code, "publicity")
        if item.effective_until is not None and item.effective_until <= item.effective_from:
            raise CatalogueError(item.code, "effective-dates")
        for text in (item.code, item.names.zh, item.names.en, item.fields):
            basis = self.forbidden_ground(text)
            if basis is not None:
                raise CatalogueError(item.code, "forbidden", f"{basis.document}{basis.article}")


class _CatalogueFile(Strict, frozen=True):
    forbidden: tuple[ForbiddenContent, ...]
    items: tuple[Mapping[str, object], ...]


# The keys of Reg. art. 18 whose absence is told by name, before the form of the rest is looked at.
_DEMANDED = (
    ("provider", "provider"),
    ("legal_basis", "legal-basis"),
    ("class", "class"),
    ("term", "term"),
    ("sharing", "sharing"),
    ("openness", "openness"),
    ("update_cycle", "update-cycle"),
)


def load_catalogue(path: Path = STANDARD_CATALOGUE) -> Catalogue:
    """Reads a catalogue file (the form of `items.yaml`).

    Raises CatalogueError, naming the item and the ground, when the file is unreadable or an item may not stand.
    """
    return parse_catalogue(path.read_bytes())


def parse_catalogue(text: bytes | str) -> Catalogue:
    """The catalogue written in `text` (YAML, UTF-8). Raises CatalogueError as :func:`load_catalogue` does."""
    try:
        file = msgspec.yaml.decode(text, type=_CatalogueFile)
    except (ValueError, msgspec.MsgspecError) as error:
        raise CatalogueError("-", "unreadable", str(error)) from error
    items = []
    for number, raw in enumerate(file.items, start=1):
        code = str(raw.get("code") or f"#{number}")
        for key, ground in _DEMANDED:
            if not raw.get(key):
                raise CatalogueError(code, ground)
        try:
            items.append(msgspec.convert(raw, CatalogueItem))
        except msgspec.ValidationError as error:
            raise CatalogueError(code, "unreadable", str(error)) from error
    return Catalogue(items, file.forbidden)
