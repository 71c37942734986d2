"""What goes in and out of the complaints room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.complaints.states import ComplaintState
from backend.platform.texts import Lines

Words = Annotated[Lines, Meta(min_length=1, max_length=1000)]
Statement = Annotated[Lines, Meta(min_length=1, max_length=2000)]


class About(StrEnum):
    """What the complaint is about 投诉事项: refused at the till 当场拒绝, not as promised 未如约兑现, charged wrongly 多收费, treated badly
    服务态度, personal data asked for 索要个人信息, something else 其他."""

    REFUSED = "refused-at-the-till"
    NOT_AS_PROMISED = "not-as-promised"
    CHARGED_WRONGLY = "charged-wrongly"
    TREATED_BADLY = "treated-badly"
    DATA_ASKED_FOR = "personal-data-asked-for"
    OTHER = "other"


class FileComplaint(msgspec.Struct, forbid_unknown_fields=True):
    """A complaint about one of one's own visits. The words are read by the authority; the partner gets what an officer makes of them."""

    verification_id: UUID
    about: About
    words: Words | None = None


class Entry(msgspec.Struct):
    """One event of a complaint; `actor_kind` is `resident`, `officer`, `partner` or `system`."""

    at: datetime
    event: str
    before: ComplaintState | None
    after: ComplaintState
    actor_kind: str


class ComplaintClock(msgspec.Struct):
    """`due_day` is the last day to accept it, once accepted to answer it in writing; null when it is over. `working_days_left` counts to
    it; `provisional` while a year's days off are not announced."""

    due_day: date | None
    accepted_on: date | None
    overdue: bool
    provisional: bool
    working_days_left: int | None


class Complaint(msgspec.Struct):
    """A complaint as the person who made it sees it: also what the partner was told, and what it said. `reason` of a refusal."""

    id: UUID
    verification_id: UUID
    partner: str
    benefit: str
    about: About
    words: str | None
    state: ComplaintState
    filed_at: datetime
    clock: ComplaintClock
    substance: str | None
    partner_reply: str | None
    answer: str | None
    reason: str | None
    history: list[Entry]


class ComplaintPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    complaints: list[Complaint]
    next: str | None


class StaffComplaint(msgspec.Struct):
    """A complaint as an officer sees it: no name, no number of anybody. `proposed_reason` waits for the second person."""

    id: UUID
    partner_id: UUID
    partner: str
    benefit: str
    about: About
    words: str | None
    state: ComplaintState
    filed_at: datetime
    clock: ComplaintClock
    substance: str | None
    partner_reply: str | None
    answer: str | None
    reason: str | None
    proposed_reason: str | None
    history: list[Entry]


class StaffComplaintPage(msgspec.Struct):
    """The most urgent first; `next` is the cursor of the following page, or null."""

    complaints: list[StaffComplaint]
    next: str | None


class PassOn(msgspec.Struct, forbid_unknown_fields=True):
    """What the partner is told: written by the officer, so that nobody is known by it. Numbers of persons are masked."""

    substance: Statement


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The written answer to the person."""

    answer: Statement


class ProposeRefusal(msgspec.Struct, forbid_unknown_fields=True):
    """Why the complaint cannot be taken up; the person reads it once a second officer has confirmed."""

    reason: Statement


class DecideRefusal(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the second officer confirms the refusal, or sends it back."""

    confirm: bool


class PartnerReply(msgspec.Struct, forbid_unknown_fields=True):
    """What the partner says to a complaint; the person reads it, too."""

    reply: Statement


class PartnerComplaint(msgspec.Struct):
    """A complaint as the partner sees it: what it is about, and nothing of whom. `complaint` is a random number."""

    complaint: UUID
    about: About
    substance: str
    passed_on: date
    open: bool
    reply: str | None


class PartnerComplaintPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    complaints: list[PartnerComplaint]
    next: str | None
