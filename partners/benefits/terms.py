"""The terms of a benefit 信易+权益: what it gives, to whom, where, when and how often."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from partners.benefits.commitments import CommitmentKind
from partners.benefits.texts import ONE_LINE, Text
from partners.benefits.validity import When, Where

__all__ = ["CONTRACTS", "BenefitId", "BenefitKind", "HolderKind", "OfflineTerms", "Terms", "Text", "Tier"]

BenefitId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,60}(?!\n)$", examples=["library-deposit-waiver"])]
Fen = Annotated[int, Meta(ge=0, le=100_000_000_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class BenefitKind(StrEnum):
    """What a benefit gives; the last two are contracts that end with a bill."""

    DISCOUNT = "discount"
    ALLOWANCE = "allowance"
    VOUCHER = "voucher"
    FREE_TIME = "free-time"
    PRIORITY = "priority"
    DEPOSIT_WAIVER = "deposit-waiver"
    PAY_AFTER_USE = "pay-after-use"


class HolderKind(StrEnum):
    """For whom a benefit is, and who shows a code: a natural person 自然人, or an enterprise 企业 (legal persons and other
    organisations). The code itself does not say which."""

    PERSON = "person"
    ENTERPRISE = "enterprise"


CONTRACTS = frozenset({BenefitKind.DEPOSIT_WAIVER, BenefitKind.PAY_AFTER_USE})


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a level from `minimum_rank` on gets: `value` in the benefit's unit (permille, fen, minutes, pieces). Of an enterprise it is the
    rank of its standing (`eligibility.Standing`), never anybody's level.

    A tier with a `commitment` opens to whoever made that commitment for this benefit, and to nobody by level: `minimum_rank` only
    orders it among the others then.
    """

    name: Text
    minimum_rank: Annotated[int, Meta(ge=0, le=20)]
    value: Annotated[int, Meta(ge=0, le=100_000_000_000)]
    commitment: CommitmentKind | None = None


class OfflineTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a benefit is given without a network 离线核销 (protocol, section 8).

    number: names the benefit in codes, and no other benefit ever. per_person_per_day: how many passes a person may fetch on
    a day, and how many may be settled of a day. lifetime_hours: longer than the five hours by which a pass is predated.
    """

    number: Annotated[int, Meta(ge=0, le=65_535)]
    per_person_per_day: Annotated[int, Meta(ge=1, le=10)]
    lifetime_hours: Annotated[int, Meta(ge=6, le=48)] = 24
    needs_challenge: bool = False

    @property
    def lifetime_seconds(self) -> int:
        """The life of a pass."""
        return self.lifetime_hours * 3600


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of a benefit's terms. Amounts are fen; None means without a limit, and `offline` None: only online.

    `stacking_group`: of all benefits in one group a person uses one a day. `reservation_minutes`: how long a place is held for a
    till between verification and redemption.
    """

    id: BenefitId
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    scene: Annotated[str, Meta(pattern=r"^[a-z]{1,20}(?!\n)$")]
    kind: BenefitKind
    unit: Annotated[str, Meta(pattern=r"^[a-z-]{1,20}(?!\n)$")]
    names: Text
    description: Text
    legal_basis: Annotated[str, Meta(max_length=500, pattern=ONE_LINE)]
    tiers: Annotated[tuple[Tier, ...], Meta(max_length=20)]
    valid_from: date
    valid_until: date
    holder: HolderKind = HolderKind.PERSON
    open_to_all: bool = False
    basic_public_service: bool = False
    confirm: bool = False
    quota_per_day: Count | None = None
    quota_total: Count | None = None
    per_person_per_day: Count | None = None
    per_person_per_month: Count | None = None
    cap_fen: Fen | None = None
    offline: OfflineTerms | None = None
    quota_per_store_per_day: Count | None = None
    stacking_group: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,40}(?!\n)$")] | None = None
    where: Where | None = None
    when: When | None = None
    reservation_minutes: Annotated[int, Meta(ge=1, le=15)] = 10
