"""What the till does: where a clerk works, and the market's own acts in the name of the clerk's partner."""

from uuid import UUID

import msgspec

from backend.counters import service as counters
from backend.counters.messages import CounterVisits
from backend.market import service as market
from backend.market.messages import HolderAsked, RedemptionOrder, VerificationOrder
from backend.market.once import WAITS, Answered, Once
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import TillClerk
from backend.platform.callers import Caller
from backend.platform.platform import Platform
from backend.platform.rate_limits import RateLimit, take
from backend.till import frames
from backend.till.messages import (
    Till,
    TillBenefit,
    TillRedemption,
    TillRedemptionOrder,
    TillSign,
    TillSigns,
    TillVerification,
    TillVerificationOrder,
    TillWaits,
)
from backend.till.problems import NOT_A_CLERK

_EVERY_BENEFIT = 1000

# A camera sends two frames a second; two minutes of looking pass, after which one frame a second does.
_FRAMES = RateLimit("till-frames", capacity=240, seconds_each=1)


async def till(platform: Platform, caller: Caller) -> Till:
    """Where the caller works and which benefits in force may be verified there. Raises NOT_A_CLERK, PARTNER_SUSPENDED. Four round trips."""
    async with platform.database.connection() as connection:
        clerk = await partner_accounts.clerk_of(connection, caller.account_id)
        if clerk is None:
            raise NOT_A_CLERK.error()
        await partner_accounts.live_partner(connection, clerk.partner_id)
        granted = await partner_accounts.granted_benefits(connection, clerk.partner_id)
    offered = (await market.listing(platform, None, None, _EVERY_BENEFIT)).benefits
    return Till(
        partner=clerk.partner_name,
        store=clerk.store_name,
        terminal=clerk.shown_as,
        benefits=[
            TillBenefit(
                id=offer.id,
                scene=offer.scene,
                kind=offer.kind,
                unit=offer.unit,
                name=offer.name,
                description=offer.description,
                cap_fen=offer.cap_fen,
            )
            for offer in offered
            if offer.id in granted and offer.state == "published"
        ],
    )


async def verify(
    platform: Platform, caller: Caller, order: TillVerificationOrder, act: Once
) -> tuple[TillVerification | TillWaits, Answered]:
    """The market's verification in the name of the clerk's partner, or that the holder is asked. Raises NOT_A_CLERK and what `market.verify` raises.

    One round trip more than `market.verify`.
    """
    clerk = await _clerk(platform, caller)
    asked = VerificationOrder(
        code=order.code,
        benefit=order.benefit,
        terminal=_terminal(clerk),
        partner_ref=_reference(act),
        amount_fen=order.amount_fen,
        store=clerk.store_id,
    )
    answered = await market.verify(platform, clerk.partner_id, asked, act, caller.request_id)
    return _read(answered.status, answered.body), answered


async def answer_of(platform: Platform, caller: Caller, verification_id: UUID) -> TillVerification | TillWaits:
    """A verification of the clerk's partner as it stands. Raises NOT_A_CLERK and what `market.answer_of` raises.

    One round trip more than that.
    """
    clerk = await _clerk(platform, caller)
    found = await market.answer_of(platform, clerk.partner_id, verification_id, caller.request_id)
    if isinstance(found, HolderAsked):
        return msgspec.convert(found, TillWaits, from_attributes=True)
    return msgspec.convert(found, TillVerification, from_attributes=True)


async def signs(platform: Platform, caller: Caller) -> TillSigns:
    """The counter codes of the clerk's store. Raises NOT_A_CLERK. Two round trips."""
    clerk = await _clerk(platform, caller)
    hanging = await counters.of_partner(platform, clerk.partner_id, clerk.store_id)
    return TillSigns([TillSign(sign.benefit, sign.drawing) for sign in hanging.counter_codes])


async def visits(platform: Platform, caller: Caller) -> CounterVisits:
    """Who waits to be served at the counter codes of the clerk's store. Raises NOT_A_CLERK. Four round trips."""
    clerk = await _clerk(platform, caller)
    return await counters.visits(platform, clerk.partner_id, clerk.store_id)


async def redeem(
    platform: Platform, caller: Caller, order: TillRedemptionOrder, act: Once
) -> tuple[TillRedemption, Answered]:
    """The market's redemption in the name of the clerk's partner. Raises NOT_A_CLERK and what `market.redeem` raises.

    One round trip more than `market.redeem`.
    """
    clerk = await _clerk(platform, caller)
    asked = RedemptionOrder(
        verification_id=order.verification_id, partner_ref=_reference(act), amount_fen=order.amount_fen
    )
    answered = await market.redeem(platform, clerk.partner_id, asked, act, caller.request_id)
    return msgspec.json.decode(answered.body, type=TillRedemption), answered


async def read_frame(platform: Platform, caller: Caller, picture: bytes, media_type: str) -> str | None:
    """The integrity code in a camera frame, or None; nothing is stored. One cache round trip.

    Raises RATE_LIMITED, FRAME_UNREADABLE, FRAME_TOO_LARGE.
    """
    await take(platform.cache, _FRAMES, str(caller.account_id))
    return await frames.read_code(picture, media_type)


async def _clerk(platform: Platform, caller: Caller) -> TillClerk:
    async with platform.database.connection() as connection:
        clerk = await partner_accounts.clerk_of(connection, caller.account_id)
    if clerk is None:
        raise NOT_A_CLERK.error()
    return clerk


def _read(status: int, body: bytes) -> TillVerification | TillWaits:
    return (
        msgspec.json.decode(body, type=TillWaits)
        if status == WAITS
        else msgspec.json.decode(body, type=TillVerification)
    )


def _terminal(clerk: TillClerk) -> str:
    # The holder reads it in their log: the store, never the clerk's account.
    return f"till:{clerk.store_id}"


def _reference(act: Once) -> str:
    return f"till:{act.key}"
