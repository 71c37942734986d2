"""What goes in and out of the deposits room. Amounts are fen."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.platform.texts import Reference, ShortText
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


class Settle(msgspec.Struct, forbid_unknown_fields=True):
    """What the use cost: total = sum of charges - sum of discounts."""

    charges: Annotated[list[Position], Meta(max_length=50)]
    discounts: Annotated[list[Position], Meta(max_length=50)] = []


class RecordPayment(msgspec.Struct, forbid_unknown_fields=True):
    """The holder paid; the amount must be the total."""

    paid_fen: Fen


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """An empty object."""


class OrderForPartner(msgspec.Struct):
    """An order as the partner sees it: nothing about the person. `ppid` is who it has this contract with, by a pseudonym that no
    other partner has for them; null until the holder has agreed."""

    order_id: UUID
    verification_id: UUID
    benefit: str
    state: OrderState
    agreed: bool
    agreed_fen: int
    total_fen: int | None
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


class OrderForHolder(msgspec.Struct):
    """An order as its holder sees it; `saved_fen` is the deposit that need not be paid."""

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
    due_at: datetime | None
    saved_fen: int
    created_at: datetime
    history: list[Entry]


class OrderPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    orders: list[OrderForHolder]
    next: str | None
