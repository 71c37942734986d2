"""What goes in and out about the guarantee pool, the rules by which losses are shared, and payments. Amounts are fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.ledger.states import ProposalState
from backend.platform.texts import ShortText
from partners.ledger.subsidies import PositiveFen

Share = Annotated[int, Meta(ge=0, le=1000, description="千分之几 permille")]
Cap = Annotated[int, Meta(ge=0, le=100_000_000_000)]
# A voucher or transfer number as banks and treasuries print it. Account and card numbers are digits alone: they do not fit.
BankReference = Annotated[
    str, Meta(pattern=r"^(?![A-Z0-9-]*[0-9]{12})[A-Z]{2}[A-Z0-9-]{2,38}(?!\n)$", examples=["GK-2026-12-000381"])
]


class ProposeFunding(msgspec.Struct, forbid_unknown_fields=True):
    """Funds that an approved budget gives the pool."""

    budget_id: UUID
    amount_fen: PositiveFen
    reason: ShortText


class Funding(msgspec.Struct):
    """Funds for the pool. `mine`: the caller proposed it, and somebody else must decide."""

    id: UUID
    budget_id: UUID
    amount_fen: int
    reason: str
    state: ProposalState
    proposed_at: datetime
    mine: bool


class FundingPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    fundings: list[Funding]
    next: str | None


class ProposeRule(msgspec.Struct, forbid_unknown_fields=True):
    """Who bears a loss: three shares in permille that sum to 1000, for orders opened from `begins` on. The caps are of what pool
    and city bear together: of the shared part of one order, of one partner's year, of the year. `budget_id`: who bears the
    city's share."""

    budget_id: UUID
    merchant_permille: Share
    pool_permille: Share
    city_permille: Share
    order_cap_fen: Cap
    partner_year_cap_fen: Cap
    year_cap_fen: Cap
    begins: date
    handler: ShortText
    legal_basis: ShortText


class PublishedRule(msgspec.Struct):
    """A rule as everybody reads it; `approval` is a JWS (EdDSA) over it by the platform's `answer` key."""

    id: UUID
    merchant_permille: int
    pool_permille: int
    city_permille: int
    order_cap_fen: int
    partner_year_cap_fen: int
    year_cap_fen: int
    begins: date
    handler: str
    legal_basis: str
    text: str
    text_en: str
    approved_at: datetime | None
    approval: str | None


class PublishedRules(msgspec.Struct):
    """The rules, announced and past ones too, newest first, and what the pool holds now."""

    rules: list[PublishedRule]
    pool_fen: int
    next: str | None


class ProposedRule(msgspec.Struct):
    """A rule as operators see it. `mine`: the caller proposed it, and somebody else must decide."""

    rule: PublishedRule
    budget_id: UUID
    state: ProposalState
    proposed_at: datetime
    mine: bool


class ProposedRulePage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    rules: list[ProposedRule]
    next: str | None


class ProposePayment(msgspec.Struct, forbid_unknown_fields=True):
    """A transfer that was made to a partner, under the bank's reference. No account number: it does not fit the field."""

    partner_id: UUID
    amount_fen: PositiveFen
    bank_reference: BankReference
    paid_on: date


class PaymentOut(msgspec.Struct):
    """A payment. `mine`: the caller proposed it, and somebody else must decide."""

    id: UUID
    partner_id: UUID
    amount_fen: int
    bank_reference: str
    paid_on: date
    state: ProposalState
    proposed_at: datetime
    mine: bool


class PaymentPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    payments: list[PaymentOut]
    next: str | None


class Paid(msgspec.Struct):
    """A payment as the partner reads it."""

    id: UUID
    amount_fen: int
    bank_reference: str
    paid_on: date
    booked_at: datetime


class Balance(msgspec.Struct):
    """What a partner is owed now (negative: what it owes), and what it was paid, newest first."""

    balance_fen: int
    payments: list[Paid]
    next: str | None
