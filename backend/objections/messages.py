"""What goes in and out of the objections room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.objections.states import ObjectionState
from backend.platform.texts import Lines, Reference, ShortText
from backend.records.messages import RecordOut

Statement = Annotated[Lines, Meta(min_length=1, max_length=2000)]
Column = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,32}(?!\n)$")]
ColumnText = Annotated[Lines, Meta(max_length=4000)]


class ObjectionKind(StrEnum):
    """Kind 异议类型: 错误, 遗漏, 重复公示, 不应公示, 超期公示, 侵犯隐私或秘密."""

    WRONG = "wrong"
    OMISSION = "omission"
    PUBLISHED_TWICE = "published-twice"
    NOT_TO_BE_PUBLISHED = "not-to-be-published"
    PUBLISHED_TOO_LONG = "published-too-long"
    PRIVACY = "privacy"


class Help(StrEnum):
    """Who helps: another unit 其他单位, whose help has a term of its own; or an inspection 检验, testing 检测 or expert
    review 专家评审, whose time does not count."""

    UNIT = "unit"
    INSPECTION = "inspection"
    TESTING = "testing"
    EXPERT_REVIEW = "expert-review"


class Outcome(StrEnum):
    """What an officer decides."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class FileObjection(msgspec.Struct, forbid_unknown_fields=True):
    """An objection to a record of one's own; without `record_id` only for an omission."""

    kind: ObjectionKind
    statement: Statement
    record_id: UUID | None = None
    evidence: Reference | None = None


class AskHelp(msgspec.Struct, forbid_unknown_fields=True):
    """Asks for help; `helper` is the unit that gives it."""

    help: Help
    helper: ShortText


class HelpGiven(msgspec.Struct, forbid_unknown_fields=True):
    """What the helper answered."""

    reply: Statement


class RecordCorrection(msgspec.Struct, forbid_unknown_fields=True):
    """Columns of the record and their right text; checked like a delivered row."""

    fields: Annotated[dict[Column, ColumnText], Meta(min_length=1, max_length=40)]


class Decide(msgspec.Struct, forbid_unknown_fields=True):
    """The decision. An upheld objection without `correction` withdraws the record, an omission apart."""

    outcome: Outcome
    reason: Statement
    correction: RecordCorrection | None = None


class SendBack(msgspec.Struct, forbid_unknown_fields=True):
    """Why the second person does not confirm."""

    reason: Statement


class DeadlineClock(msgspec.Struct):
    """The deadlines, in working days. `decide_by` is null while the clock is paused; `provisional` when the days off of a
    year on the way are not yet announced; `working_days_left` counts to the present deadline, null when there is none."""

    mark_by: date
    decide_by: date | None
    reply_by: date | None
    paused: bool
    overdue: bool
    provisional: bool
    working_days_left: int | None


class ObjectionEntry(msgspec.Struct):
    """One event of an objection; `actor_kind` is `resident`, `officer` or `system`."""

    at: datetime
    event: str
    before: ObjectionState | None
    after: ObjectionState
    actor_kind: str
    note: str | None


class Objection(msgspec.Struct):
    """An objection as the person who filed it sees it. `history` is oldest first; `reason` stands when it is decided."""

    id: UUID
    record_id: UUID | None
    kind: ObjectionKind
    statement: str
    evidence: str | None
    state: ObjectionState
    filed_at: datetime
    decided_at: datetime | None
    reason: str | None
    clock: DeadlineClock
    history: list[ObjectionEntry]


class ObjectionPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    objections: list[Objection]
    next: str | None


class StaffObjection(msgspec.Struct):
    """An objection as an officer sees it: no name, no number. `proposed_reason` waits for the second person."""

    id: UUID
    record_id: UUID | None
    kind: ObjectionKind
    statement: str
    evidence: str | None
    state: ObjectionState
    filed_at: datetime
    decided_at: datetime | None
    reason: str | None
    proposed_reason: str | None
    clock: DeadlineClock
    history: list[ObjectionEntry]


class StaffObjectionDetail(msgspec.Struct):
    """An objection with the record it is about; no record for an omission that names none."""

    objection: StaffObjection
    record: RecordOut | None


class StaffObjectionPage(msgspec.Struct):
    """The most urgent first; `next` is the cursor of the following page, or null."""

    objections: list[StaffObjection]
    next: str | None
