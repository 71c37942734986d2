"""What the scores room answers. Millipoints are exact integers; `points` is the same number as decimal text."""

from datetime import date, datetime
from uuid import UUID

import msgspec


class LevelOut(msgspec.Struct):
    """A level: a higher rank is better."""

    rank: int
    name: str
    name_en: str
    at_least: int


class ScoreOut(msgspec.Struct):
    """A score. `pending` says that something changed and the new score is being computed."""

    points: str
    millipoints: int
    level: LevelOut
    rule_set: str
    version: str
    as_of: date
    next_change_on: date | None
    computed_at: datetime
    pending: bool


class LineOut(msgspec.Struct):
    """What one record contributes: points, rule, source, until when (exclusive)."""

    record_id: UUID | None
    rule: str
    dimension: str
    points: str
    millipoints: int
    text: str
    text_en: str
    source: str
    occurred_on: date | None
    until: date | None
    capped_millipoints: int


class NotCountedOut(msgspec.Struct):
    """A record that contributes nothing, and why."""

    record_id: UUID
    item: str
    source: str
    reason: str
    text: str
    text_en: str


class ExplanationOut(msgspec.Struct):
    """Base + the sum of the lines is the score, to the millipoint."""

    score: ScoreOut
    base: str
    base_millipoints: int
    lines: list[LineOut]
    not_counted: list[NotCountedOut]


class ChangeOut(msgspec.Struct):
    """One change of the score."""

    at: datetime
    before: str | None
    after: str
    level_rank: int
    rule_set: str
    version: str


class HistoryPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    changes: list[ChangeOut]
    next: str | None


class RuleSetSummary(msgspec.Struct):
    """A rule set in force."""

    id: str
    version: str
    name: str
    name_en: str
    published_by: str
    effective_from: date
    effective_until: date | None
    rules: int


class Standing(msgspec.Struct, frozen=True):
    """Where a subject stands, for eligibility: the level's rank, or None without a score."""

    rank: int | None


class Reconciliation(msgspec.Struct):
    """Stored scores compared with recomputed ones. `waiting` are people whom the due queue is about to compute, who are not
    compared; `subjects` are up to 100 that differ."""

    checked: int = 0
    waiting: int = 0
    differences: int = 0
    subjects: list[UUID] = []
