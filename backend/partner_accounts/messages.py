"""What goes in and out of the partner accounts room."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.partner_accounts.states import PartnerState
from backend.platform.texts import ShortText
from partners.benefits.terms import BenefitId

# One line, without control characters.
TillName = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$")]
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


class Position(StrEnum):
    """What somebody is at a till: a clerk 收银员, or the store's manager 店长, who invites and dismisses its clerks."""

    CLERK = "clerk"
    MANAGER = "manager"


class TillClerk(msgspec.Struct, frozen=True, kw_only=True):
    """Whose till an account works at; `shown_as` names the till."""

    account_id: UUID
    partner_id: UUID
    partner_name: str
    store_id: UUID
    store_name: str
    shown_as: str
    position: Position


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
    cases: list[dict[str, Any]] = []


class StoreState(StrEnum):
    """Where a store is: asked for by its partner, open once an operator has looked at it, sent back with a reason, or closed."""

    ASKED = "asked"
    OPEN = "open"
    RETURNED = "returned"
    CLOSED = "closed"


class OwnStore(msgspec.Struct):
    """A store as its partner sees it; `because` is why it was sent back."""

    id: UUID
    name: str
    district: str
    state: StoreState
    because: str | None


class OwnStores(msgspec.Struct):
    """The stores of a partner, oldest first."""

    stores: list[OwnStore]


class StaffStore(msgspec.Struct):
    """A store that a partner asked for, as an operator sees it."""

    store: OwnStore
    partner_id: UUID
    partner: str


class StaffStores(msgspec.Struct):
    """Oldest first, a hundred at most: decide about some, and the next come."""

    stores: list[StaffStore]


class StoreDecision(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the store is opened, or sent back with a reason that the partner reads."""

    open: bool
    because: ShortText | None = None


class NewInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """A place at a till of a store. `shown_as` names the till and is what holders read of it: no name of a person."""

    store_id: UUID
    shown_as: TillName
    position: Position = Position.CLERK


class TillInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """A place at a till of the manager's own store, for a clerk."""

    shown_as: TillName


class Invitation(msgspec.Struct):
    """An invitation that nobody has used yet. `code` is shown once, when it is made, and is good once."""

    id: UUID
    store_id: UUID
    shown_as: str
    position: Position
    expires_at: datetime
    code: str | None


class Post(msgspec.Struct):
    """A place at a till that somebody has; who it is, nobody is told."""

    id: UUID
    store_id: UUID
    shown_as: str
    position: Position
    since: date


class Posts(msgspec.Struct):
    """Who works at the tills, and the invitations that are open; oldest first."""

    posts: list[Post]
    invitations: list[Invitation]


class AcceptInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """The one-time code that the partner handed over; case, blanks and hyphens do not matter."""

    code: Annotated[str, Meta(min_length=12, max_length=40, pattern=r"^[A-Za-z0-9 -]+(?!\n)$")]


class MyPost(msgspec.Struct):
    """Where one works."""

    partner: str
    store: str
    shown_as: str
    position: Position


class AllianceText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the declaration by which a partner joins, from its day on, with the ground it stands on."""

    version: int
    effective_from: date
    legal_basis: str
    text: str
    text_en: str


class AllianceListing(msgspec.Struct):
    """A member as the public sees it."""

    partner_id: UUID
    name: str
    name_en: str
    since: date


class Alliance(msgspec.Struct):
    """守信激励联盟: what its members declare, and who they are, the oldest first."""

    declaration: AllianceText
    members: list[AllianceListing]


class JoinAlliance(msgspec.Struct, forbid_unknown_fields=True):
    """Declares the text of this version, the one in force."""

    text_version: Annotated[int, Meta(ge=1, le=10_000)]


class Membership(msgspec.Struct):
    """Since when, and by which text."""

    text_version: int
    since: date
