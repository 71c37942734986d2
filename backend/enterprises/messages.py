"""What goes in and out of the enterprises room."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.enterprises.states import EnterpriseState
from backend.platform.texts import Reference, ShortText
from backend.records.messages import RecordOut

CreditCode = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$",
        description="统一社会信用代码 unified social credit code (GB 32100-2015)",
        examples=["91320100748204660Q"],
    ),
]


class AgentRole(StrEnum):
    """In which quality an agent acts: legal representative 法定代表人, or authorised agent 经办人."""

    LEGAL_REPRESENTATIVE = "legal-representative"
    AUTHORISED_AGENT = "authorised-agent"


class RegisterEnterprise(msgspec.Struct, forbid_unknown_fields=True):
    """Registers an enterprise; `authorisation` is the number of the document 授权书 by which the caller may act for it."""

    code: CreditCode
    name: ShortText
    authorisation: Reference
    agent_role: AgentRole


class Enterprise(msgspec.Struct):
    """An enterprise as its agent sees it; `agent_since` is when the caller began to act for it."""

    id: UUID
    code: str
    name: str
    state: EnterpriseState
    registered_at: datetime
    agent_role: AgentRole
    agent_since: datetime


class EnterpriseDetail(msgspec.Struct):
    """An enterprise with what is recorded about it, newest act first; `next` continues the records."""

    enterprise: Enterprise
    records: list[RecordOut]
    next: str | None


class ActingFor(msgspec.Struct, frozen=True):
    """The enterprise that a caller was found to act for."""

    id: UUID
    code: str
    name: str
    subject_id: UUID


class Profile(msgspec.Struct, frozen=True):
    """An enterprise as the other rooms know it: code and name are public by law. `acted_since`: since when somebody acts for
    it without a break, None if nobody does."""

    id: UUID
    subject_id: UUID
    code: str
    name: str
    state: EnterpriseState
    registered_at: datetime
    acted_since: datetime | None
