"""The access context 访问上下文: who reads a person's data, why and on what ground.

Nothing reads a person without one: `Connection.read` turns it into a row of that person's access log in the same
statement (Reg. art. 24; PIPL art. 44-48). Estonia's Data Tracker is the model of the fields.
"""

from enum import StrEnum
from uuid import UUID

import msgspec


class ActorKind(StrEnum):
    """Who looks, as the person reads it in their log."""

    SELF = "self"
    STAFF = "staff"
    PARTNER = "partner"
    SOURCE = "source"
    ENTERPRISE = "enterprise"
    SYSTEM = "system"


class Ground(StrEnum):
    """On what ground the read is allowed."""

    OWN_REQUEST = "own-request"
    CONSENT_COMPUTE = "consent-compute"
    CONSENT_SHOW = "consent-show"
    LEGAL_DUTY = "legal-duty"
    CONTRACT = "contract"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """One reader, one act.

    actor: a stable id of the reader (account, partner or source id, or a job's name); never a person's name.
    actor_name: what the person sees, for example the partner's shop name.
    action: a short verb phrase in Chinese, for example 查看信用分.
    purpose: why, in Chinese, for example 本人查询.
    fields: which kinds of data are read, for example ("score", "level").
    subject: logged even if no row comes back; otherwise the rows themselves say whose data was read.
    """

    actor_kind: ActorKind
    actor: str
    actor_name: str
    action: str
    purpose: str
    ground: Ground
    fields: tuple[str, ...] = ()
    subject: UUID | None = None
    request_id: str = ""


class AccessContextMissing(Exception):
    """A statement would have read a person's data without an access context: a defect, never a user's mistake."""
