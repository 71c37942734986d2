"""What the synthetic city is made of: the data files beside this module, read into types."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from partners.benefits.commitments import CommitmentKind
from partners.benefits.terms import HolderKind, OfflineTerms, Terms
from partners.benefits.validity import When, Where

Scene = Literal["travel", "transit", "rental", "medical", "shopping", "library", "parking", "approvals"]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Names(_Strict, frozen=True):
    """A text in Chinese and English."""

    zh: str
    en: str


class District(_Strict, frozen=True):
    """A district of the city."""

    code: str
    zh: str
    en: str


class SourceMaterial(_Strict, frozen=True):
    """A public body that delivers records."""

    code: str
    zh: str
    en: str
    items: tuple[str, ...]


class PartnerMaterial(_Strict, frozen=True):
    """A partner that grants benefits in one scene, with its number of stores. `grants`: benefits it grants besides those that are
    dealt out to it."""

    code: str
    zh: str
    en: str
    scene: Scene
    stores: int
    grants: tuple[str, ...] = ()


class PermitMaterial(_Strict, frozen=True):
    """A kind of permit."""

    document: str
    content: str


class PenaltyMaterial(_Strict, frozen=True):
    """A kind of penalty; `fine` in units of 10,000 yuan for natural persons and for organisations."""

    act: str
    basis: str
    kinds: str
    fine: tuple[str, str]


class CivicMaterial(_Strict, frozen=True):
    """What a record of a common form says: the first character of its number's kind, and what was done."""

    number: str
    what: tuple[str, ...]


class CommitmentMaterial(_Strict, frozen=True):
    """A kind of commitment."""

    reason: str
    content: str


class ProductMaterial(_Strict, frozen=True):
    """A product with a trace code: made some days ago, good for some months."""

    name: str
    origin: str
    made_days_ago: int
    months: int
    report_number: str
    report_body: str


class DisplayMaterial(_Strict, frozen=True):
    """What the first enterprise shows: the commitment behind its tourism code, and a product."""

    commitment: CommitmentMaterial
    product: ProductMaterial


class Materials(_Strict, frozen=True):
    """The whole of `city.yaml`."""

    name: Names
    region: str
    districts: tuple[District, ...]
    sources: tuple[SourceMaterial, ...]
    items: dict[str, int]
    partners: tuple[PartnerMaterial, ...]
    alliance: tuple[str, ...]
    surnames: str
    given: str
    enterprise_names: tuple[str, ...]
    enterprise_trades: tuple[Names, ...]
    honours: tuple[str, ...]
    volunteer_projects: tuple[str, ...]
    donation_projects: tuple[str, ...]
    contract_kinds: tuple[str, ...]
    permits: tuple[PermitMaterial, ...]
    penalties: tuple[PenaltyMaterial, ...]
    breach_kinds: tuple[str, ...]
    default_situations: tuple[str, ...]
    commitments: tuple[CommitmentMaterial, ...]
    civic: dict[str, CivicMaterial]
    display: DisplayMaterial


class Tier(_Strict, frozen=True):
    """What a benefit gives from one level on: `minimum_rank` is a rank of 桃花分 (0 lowest to 4), `value` in the unit."""

    name: Names
    minimum_rank: int
    value: int
    commitment: CommitmentKind | None = None


class Found(_Strict, frozen=True):
    """Where an offer was found in the field, in whose words, and how its levels or thresholds stand for ranks here: the score or the
    name it was bound to there -> the rank of our rule set."""

    city: str
    offer: Names
    ranks: dict[str, int] = {}


class Benefit(_Strict, frozen=True):
    """A benefit 信易+权益 in the terms of its offer. Quotas and limits are counts; None sets none. Sums are fen. `found` is no term: it
    tells where the offer comes from."""

    id: str
    scene: Scene
    kind: Literal["discount", "deposit-waiver", "pay-after-use", "free-time", "allowance", "priority", "voucher"]
    unit: Literal["permille", "fen", "minutes", "books", "days", "places"]
    names: Names
    description: Names
    legal_basis: str
    tiers: tuple[Tier, ...]
    valid_from: date
    valid_until: date
    holder: HolderKind = HolderKind.PERSON
    open_to_all: bool = False
    basic_public_service: bool = False
    confirm: bool = False
    quota_per_day: int | None = None
    quota_total: int | None = None
    per_person_per_day: int | None = None
    per_person_per_month: int | None = None
    cap_fen: int | None = None
    offline: OfflineTerms | None = None
    quota_per_store_per_day: int | None = None
    stacking_group: str | None = None
    where: Where | None = None
    when: When | None = None
    reservation_minutes: int = 10
    found: Found | None = None

    def terms(self) -> Terms:
        """The first version of its terms."""
        given = msgspec.to_builtins(self)
        del given["found"]
        return msgspec.convert({**given, "version": 1}, Terms)


class BudgetMaterial(_Strict, frozen=True):
    """What a department may spend on subsidies in a year."""

    department: str
    title: str
    amount_fen: int


class PlanMaterial(_Strict, frozen=True):
    """What the city pays of a benefit."""

    benefit: str
    kind: str
    rate_permille: int
    handler: str
    legal_basis: str
    cap_fen: int | None = None


class Subsidies(_Strict, frozen=True):
    """The whole of `subsidies.yaml`."""

    budget: BudgetMaterial
    plans: tuple[PlanMaterial, ...]


class _Benefits(_Strict, frozen=True):
    benefits: tuple[Benefit, ...]


@cache
def load_materials() -> Materials:
    """The materials of `city.yaml`."""
    return msgspec.yaml.decode(Path(__file__).with_name("city.yaml").read_bytes(), type=Materials)


@cache
def load_benefits() -> tuple[Benefit, ...]:
    """The benefits of `benefits.yaml`."""
    return msgspec.yaml.decode(Path(__file__).with_name("benefits.yaml").read_bytes(), type=_Benefits).benefits


@cache
def load_subsidies() -> Subsidies:
    """The budget and the plans of `subsidies.yaml`."""
    return msgspec.yaml.decode(Path(__file__).with_name("subsidies.yaml").read_bytes(), type=Subsidies)
