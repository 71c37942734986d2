"""What goes in and out of the commitments room: the twenty fields of the national list, in stable English codes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.commitments.states import CommitmentState
from backend.platform.texts import Lines, LongText, Reference, ShortText

UnitCode = Annotated[
    str,
    Meta(min_length=18, max_length=18, pattern=r"^[0-9A-Za-z]{18}(?!\n)$", examples=["11320100MB1886843H"]),
]
Reason = Annotated[Lines, Meta(min_length=1, max_length=512)]
Clause = Annotated[Lines, Meta(min_length=1, max_length=2000)]


class CommitmentType(StrEnum):
    """Type 承诺类型: 审批替代, 容缺受理, 证明事项, 信用修复, 行业自律, 主动, 其他."""

    APPROVAL = "approval"
    TOLERANCE = "tolerance"
    CERTIFICATION = "certification"
    REPAIR = "repair"
    INDUSTRY = "industry"
    VOLUNTARY = "voluntary"
    OTHER = "other"


# Given on a promise instead of papers: the route that a breach closes (Reg. art. 45). A commitment for repair stays open,
# for repair itself demands one (Order 36).
ROUTE_TYPES = frozenset({CommitmentType.APPROVAL, CommitmentType.TOLERANCE, CommitmentType.CERTIFICATION})


class Category(StrEnum):
    """Category of the one who commits 承诺主体类别: 法人, 非法人组织, 个体工商户."""

    LEGAL = "legal"
    UNINCORPORATED = "unincorporated"
    INDIVIDUAL_BUSINESS = "individual-business"


class Openness(StrEnum):
    """Openness 公开类型: 可向社会公开, 特定范围内公开, 不可公开."""

    PUBLIC = "public"
    LIMITED = "limited"
    CLOSED = "closed"


class Performance(StrEnum):
    """Performance 履行状态: 全部履行, 部分履行, 全部未履行."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class MakeCommitment(msgspec.Struct, forbid_unknown_fields=True):
    """A commitment to an authority; `valid_until` is the last day to keep it. Without `category`, the code's register decides."""

    type: CommitmentType
    reason: Reason
    content: LongText
    liability: Clause
    valid_until: date
    accepting_unit: ShortText
    accepting_unit_code: UnitCode
    openness: Openness
    category: Category | None = None
    remark: Reason | None = None


class ReportKept(msgspec.Struct, forbid_unknown_fields=True):
    """The agent reports the commitment as kept; `evidence` is the number of the supporting document."""

    evidence: Reference
    statement: Clause | None = None


class CheckCommitment(msgspec.Struct, forbid_unknown_fields=True):
    """What an authority finds. Unless `full`: what was not performed, the sanction, and (first time) the day to rectify by."""

    performance: Performance
    unit: ShortText
    unit_code: UnitCode
    unperformed: Clause | None = None
    sanction: Clause | None = None
    rectify_by: date | None = None


class SendBack(msgspec.Struct, forbid_unknown_fields=True):
    """Why the second person does not confirm."""

    reason: Reason


class CommitmentEntry(msgspec.Struct):
    """One event of a commitment; `actor_kind` is `agent`, `officer` or `system`."""

    at: datetime
    event: str
    before: CommitmentState | None
    after: CommitmentState
    actor_kind: str
    note: str | None
    evidence: str | None


class Commitment(msgspec.Struct):
    """A commitment with all its fields, as its enterprise and the authority see it. `history` is oldest first.

    `proposal` is a negative finding that waits for its second person; the enterprise sees it too and can answer.
    """

    id: UUID
    enterprise_id: UUID
    code: str
    subject_name: str
    subject_category: Category
    subject_code: str
    type: CommitmentType
    reason: str
    content: str
    liability: str
    made_on: date
    valid_until: date
    performance: Performance | None
    unperformed: str | None
    sanction: str | None
    performance_on: date | None
    performance_unit: str | None
    performance_unit_code: str | None
    accepting_unit: str
    accepting_unit_code: str
    openness: Openness
    remark: str | None
    state: CommitmentState
    rectify_by: date | None
    proposal: CheckCommitment | None
    history: list[CommitmentEntry]


class CommitmentPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    commitments: list[Commitment]
    next: str | None


class PublishedCommitment(msgspec.Struct):
    """A commitment as the public sees it; a finding appears only once two persons stand behind it."""

    code: str
    subject_name: str
    subject_code: str
    type: CommitmentType
    reason: str
    content: str
    liability: str
    made_on: date
    valid_until: date
    accepting_unit: str
    performance: Performance | None
    performance_on: date | None


class PublishedCommitmentPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    commitments: list[PublishedCommitment]
    next: str | None
