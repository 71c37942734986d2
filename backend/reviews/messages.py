"""What goes in and out of the reviews room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.catalogue.catalogue import LegalBasis
from backend.partner_accounts.messages import PartnerMove, StoreListing
from backend.partner_accounts.states import PartnerState
from backend.platform.texts import Lines, ShortText
from partners.benefits.terms import Text, Tier
from partners.reviews.figures import Kept, Published, Waiting
from partners.reviews.verdicts import Ground, Thresholds

Words = Annotated[Lines, Meta(min_length=1, max_length=300)]
Statement = Annotated[Lines, Meta(min_length=1, max_length=2000)]
Stars = Annotated[int, Meta(ge=1, le=5, description="星级 stars")]


class NewReview(msgspec.Struct, forbid_unknown_fields=True):
    """How one's own visit went. `words` are read by the authority only; they are never published and no partner sees them."""

    verification_id: UUID
    stars: Stars
    kept: Kept
    waiting: Waiting
    words: Words | None = None


class MyReview(msgspec.Struct):
    """A review as the person who wrote it sees it."""

    id: UUID
    verification_id: UUID
    partner: str
    benefit: str
    visited_at: datetime
    stars: int
    kept: Kept
    waiting: Waiting
    words: str | None
    filed_at: datetime


class MyReviewPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    reviews: list[MyReview]
    next: str | None


class ReviewWords(msgspec.Struct):
    """What somebody wrote, as an officer reads it: no name, no day."""

    month: str
    stars: int
    kept: Kept
    words: str


class ReviewWordsPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    words: list[ReviewWords]
    next: str | None


class Promise(msgspec.Struct):
    """A benefit in force that the partner has promised to give."""

    benefit: str
    scene: str
    kind: str
    unit: str
    name: Text
    description: Text
    tiers: list[Tier]
    legal_basis: str
    valid_until: date


class CardFigures(msgspec.Struct):
    """What at least ten people said between two days; each counts once. People in tens, honoured rounded down and refused up to a
    twentieth; `rating_permille` is the lower 95 % bound of the rating (0: one star, 1000: five), rounded down to a hundredth."""

    from_day: date
    until_day: date
    people_at_least: int
    rating_permille: int
    honoured_permille: int
    refused_permille: int
    median_waiting: Waiting


class PromiseCard(msgspec.Struct):
    """承诺镜: what a partner promised beside what its guests say; `figures` is null where fewer than ten people said anything."""

    partner_id: UUID
    name: str
    name_en: str
    state: PartnerState
    alliance_since: date | None
    scenes: list[str]
    stores: list[StoreListing]
    promises: list[Promise]
    figures: CardFigures | None


class RankedPartner(msgspec.Struct):
    """A partner with the figures of its card."""

    partner_id: UUID
    name: str
    name_en: str
    scenes: list[str]
    figures: CardFigures


class RankedPage(msgspec.Struct):
    """By the bound of their rating, the highest first; `next` is the cursor of the following page, or null."""

    partners: list[RankedPartner]
    next: str | None


class ReviewRules(msgspec.Struct):
    """A version of the rules of public review, as everybody may read it."""

    effective_from: date
    published_on: date
    legal_basis: list[LegalBasis]
    counted_days: int
    shown_days: int
    review_within_days: int
    thresholds: Thresholds
    reply_working_days: int
    rectify_working_days: int
    notice_working_days: int
    objection_working_days: int


class ReviewRulesList(msgspec.Struct):
    """Newest first."""

    versions: list[ReviewRules]


class CaseOutcome(StrEnum):
    """How a case ended: stopped by two officers 终止, passed the re-check 复核合格, delisted 退出; after an objection upheld 维持 or
    reinstated 恢复."""

    STOPPED = "stopped"
    PASSED = "passed"
    DELISTED = "delisted"
    UPHELD = "upheld"
    REINSTATED = "reinstated"


class CaseForPartner(msgspec.Struct):
    """A case as its partner sees it. `next_day` is the last day of the present stage: to reply, to put things right, before the
    delisting; `provisional` while a year's days off are not announced. `found_again`: what the re-check found; `because`: why a
    delisting was upheld."""

    case_id: UUID
    grounds: list[Ground]
    opened_on: date
    next_day: date | None
    provisional: bool
    reply: str | None
    found_again: list[Ground] | None
    objection_by: date | None
    objection: str | None
    outcome: CaseOutcome | None
    closed_on: date | None
    because: str | None


class Standing(msgspec.Struct):
    """Where a partner is: its state, how it came there, the figures that everybody reads, and its last case if it had one."""

    state: PartnerState
    figures: CardFigures | None
    case: CaseForPartner | None
    history: list[PartnerMove]


class Reply(msgspec.Struct, forbid_unknown_fields=True):
    """What the partner says to it."""

    statement: Statement


CaseProposal = Literal["stop", "reinstate", "uphold"]


class StaffCase(msgspec.Struct):
    """A case as the authority sees it; `proposal` waits for a second person."""

    case: CaseForPartner
    partner_id: UUID
    partner: str
    state: PartnerState
    rules_from: date
    proposal: CaseProposal | None
    because: str | None
    history: list[PartnerMove]


class StaffCasePage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    cases: list[StaffCase]
    next: str | None


class ProposeOutcome(msgspec.Struct, forbid_unknown_fields=True):
    """What one officer proposes, with the reason, which the partner reads."""

    proposal: CaseProposal
    because: ShortText


class DecideOutcome(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the second officer confirms what was proposed, or sends it back."""

    confirm: bool


def card_figures(from_day: date, until_day: date, shown: Published) -> CardFigures:
    """Published figures with their days."""
    return CardFigures(
        from_day=from_day,
        until_day=until_day,
        people_at_least=shown.people_at_least,
        rating_permille=shown.rating_permille,
        honoured_permille=shown.honoured_permille,
        refused_permille=shown.refused_permille,
        median_waiting=shown.median_waiting,
    )
