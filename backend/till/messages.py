"""What goes in and out of the till. Nothing about the holder: no identity, score, level or reason, and no reference either."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.market.messages import BenefitId, CodeText, Fen, OfferedTier, Result
from backend.platform.symbols import Symbol
from partners.benefits.terms import Text


class TillBenefit(msgspec.Struct):
    """A benefit that this till may verify; `cap_fen` bounds what it is worth at one time."""

    id: str
    scene: str
    kind: str
    unit: str
    name: Text
    description: Text
    cap_fen: int | None


class Till(msgspec.Struct):
    """Where the clerk works, and for what."""

    partner: str
    store: str
    terminal: str
    benefits: list[TillBenefit]


class TillVerificationOrder(msgspec.Struct, forbid_unknown_fields=True):
    """A scan or typed digits, and the benefit that the holder asks for; `amount_fen` is the deposit to be waived, if any."""

    code: CodeText
    benefit: BenefitId
    amount_fen: Fen | None = None


class TillVerification(msgspec.Struct):
    """Eligible or declined, what to give, and until when it can be redeemed."""

    verification_id: UUID
    benefit: str
    result: Result
    tier: OfferedTier
    expires_at: datetime


class TillWaits(msgspec.Struct):
    """The holder's phone is asked; look again every `poll_seconds` until it answered."""

    verification_id: UUID
    benefit: str
    state: str
    confirm_by: datetime
    poll_seconds: int


class TillSign(msgspec.Struct):
    """A counter code of the store, to be shown or printed."""

    benefit: str
    drawing: Symbol


class TillSigns(msgspec.Struct):
    """The signs that hang in the store."""

    signs: list[TillSign]


class TillRedemptionOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Redeems an eligible verification; `amount_fen` is what the benefit is worth this time, 0 where it is no money."""

    verification_id: UUID
    amount_fen: Fen = 0


class TillRedemption(msgspec.Struct):
    """A redemption, and what the benefit was worth."""

    redemption_id: UUID
    verification_id: UUID
    benefit: str
    amount_fen: int
    redeemed_at: datetime


class FrameText(msgspec.Struct):
    """The text of the integrity code in the frame, or null."""

    text: str | None
