"""What goes in and out of the consents room."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta


class ConsentKind(StrEnum):
    """Compute 计算, or show 出示."""

    COMPUTE = "compute"
    SHOW = "show"


class ConsentText(msgspec.Struct, forbid_unknown_fields=True):
    """The wording of a consent; `months` is its life, 12 at most."""

    kind: ConsentKind
    version: int
    months: Annotated[int, Meta(ge=1, le=12)]
    purpose: str
    purpose_en: str
    text: str
    text_en: str


class GiveConsent(msgspec.Struct, forbid_unknown_fields=True):
    """Consent to one kind, in the version that was read."""

    kind: ConsentKind
    text_version: Annotated[int, Meta(ge=1, le=10_000)]


class Consent(msgspec.Struct):
    """One consent as its giver sees it."""

    id: UUID
    kind: ConsentKind
    purpose: str
    purpose_en: str
    text_version: int
    starts_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_because: str | None
    in_force: bool
