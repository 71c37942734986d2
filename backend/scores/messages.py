"""What the scores room answers. Millipoints are exact integers; `points` is the same number as decimal text."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from scoring import RuleSet


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
    """What one record contributes: points, rule, source, until when (exclusive); `permille` of it have not faded. A pretended
    record has an id that begins with `~`; the line that keeps the score in its range has none."""

    record_id: str | None
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
    permille: int


class NotCountedOut(msgspec.Struct):
    """A record that contributes nothing, and why."""

    record_id: str
    item: str
    source: str
    reason: str
    text: str
    text_en: str


class HeldOut(msgspec.Struct):
    """A ceiling that is reached: the level is at most this one while these records count."""

    ceiling: str
    level: LevelOut
    text: str
    text_en: str
    record_ids: list[str]


class ExplanationOut(msgspec.Struct):
    """Base + the sum of the lines is the score, to the millipoint."""

    score: ScoreOut
    base: str
    base_millipoints: int
    lines: list[LineOut]
    not_counted: list[NotCountedOut]
    held: list[HeldOut]


class EffectOut(msgspec.Struct):
    """What becomes of one record's points, and why it no longer or not yet counts, if so."""

    record_id: str | None
    rule: str | None
    points_before: str
    points_after: str
    reason: str | None


class ComingChange(msgspec.Struct):
    """A day on which the score or the level changes without any new record."""

    day: date
    points: str
    before: str
    after: str
    level: LevelOut
    version: str
    text: str
    text_en: str
    effects: list[EffectOut]


class WayUp(msgspec.Struct):
    """One way to a higher level. kind `act`: something to do; `wait`: by itself on `day`; `repair`: of this record."""

    kind: str
    text: str
    text_en: str
    points: str
    level: LevelOut
    day: date
    rules: list[str]
    record_id: str | None


class Outlook(msgspec.Struct):
    """What comes: the dated changes ahead, and up to three ways to a higher level, nearest first."""

    as_of: date
    changes: list[ComingChange]
    ways: list[WayUp]


class PretendedRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A record as it might be: catalogue item, day of the act, and grade and whole amount where the item has them."""

    item: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,60}(?!\n)$", description="目录事项 catalogue item")]
    occurred_on: date
    grade: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,60}(?!\n)$")] | None = None
    amount: Annotated[int, Meta(ge=0, le=10**12)] | None = None


class WhatIf(msgspec.Struct, forbid_unknown_fields=True):
    """Records to think away, by id, and records to think added. Nothing of it is kept."""

    remove: Annotated[list[UUID], Meta(max_length=200)] = []
    add: Annotated[list[PretendedRecord], Meta(max_length=20)] = []


class WhatIfOut(msgspec.Struct):
    """The score as it would be, and the records whose points differ."""

    before: str
    after: str
    level: LevelOut
    effects: list[EffectOut]
    explanation: ExplanationOut


class BundleResult(msgspec.Struct):
    """The result in a bundle: millipoints, the level's rank, and every line."""

    millipoints: int
    rank: int
    lines: list[dict[str, Any]]


class Bundle(msgspec.Struct):
    """Everything that a score is made of, for its owner to recompute: the rule set as published, the facts as known at
    `known_at`, the day and the result. `signature` is a compact JWS over the SHA-256 of all the rest."""

    format: str
    issuer: str
    made_at: datetime
    known_at: datetime
    as_of: date
    rule_set: RuleSet
    facts: list[dict[str, Any]]
    result: BundleResult
    signature: str


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
