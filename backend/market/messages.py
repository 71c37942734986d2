"""What goes in and out of the market."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.devices.messages import SignatureText
from backend.market.states import BenefitState
from backend.platform.texts import Reference
from partners.benefits.commitments import CommitmentKind
from partners.benefits.terms import HolderKind, OfflineTerms, Terms, Text, Tier
from partners.benefits.validity import When, Where
from partners.orders.states import RedemptionState, ReservationState, VerificationState

MAXIMUM_FEN = 1_000_000_000_000

Fen = Annotated[int, Meta(ge=0, le=MAXIMUM_FEN, description="金额（分） amount in fen")]
BENEFIT_ID = r"^[a-z][a-z0-9-]{0,63}(?!\n)$"
BenefitId = Annotated[str, Meta(pattern=BENEFIT_ID, max_length=64, description="权益编号 benefit id")]
CodeText = Annotated[
    str, Meta(min_length=1, max_length=512, description="诚信码文本或数字 text of the QR, or its digits")
]
Result = Literal["eligible", "declined"]


class BenefitOffer(msgspec.Struct):
    """A benefit as the public sees it (Reg. art. 30: what is not published is void)."""

    id: str
    version: int
    scene: str
    kind: str
    unit: str
    name: Text
    description: Text
    legal_basis: str
    state: str
    holder: HolderKind
    open_to_all: bool
    tiers: list[Tier]
    cap_fen: int | None
    quota_total: int | None
    quota_per_day: int | None
    per_person_per_day: int | None
    per_person_per_month: int | None
    valid_from: date
    valid_until: date
    published_at: datetime | None
    offline: OfflineTerms | None
    quota_per_store_per_day: int | None
    stacking_group: str | None
    where: Where | None
    when: When | None
    reservation_minutes: int


class BenefitPage(msgspec.Struct):
    """`next` is the cursor of the following page, or null."""

    benefits: list[BenefitOffer]
    next: str | None


class CommitmentAsked(msgspec.Struct):
    """A commitment that opens a tier of a benefit: what is promised, what it opens, and whether it was made. Making it is free, and
    declining costs nothing."""

    kind: CommitmentKind
    promise: Text
    tier: Text
    value: int
    made: bool


class ObjectionTold(msgspec.Struct):
    """Why terms may not be published: the ground, the article it stands in, and the sentence."""

    ground: str
    article: str
    zh: str
    en: str


class ProposedTerms(msgspec.Struct):
    """A version that waits for a second person, and what would stand against its publication."""

    benefit: str
    version: int
    state: BenefitState
    objections: list[ObjectionTold]


class BenefitVersionEvent(msgspec.Struct):
    """One event of a version: what happened, who did it, and what followed."""

    event: str
    before: BenefitState | None
    after: BenefitState
    account_id: UUID
    at: datetime


class BenefitVersion(msgspec.Struct):
    """A version of a benefit with everything that happened to it. `mine`: proposed by the caller, who may not approve it."""

    version: int
    state: BenefitState
    terms: Terms
    mine: bool
    proposed_at: datetime
    approved_at: datetime | None
    ended_at: datetime | None
    events: list[BenefitVersionEvent]


class BenefitVersionPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    versions: list[BenefitVersion]
    next: str | None


class BenefitMoved(msgspec.Struct):
    """Where a benefit stands after the act."""

    benefit: str
    state: BenefitState


class LevelEffect(msgspec.Struct):
    """What a level has before and after a change (null: nothing), and how many people are at it: rounded to tens, null below ten."""

    rank: int
    name: str
    name_en: str
    people: int | None
    before: int | None
    after: int | None
    effect: Literal["gains", "loses", "same"]


class DryRun(msgspec.Struct):
    """What a version would change against the one in force: who gains and who loses, by level only, and the cost of 30 days in fen.

    Counts are rounded to tens and null below ten. `cost_before_fen` is what was redeemed in the last 30 days, `cost_after_fen` the
    same uses under the new terms with as many uses of each newcomer as of everybody; both null below ten uses.
    """

    benefit: str
    version_before: int | None
    version_after: int
    unit: str
    levels: list[LevelEffect]
    gain: int | None
    lose: int | None
    uses: int | None
    cost_before_fen: int | None
    cost_after_fen: int | None
    by_commitment: int | None
    objections: list[ObjectionTold]


class MakeCommitment(msgspec.Struct, forbid_unknown_fields=True):
    """The version of the terms whose commitment is made, as it was read."""

    version: Annotated[int, Meta(ge=1, le=1_000_000)]


class MyBenefit(msgspec.Struct):
    """A benefit as it stands for the caller: yours now with `value`, or why not and what would open it: the next level, or a
    commitment. `version` names the terms."""

    id: str
    scene: str
    kind: str
    unit: str
    name: Text
    standing: Literal["yours", "next-level", "by-commitment", "not-now"]
    value: int | None
    tier: Text | None
    next_value: int | None
    next_tier: Text | None
    reasons: list[Text]
    version: int
    commitment: CommitmentAsked | None
    where: Where | None
    when: When | None


class MyBenefits(msgspec.Struct):
    """Every benefit in force for persons: yours first, then those that a commitment opens, those of the next level, and the rest
    with the reason."""

    benefits: list[MyBenefit]


class EnterpriseCommitments(msgspec.Struct):
    """How many commitments the enterprise made, and how many were found kept or broken; `standing` follows from them alone."""

    made: int
    kept: int
    broken: int
    standing: Literal["registered", "committed", "kept"]


class EnterpriseBenefits(msgspec.Struct):
    """Every benefit in force for enterprises, as it stands for this one, and the standing that its tiers are measured by."""

    commitments: EnterpriseCommitments
    benefits: list[MyBenefit]


class VerificationOrder(msgspec.Struct, forbid_unknown_fields=True):
    """A scan: the code as shown, the benefit asked for, and the partner's own references."""

    code: CodeText
    benefit: BenefitId
    terminal: Reference
    partner_ref: Reference
    amount_fen: Fen | None = None
    store: (
        Annotated[
            UUID,
            Meta(
                description="所在门店，权益限定门店时必填 the partner's store, needed where a benefit is valid at some"
            ),
        ]
        | None
    ) = None


class OfferedTier(msgspec.Struct):
    """What to give: `value` in `unit` (permille, fen, minutes ...), as 12 digits so that a no is as long as a yes; zeros when declined."""

    unit: str
    value: str


class VerificationAnswer(msgspec.Struct):
    """Eligible or declined, and nothing about the person. `ref` is random and used once; `receipt` is a compact JWS."""

    verification_id: UUID
    benefit: str
    result: Result
    tier: OfferedTier
    answered_at: datetime
    expires_at: datetime
    ref: str
    receipt: str


class HolderAsked(msgspec.Struct):
    """No answer yet: the holder's phone is asked, until `confirm_by`. Fetch the verification every `poll_seconds`.

    A holder who refuses, one who says nothing and one who is not eligible all end as `declined`.
    """

    verification_id: UUID
    benefit: str
    state: Literal["pending-confirmation"]
    confirm_by: datetime
    poll_seconds: int


class VerificationAnswerNow(msgspec.Struct):
    """An answer given before, and where it stands: answered, redeemed or lapsed."""

    verification_id: UUID
    benefit: str
    result: Result
    tier: OfferedTier
    answered_at: datetime
    expires_at: datetime
    ref: str
    receipt: str
    state: VerificationState


class ReservationOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Holds the place of an eligible verification until it is redeemed; `amount_fen` is for what a budget is held."""

    verification_id: UUID
    partner_ref: Reference
    amount_fen: Fen | None = None


class ReservationAnswer(msgspec.Struct):
    """A place that is held until `expires_at`, or how it ended."""

    reservation_id: UUID
    verification_id: UUID
    benefit: str
    amount_fen: int
    state: ReservationState
    reserved_at: datetime
    expires_at: datetime
    partner_ref: str


class RedemptionOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Redeems an eligible verification; `amount_fen` is what the benefit is worth this time, 0 where it is no money."""

    verification_id: UUID
    partner_ref: Reference
    amount_fen: Fen = 0


class RedemptionAnswer(msgspec.Struct):
    """A redemption and how much of it was reversed. `receipt` is a compact JWS."""

    redemption_id: UUID
    verification_id: UUID
    benefit: str
    amount_fen: int
    reversed_fen: int
    state: RedemptionState
    redeemed_at: datetime
    partner_ref: str
    receipt: str


class ReversalOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Takes back a redemption: all that is left of it without `amount_fen`, else that part."""

    partner_ref: Reference
    amount_fen: Annotated[int, Meta(ge=1, le=MAXIMUM_FEN, description="冲正金额（分） amount in fen")] | None = None


class ReversalAnswer(msgspec.Struct):
    """A reversal, and where the redemption stands after it."""

    reversal_id: UUID
    redemption_id: UUID
    amount_fen: int
    left_fen: int
    state: RedemptionState
    reversed_at: datetime
    partner_ref: str
    receipt: str


class RedemptionEvent(msgspec.Struct):
    """One event: what happened, the state after it, the amount it was about if any, and the sentence that explains it."""

    event: str
    state: str
    at: datetime
    amount_fen: int | None
    told: Text


class RedemptionHistory(msgspec.Struct):
    """What happened to a redemption, oldest first."""

    redemption_id: UUID
    verification_id: UUID
    benefit: str
    state: RedemptionState
    events: list[RedemptionEvent]


class MyVerification(msgspec.Struct):
    """One scan as the holder sees it: who asked for what, the answer, the full reason, and what became of it."""

    id: UUID
    partner: str
    terminal: str
    benefit: Text
    result: Result
    reasons: list[Text]
    amount_fen: int | None
    answered_at: datetime
    redeemed_at: datetime | None
    redeemed_fen: int | None
    state: str


class MyVerificationPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    verifications: list[MyVerification]
    next: str | None


class Question(msgspec.Struct):
    """What the holder's phone is asked: may this partner be told of this benefit, for this amount? Answer before `confirm_by`.

    `result` and `reasons` are what the partner will be told if the holder confirms, and why; without it the partner is told no.
    """

    id: UUID
    partner: str
    partner_id: UUID
    terminal: str
    benefit: str
    benefit_version: int
    name: Text
    description: Text
    kind: str
    amount_fen: int | None
    result: Result
    reasons: list[Text]
    asked_at: datetime
    confirm_by: datetime


class Questions(msgspec.Struct):
    """Oldest first, and the server's time, as phones' clocks differ."""

    server_time: datetime
    questions: list[Question]


class Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """The holder's yes: a registered device and its signature over the question (protocol, section 13)."""

    device_id: UUID
    signature: SignatureText


class VerifiedHolder(msgspec.Struct, frozen=True, kw_only=True):
    """An eligible verification as another room may use it: whose, for what and under which terms, and until when.

    `confirmed_at`: when the holder's phone confirmed partner, benefit and amount, if it was asked.
    """

    verification_id: UUID
    partner_id: UUID
    benefit_id: str
    terms: Terms
    benefit_version: int
    account_id: UUID
    subject_id: UUID
    tier_value: int
    amount_fen: int | None
    expires_at: datetime
    confirmed_at: datetime | None


class MarketTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the market did in a time: answers, redemptions and reversals of those redemptions, sums in fen. An answer may be
    declined for several reasons, and counts for each."""

    eligible: int
    declined: int
    declined_because: dict[str, int]
    redemptions: int
    redeemed_fen: int
    reversals: int
    reversed_fen: int
