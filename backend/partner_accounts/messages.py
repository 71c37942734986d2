"""What goes in and out of the partner accounts room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.partner_accounts.states import PartnerState
from backend.platform.texts import ShortText
from partners.benefits.terms import BenefitId

Code = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,39}(?!\n)$", max_length=40)]


class NewPartner(msgspec.Struct, frozen=True, kw_only=True):
    """A partner that applies: its names, its unified social credit code and the scenes it serves, for example ("library",)."""

    name: str
    name_en: str
    credit_code: str
    scenes: Sequence[str]


class NewPartnerKey(msgspec.Struct, forbid_unknown_fields=True):
    """A public key (JWK), and the proof that its private part signed for `created` (Unix seconds), in base64url."""

    key: dict[str, str]
    created: Annotated[int, Meta(ge=0, le=2**40)]
    proof: Annotated[str, Meta(min_length=80, max_length=100)]


class PartnerKey(msgspec.Struct):
    """A live key of a partner: its id is the RFC 7638 thumbprint, `status_index` its place in the status list `partner-keys` (null for
    one that was registered before there was a list)."""

    key_id: str
    algorithm: str
    registered_at: datetime
    status_index: int | None


class PublishedKey(msgspec.Struct):
    """A key of a partner as everybody sees it who holds something that it signed: whose it is, since when, and where to read
    whether it is still good. `status_index` is null three years after it was revoked."""

    key_id: str
    partner_id: UUID
    partner: str
    algorithm: str
    key: dict[str, str]
    registered_at: datetime
    revoked_at: datetime | None
    status_list: str
    status_index: int | None


class RegisteredKey(msgspec.Struct):
    """A key that was registered: its id is the RFC 7638 thumbprint."""

    key_id: str


class PartnerKeys(msgspec.Struct):
    """The live keys, oldest first: two at most."""

    keys: list[PartnerKey]


class LivePartner(msgspec.Struct, frozen=True, kw_only=True):
    """A partner that may verify and redeem now."""

    id: UUID
    name: str
    name_en: str
    credit_code: str


class TillClerk(msgspec.Struct, frozen=True, kw_only=True):
    """Whose till an account works at; `shown_as` names the till."""

    account_id: UUID
    partner_id: UUID
    partner_name: str
    store_id: UUID
    store_name: str
    shown_as: str


class PartnerStore(msgspec.Struct, frozen=True):
    """A store, and whose it is."""

    id: UUID
    partner_id: UUID
    name: str


class StoreListing(msgspec.Struct):
    """A store as the public sees it."""

    id: UUID
    name: str
    district: str


class PartnerListing(msgspec.Struct):
    """A live partner as the public sees it: where it is and which benefits it honours."""

    id: UUID
    name: str
    name_en: str
    scenes: list[str]
    stores: list[StoreListing]
    benefits: list[str]


class PartnerProfile(msgspec.Struct):
    """A partner as the public sees it, with where it is in its life."""

    id: UUID
    name: str
    name_en: str
    credit_code: str
    state: PartnerState
    scenes: list[str]
    stores: list[StoreListing]
    benefits: list[str]


class PartnerPage(msgspec.Struct):
    """`next` is the cursor of the following page, or null."""

    partners: list[PartnerListing]
    next: str | None


class StoreApplied(msgspec.Struct, forbid_unknown_fields=True):
    """A store to be opened: its name and its district's code."""

    name: ShortText
    district: Code


class PartnerOrder(msgspec.Struct, forbid_unknown_fields=True):
    """An enterprise applies as a partner; its Chinese name and its code are those it is registered under."""

    name_en: ShortText
    scenes: Annotated[list[Code], Meta(min_length=1, max_length=8)]
    stores: Annotated[list[StoreApplied], Meta(min_length=1, max_length=50)]
    benefits: Annotated[list[BenefitId], Meta(min_length=1, max_length=50)]


class PartnerMove(msgspec.Struct):
    """One move of a partner from state to state, and why."""

    event: str
    before: PartnerState
    after: PartnerState
    because: str
    at: datetime


Proposal = Literal["approve", "go-live", "delist"]


class Application(msgspec.Struct):
    """An application and where it stands. `proposal` waits for a second operator; `conforms`: whether the report of the
    conformance kit that was handed in has every must, null without one."""

    partner_id: UUID
    enterprise_id: UUID
    name: str
    name_en: str
    credit_code: str
    state: PartnerState
    scenes: list[str]
    stores: list[StoreApplied]
    benefits: list[str]
    proposal: Proposal | None
    because: str | None
    conforms: bool | None
    applied_at: datetime
    history: list[PartnerMove]


class ApplicationPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    applications: list[Application]
    next: str | None


class ApplicationProposal(msgspec.Struct, forbid_unknown_fields=True):
    """What one operator proposes, with the reason, which the enterprise reads."""

    proposal: Proposal
    because: ShortText


class ApplicationDecision(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the second operator confirms what was proposed, or sends it back."""

    confirm: bool


class ConformanceReport(msgspec.Struct, forbid_unknown_fields=True):
    """What `xinyi partner conformance --json` prints; of its cases only the counts are kept."""

    contract: Annotated[int, Meta(ge=1, le=1000)]
    conforms: bool
    passed: Annotated[int, Meta(ge=0, le=10_000)]
    failed: Annotated[int, Meta(ge=0, le=10_000)]
    not_applicable: Annotated[int, Meta(ge=0, le=10_000)]
    cases: Annotated[list[dict[str, Any]], Meta(max_length=1000)] = []
