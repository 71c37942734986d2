"""What the platform answers a partner. Nothing in it is about the person; members added later are ignored."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec


class Tier(msgspec.Struct, frozen=True):
    """What to give: `value` is 12 digits in `unit` (permille, fen, minutes, pieces), zeros when declined."""

    unit: str
    value: str


class Verification(msgspec.Struct, frozen=True):
    """A verification 核验. `state` is known when it was looked up: answered, reserved, redeemed or lapsed."""

    verification_id: UUID
    benefit: str
    result: Literal["eligible", "declined"]
    tier: Tier
    answered_at: datetime
    expires_at: datetime
    ref: str
    receipt: str
    state: str | None = None

    @property
    def eligible(self) -> bool:
        """Whether the benefit is to be given."""
        return self.result == "eligible"


class HolderAsked(msgspec.Struct, frozen=True):
    """No answer yet: the holder's phone is asked until `confirm_by`; look again every `poll_seconds`."""

    verification_id: UUID
    benefit: str
    state: Literal["pending-confirmation"]
    confirm_by: datetime
    poll_seconds: int


class Reservation(msgspec.Struct, frozen=True):
    """A place that is held 预留 until `expires_at`; `state`: held, redeemed, released or expired."""

    reservation_id: UUID
    verification_id: UUID
    benefit: str
    amount_fen: int
    state: str
    reserved_at: datetime
    expires_at: datetime
    partner_ref: str


class Redemption(msgspec.Struct, frozen=True):
    """A redemption 核销 and how much of it was reversed, in fen."""

    redemption_id: UUID
    verification_id: UUID
    benefit: str
    amount_fen: int
    reversed_fen: int
    state: str
    redeemed_at: datetime
    partner_ref: str
    receipt: str


class Reversal(msgspec.Struct, frozen=True):
    """A reversal 冲正 and what is left of the redemption, in fen."""

    reversal_id: UUID
    redemption_id: UUID
    amount_fen: int
    left_fen: int
    state: str
    reversed_at: datetime
    partner_ref: str
    receipt: str
