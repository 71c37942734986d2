"""What goes in and out of the deposits room. Amounts are fen."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.platform.texts import Lines, Reference, ShortText
from partners.orders.states import OrderState

MOST_FEN = 100_000_000_000

Fen = Annotated[int, Meta(ge=0, le=MOST_FEN, description="金额（分） amount in fen")]


class OpenOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Opens an order on an eligible verification of a contract benefit; `agreed_fen` is the deposit that need not be paid."""

    verification_id: UUID
    agreed_fen: Fen
    partner_ref: Reference


class Position(msgspec.Struct, forbid_unknown_fields=True):
    """One charge or discount."""

    what: ShortText
    fen: Fen


class Charge(msgspec.Struct, forbid_unknown_fields=True):
    """What a part of the use cost, while it goes on; `part_ref` names the part, so that a retry is the same charge."""

    part_ref: Reference
    charges: Annotated[list[Position], Meta(max_length=50)]
    discounts: Annotated[list[Position], Meta(max_length=50)] = []


class Settle(msgspec.Struct, forbid_unknown_fields=True):
    """What the use cost: total = sum of charges - sum of discounts."""

    charges: Annotated[list[Position], Meta(max_length=50)]
    discounts: Annotated[list[Position], Meta(max_length=50)] = []


class RecordPayment(msgspec.Struct, forbid_unknown_fields=True):
    """The holder paid, all that is owed or a part of it. `payment_ref` names the payment, so that a retry is the same one."""

    paid_fen: Fen
    payment_ref: Reference | None = None


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """An empty object."""


class OrderForPartner(msgspec.Struct):
    """An order as the partner sees it: nothing about the person. `ppid` is who it has this contract with, by a pseudonym that no
    other partner has for them; null until the holder has agreed. `held_fen`: what of the agreed amount is still held."""

    order_id: UUID
    verification_id: UUID
    benefit: str
    state: OrderState
    agreed: bool
    agreed_fen: int
    total_fen: int | None
    paid_fen: int
    held_fen: int
    due_at: datetime | None
    partner_ref: str
    ppid: str | None
    created_at: datetime
    updated_at: datetime


class Entry(msgspec.Struct):
    """One event in a sentence."""

    at: datetime
    event: str
    text: str
    text_en: str


class PartnerHistory(msgspec.Struct):
    """What happened to an order, oldest first."""

    order_id: UUID
    history: list[Entry]


class FileDispute(msgspec.Struct, forbid_unknown_fields=True):
    """Why the holder disputes the bill."""

    statement: Annotated[Lines, Meta(min_length=1, max_length=1000)]


class DisputeState(StrEnum):
    """A dispute: open -> (proposed, where the decision is against the holder) -> decided; or withdrawn."""

    OPEN = "open"
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


class DisputeForHolder(msgspec.Struct):
    """A dispute as its holder sees it. `owed_fen` and `reasons` come with the decision."""

    dispute_id: UUID
    state: DisputeState
    filed_at: datetime
    owed_fen: int | None
    reasons: str | None
    decided_at: datetime | None


class OrderForHolder(msgspec.Struct):
    """An order as its holder sees it, with the reminders in its history; `saved_fen` is the deposit that need not be paid."""

    order_id: UUID
    partner: str
    benefit: str
    benefit_name: str
    benefit_name_en: str
    state: OrderState
    agreed_at: datetime | None
    agreed_fen: int
    charges: list[Position]
    discounts: list[Position]
    total_fen: int | None
    paid_fen: int
    due_at: datetime | None
    saved_fen: int
    dispute: DisputeForHolder | None
    created_at: datetime
    history: list[Entry]


class OrderPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    orders: list[OrderForHolder]
    next: str | None


class DisputeForOfficer(msgspec.Struct):
    """A disputed bill as an officer sees it: what was charged, what the holder says. `mine`: the caller proposed the decision,
    and somebody else confirms it or sends it back."""

    dispute_id: UUID
    order_id: UUID
    partner: str
    benefit: str
    state: DisputeState
    filed_at: datetime
    statement: str | None
    agreed_fen: int
    charges: list[Position]
    discounts: list[Position]
    total_fen: int
    paid_fen: int
    owed_fen: int | None
    reasons: str | None
    mine: bool


class DisputePage(msgspec.Struct):
    """Oldest first; `next` is the cursor of the following page, or null."""

    disputes: list[DisputeForOfficer]
    next: str | None


class DecideDispute(msgspec.Struct, forbid_unknown_fields=True):
    """What the bill is to be, from what was paid already up to what was billed, and why: the holder reads it."""

    owed_fen: Fen
    reasons: Annotated[Lines, Meta(min_length=1, max_length=1000)]
