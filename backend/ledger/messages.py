"""What goes in and out of the ledger room. Amounts are fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import Parameter
from msgspec import Meta

from backend.ledger.states import ProposalState
from backend.platform.texts import ShortText
from partners.benefits.terms import BenefitId
from partners.ledger.statements import Line
from partners.ledger.subsidies import Permille, PositiveFen

Year = Annotated[int, Meta(ge=2020, le=2099)]
Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{1,39}(?!\n)$", examples=["consumption-voucher"])]

Month = Annotated[str, Parameter(pattern=r"^20\d\d-(0[1-9]|1[0-2])(?!\n)$", max_length=7, description="月份 month")]


class ProposeBudget(msgspec.Struct, forbid_unknown_fields=True):
    """What a department may spend on subsidies in a year."""

    year: Year
    department: ShortText
    title: ShortText
    amount_fen: PositiveFen


class BudgetOut(msgspec.Struct):
    """A budget. `mine`: the caller proposed it, and somebody else must decide."""

    id: UUID
    year: int
    department: str
    title: str
    amount_fen: int
    spent_fen: int
    state: ProposalState
    proposed_at: datetime
    mine: bool


class BudgetPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    budgets: list[BudgetOut]
    next: str | None


class ProposePlan(msgspec.Struct, forbid_unknown_fields=True):
    """Who pays what of a benefit: `rate_permille` of what it was worth, rounded down to the fen, at most `cap_fen` for each
    redemption. `handler`: the office or desk that answers for it."""

    budget_id: UUID
    benefit: BenefitId
    kind: Kind
    rate_permille: Permille
    begins: date
    last_day: date
    handler: ShortText
    legal_basis: ShortText
    cap_fen: PositiveFen | None = None


class EndPlan(msgspec.Struct, forbid_unknown_fields=True):
    """The last day on which a plan pays."""

    last_day: date


class PublishedPlan(msgspec.Struct):
    """A plan in force or announced. `formula` says in words how a subsidy is computed; `approval` is a JWS (EdDSA) over the
    plan by the platform's `answer` key."""

    id: UUID
    benefit: str
    year: int
    department: str
    title: str
    kind: str
    rate_permille: int
    cap_fen: int | None
    formula: str
    formula_en: str
    begins: date
    last_day: date
    handler: str
    legal_basis: str
    approved_at: datetime | None
    approval: str | None


class PublishedPlanPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    plans: list[PublishedPlan]
    next: str | None


class ProposedPlan(msgspec.Struct):
    """A plan as operators see it. `mine`: the caller proposed it, and somebody else must decide. `end_proposed`: the last day that
    one operator proposed; `end_mine`: that was the caller."""

    plan: PublishedPlan
    budget_id: UUID
    state: ProposalState
    proposed_at: datetime
    mine: bool
    end_proposed: date | None
    end_mine: bool


class ProposedPlanPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    plans: list[ProposedPlan]
    next: str | None


class StatementSummary(msgspec.Struct):
    """A month as it was signed: closing = opening + subsidised - taken back + guaranteed - returned - paid out. `digest` is the SHA-256 of the CSV in hexadecimal, `signed` a JWS over all of it."""

    month: str
    opening_fen: int
    subsidised_fen: int
    taken_back_fen: int
    guaranteed_fen: int
    returned_fen: int
    paid_out_fen: int
    closing_fen: int
    lines: int
    digest: str
    signed: str
    drawn_at: datetime


class StatementPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    statements: list[StatementSummary]
    next: str | None


class StatementDetail(msgspec.Struct):
    """A month with every redemption and reversal that changed it."""

    statement: StatementSummary
    lines: list[Line]
