"""What goes in and out of the rule sets room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.platform.texts import Lines
from backend.rule_sets.states import VersionState

# Tabs and carriage returns may stand in a file; other control characters may not.
Source = Annotated[
    str, Meta(min_length=1, max_length=200_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]*(?!\n)$")
]
Reason = Annotated[Lines, Meta(min_length=1, max_length=2000)]


class ProposeRuleSet(msgspec.Struct, forbid_unknown_fields=True):
    """A version as the text of its file, YAML or JSON."""

    source: Source


class Reasoned(msgspec.Struct, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class Standing(StrEnum):
    """Where a published version stands on a day: announced for a day to come, in force, or followed by a later one."""

    ANNOUNCED = "announced"
    IN_FORCE = "in-force"
    PAST = "past"


class RuleSetSummary(msgspec.Struct):
    """A version in force or announced. `digest` is the SHA-256 of its source text; `published_at` is null for the version
    that came with the product."""

    id: str
    version: str
    name: str
    name_en: str
    published_by: str
    effective_from: date
    effective_until: date | None
    rules: int
    standing: Standing
    digest: str
    published_at: datetime | None


class PublishedVersionOut(msgspec.Struct):
    """A published version, past, present or to come. `followed_on` is the day on which the next version takes effect.
    `usable` is false for a version that no longer loads: no score is computed with it."""

    version: str
    effective_from: date
    followed_on: date | None
    standing: Standing
    digest: str
    published_at: datetime | None
    usable: bool


class VersionEntry(msgspec.Struct):
    """One event of a version; `account_id` is the member of staff."""

    at: datetime
    event: str
    before: VersionState | None
    after: VersionState
    account_id: UUID
    note: str | None


class ProposedVersion(msgspec.Struct):
    """A version as operators see it. `history` is oldest first; `mine` says that the caller proposed it and somebody else must
    approve it."""

    id: UUID
    rule_set: str
    version: str
    effective_from: date
    digest: str
    state: VersionState
    proposed_at: datetime
    mine: bool
    history: list[VersionEntry]


class ProposedVersionDetail(msgspec.Struct):
    """A version with its source text."""

    proposal: ProposedVersion
    source: str


class ProposedVersionPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    proposals: list[ProposedVersion]
    next: str | None
