"""What may be redeemed, and what a redemption consists of: the same whether it is done alone or with others."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.ledger import service as ledger
from backend.market import receipts
from backend.market.answers import partner_access, state_of
from backend.market.messages import RedemptionAnswer, RedemptionOrder
from backend.market.once import Once
from backend.market.problems import CONTRACT_NEEDED, OVER_CAP
from backend.market.store import NewRedemption
from backend.platform.access import Access
from backend.platform.database import Row
from backend.platform.platform import Platform
from backend.platform.problems import STATE_CONFLICT
from partners.benefits.terms import CONTRACTS, Terms
from partners.orders.machine import NotAllowed
from partners.orders.states import REDEMPTION, VERIFICATION, VerificationEvent


class Asked(msgspec.Struct, frozen=True):
    """What a partner asks: to redeem a verification of its own, once."""

    partner_id: UUID
    order: RedemptionOrder
    act: Once
    request_id: str


class Made(msgspec.Struct, frozen=True):
    """A redemption as it is written, and the bytes of its answer."""

    row: NewRedemption
    body: bytes


def access_of(asked: Asked, partner_name: str) -> Access:
    """The context in which the partner reads the verification that it redeems."""
    return partner_access(
        asked.partner_id, partner_name, "核销权益", "办理已核验的权益", asked.request_id, "eligibility"
    )


def require_redeemable(terms: Terms, verified_fen: int | None, amount_fen: int) -> None:
    """Raises CONTRACT_NEEDED (deposit waivers go through an order), OVER_CAP: over the benefit's cap, or what was verified."""
    if terms.kind in CONTRACTS:
        raise CONTRACT_NEEDED.error()
    if _above(amount_fen, terms.cap_fen) or _above(amount_fen, verified_fen):
        raise OVER_CAP.error()


def require_usable(row: Row, now: datetime) -> None:
    """Raises STATE_CONFLICT unless the verification is an eligible one that was neither used nor has lapsed."""
    try:
        VERIFICATION.after(state_of(row, now), VerificationEvent.REDEEM)
    except NotAllowed:
        raise STATE_CONFLICT.error() from None
    if row["result"] != "eligible" or row["subject_id"] is None:
        raise STATE_CONFLICT.error()


def use_of(asked: Asked, terms: Terms, redemption_id: UUID, now: datetime) -> ledger.Use:
    """The redemption as the ledger sees it."""
    return ledger.Use(
        redemption_id=redemption_id,
        partner_id=asked.partner_id,
        benefit_id=terms.id,
        partner_ref=asked.order.partner_ref,
        worth_fen=asked.order.amount_fen,
        happened_at=now,
    )


def made_of(platform: Platform, asked: Asked, row: Row, terms: Terms, redemption_id: UUID, now: datetime) -> Made:
    """The redemption of a verification, with its receipt."""
    order = asked.order
    signed = receipts.sign(
        platform, asked.partner_id, asked.act.mark, now,
        jti=str(redemption_id), verification=str(row["id"]), benefit=terms.id, amount_fen=order.amount_fen,
    )  # fmt: skip
    redemption = NewRedemption(
        id=redemption_id,
        verification_id=row["id"],
        partner_id=asked.partner_id,
        benefit_id=terms.id,
        benefit_version=terms.version,
        subject_id=row["subject_id"],
        amount_fen=order.amount_fen,
        partner_ref=order.partner_ref,
        idempotency_key=asked.act.key,
        receipt=signed,
        redeemed_at=now,
    )
    answer = RedemptionAnswer(
        redemption_id=redemption_id,
        verification_id=row["id"],
        benefit=terms.id,
        amount_fen=order.amount_fen,
        reversed_fen=0,
        state=REDEMPTION.start,
        redeemed_at=now,
        partner_ref=order.partner_ref,
        receipt=signed,
    )
    return Made(redemption, msgspec.json.encode(answer))


def _above(amount: int, limit: int | None) -> bool:
    return limit is not None and amount > limit
