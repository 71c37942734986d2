"""What the public reads of the catalogue."""

from datetime import date

import msgspec

from backend.catalogue.catalogue import LegalBasis, Openness


class PublicityTerm(msgspec.Struct):
    """How long records of a grade (`any`: of every grade) are published, in months; not at all if `published` is false."""

    grade: str
    published: bool
    minimum_months: int
    maximum_months: int


class TermOfGrade(msgspec.Struct):
    """How many months records of a grade (`any`: of every grade) are in force, counted from the act."""

    grade: str
    months: int


class CatalogueEntry(msgspec.Struct, kw_only=True):
    """One item in the version in force.

    openness: of records about natural persons, and about organisations. until_own_end: a record's own last day counts
    instead of the term. effective_until: the first day on which this version no longer holds, or null.
    """

    code: str
    name: str
    name_en: str
    provider: str
    provider_en: str
    legal_basis: tuple[LegalBasis, ...]
    information_class: str = msgspec.field(name="class")
    term: list[TermOfGrade]
    until_own_end: bool
    publicity: list[PublicityTerm]
    sharing: str
    openness_natural: Openness
    openness_organisation: Openness
    update_cycle_unit: str
    update_cycle_count: int
    subject_kinds: tuple[str, ...]
    grades: tuple[str, ...]
    amount_unit: str | None
    personal_data: str
    personal_data_en: str
    effective_from: date
    effective_until: date | None
