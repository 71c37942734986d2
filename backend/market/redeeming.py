"""Redemption 核销: an eligible verification is used once and only once; a reversal is a record of its own."""

from uuid import UUID

import msgspec

from backend.ledger import service as ledger
from backend.market import benefit_store, counting, once, receipts, reserving, store
from backend.market.answers import partner_access
from backend.market.benefits import terms_of
from backend.market.limits import limits_on
from backend.market.messages import (
    RedemptionAnswer,
    RedemptionOrder,
    ReversalAnswer,
    ReversalOrder,
    VerifiedHolder,
)
from backend.market.once import Answered, Once
from backend.market.problems import QUOTA_EXHAUSTED, REVERSAL_OVER
from backend.market.redeemable import Asked, access_of, made_of, require_redeemable, require_usable, use_of
from backend.market.redeeming_together import redeem_together
from backend.partner_accounts import service as partner_accounts
from backend.platform.access import Access
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.merging import Merged
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.benefits.terms import Terms
from partners.orders.machine import NotAllowed
from partners.orders.money import AmountRefused, reversible
from partners.orders.states import (
    REDEMPTION,
    RedemptionEvent,
    RedemptionState,
    VerificationState,
)


async def redeem(platform: Platform, partner_id: UUID, order: RedemptionOrder, act: Once, request_id: str) -> Answered:
    """Redeems an eligible verification once, consuming quota and per-person limits; the body is a RedemptionAnswer.

    Raises PARTNER_SUSPENDED, NOT_FOUND (also for another partner's id), STATE_CONFLICT (declined, lapsed or redeemed
    already), CONTRACT_NEEDED (deposit waivers go through an order), OVER_CAP, QUOTA_EXHAUSTED, and idempotency's problems. A
    budget that does not hold the subsidy is a quota that is used up.

    Three database round trips inside a transaction, shared by the redemptions of one tick of the loop; three more at a benefit's first use of a day; one more where a plan
    subsidises one of them, three where a partner is told by webhook. What cannot be done together (a replay, a place that was
    reserved) is done alone, in up to fifteen; a replay in two.
    """
    return await platform.merging.ask(_REDEMPTIONS, platform, Asked(partner_id, order, act, request_id))


async def _alone(platform: Platform, asked: Asked) -> Answered:
    """One order, whatever becomes of it: the same acts as together, one after the other."""
    partner_id, order, act = asked.partner_id, asked.order, asked.act
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, partner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.live_partner(connection, partner_id)
        access = access_of(asked, partner.name)
        row, terms = await _own(connection, access, partner_id, order.verification_id)
        require_redeemable(terms, row["amount_fen"], order.amount_fen)
        now = platform.clock.now()
        redemption_id = new_id(now)
        # Before the counters are taken: what everybody waits for is not held for the sake of a webhook.
        ids = {"redemption_id": redemption_id, "verification_id": row["id"]}
        await webhooks.publish(connection, partner_id, EventType.REDEMPTION_REDEEMED, redemption_id, ids)
        await _use(platform, connection, row, terms)
        # After every counter: a budget is shared by many benefits.
        if not all(await ledger.subsidise(platform, connection, [use_of(asked, terms, redemption_id, now)])):
            raise QUOTA_EXHAUSTED.error()
        made = made_of(platform, asked, row, terms, redemption_id, now)
        await store.add_redemption(connection, made.row)
        return await once.save(connection, partner_id, act, made.body)


_REDEMPTIONS = Merged(redeem_together, _alone)


async def use_verification(
    platform: Platform, connection: Connection, access: Access, partner_id: UUID, verification_id: UUID
) -> VerifiedHolder:
    """Uses up an eligible verification in another room's transaction, for an order under contract; quotas count it.

    Raises NOT_FOUND, STATE_CONFLICT, QUOTA_EXHAUSTED. Up to five round trips.
    """
    row, terms = await _own(connection, access, partner_id, verification_id)
    await _use(platform, connection, row, terms)
    return _verified(row, terms)


async def verification_of(
    platform: Platform, connection: Connection, access: Access, partner_id: UUID, verification_id: UUID
) -> VerifiedHolder:
    """An eligible verification of this partner that can still be used; it is locked and stays unused.

    Raises NOT_FOUND (also for another partner's), STATE_CONFLICT. Two round trips.
    """
    row, terms = await _own(connection, access, partner_id, verification_id)
    require_usable(row, platform.clock.now())
    return _verified(row, terms)


async def redemption_by_key(platform: Platform, partner_id: UUID, key: UUID, request_id: str) -> RedemptionAnswer:
    """What was redeemed under an idempotency key: settles an unknown outcome. Raises PARTNER_SUSPENDED, NOT_FOUND. Two round trips."""
    async with platform.database.transaction() as connection:
        partner = await partner_accounts.live_partner(connection, partner_id)
        access = partner_access(partner_id, partner.name, "查询核销结果", "查询本商户的核销", request_id, "redemption")
        row = await store.redemption_by_key(connection, access, partner_id, str(key))
        if row is None:
            raise NOT_FOUND.error()
    return redemption_told(row)


async def reverse(
    platform: Platform, partner_id: UUID, redemption_id: UUID, order: ReversalOrder, act: Once, request_id: str
) -> Answered:
    """Takes back a redemption, whole or in part, as its own record; the sum never exceeds it. The body is a ReversalAnswer.

    A redemption that is wholly taken back gives its place in quota and limits back. A partner that is no longer live may
    still reverse: that is to the holder's good. Raises NOT_FOUND, STATE_CONFLICT (all reversed already), REVERSAL_OVER,
    and idempotency's problems. Seven database round trips, up to five more for a whole reversal, one where a plan subsidised it
    and two for a partner with a webhook.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, partner_id, act)) is not None:
            return replayed
        names = await partner_accounts.partner_names(connection, [partner_id])
        access = partner_access(partner_id, names[partner_id], "冲正核销", "退回已办理的权益", request_id, "redemption")
        row = await store.redemption_for_update(connection, access, partner_id, redemption_id)
        if row is None:
            raise NOT_FOUND.error()
        amount, after = reversal_of(row, order.amount_fen)
        now = platform.clock.now()
        reversal_id = new_id(now)
        signed = receipts.sign(
            platform, partner_id, act.mark, now, jti=str(reversal_id), redemption=str(redemption_id), amount_fen=amount
        )
        await store.add_reversal(connection, reversal_id, redemption_id, amount, after, order.partner_ref, signed, now)
        ids = {"redemption_id": redemption_id, "reversal_id": reversal_id}
        await webhooks.publish(connection, partner_id, EventType.REDEMPTION_REVERSED, redemption_id, ids)
        if after is RedemptionState.REVERSED:
            await _give_back(connection, row)
        left = row["amount_fen"] - row["reversed_fen"]
        back = ledger.Return(
            reversal_id=reversal_id,
            redemption_id=redemption_id,
            partner_ref=order.partner_ref,
            left_before_fen=left,
            left_after_fen=left - amount,
        )
        await ledger.take_back(platform, connection, back)
        answer = ReversalAnswer(
            reversal_id=reversal_id,
            redemption_id=redemption_id,
            amount_fen=amount,
            left_fen=left - amount,
            state=after,
            reversed_at=now,
            partner_ref=order.partner_ref,
            receipt=signed,
        )
        return await once.save(connection, partner_id, act, msgspec.json.encode(answer))


async def _own(connection: Connection, access: Access, partner_id: UUID, verification_id: UUID) -> tuple[Row, Terms]:
    """A partner's own verification, locked, and the terms under which it was answered."""
    row = await store.verification(connection, access, partner_id, verification_id, lock=True)
    if row is None:
        raise NOT_FOUND.error()
    offer = await benefit_store.version_of(connection, row["benefit_id"], row["benefit_version"])
    return row, terms_of(offer)


async def _use(platform: Platform, connection: Connection, row: Row, terms: Terms) -> None:
    """Consumes the verification and its place in every limit; the benefit's own rows, which all callers want, are locked last.

    A place that was reserved is counted already, and its hold on a budget is given back before the subsidy is taken.
    """
    require_usable(row, platform.clock.now())
    if row["state"] == VerificationState.RESERVED and await reserving.consumed(platform, connection, row["id"]):
        await store.mark_redeemed(connection, row["id"])
        return
    limits = limits_on(terms, local_date(platform.clock.now()), row["store_id"])
    await counting.take_of_person(connection, row["subject_id"], terms.id, limits)
    await store.mark_redeemed(connection, row["id"])
    await counting.take_of_everyone(connection, terms.id, limits)


async def _give_back(connection: Connection, row: Row) -> None:
    """Frees the place that a redemption took in every period that counted it, by the terms it was made under."""
    offer = await benefit_store.version_of(connection, row["benefit_id"], row["benefit_version"])
    limits = limits_on(terms_of(offer), local_date(row["redeemed_at"]), row["store_id"])
    if row["subject_id"] is not None:
        await counting.give_back_of_person(connection, row["subject_id"], row["benefit_id"], limits)
    await benefit_store.give_back(connection, row["benefit_id"], tuple(limits.everyone))


def reversal_of(row: Row, wanted: int | None) -> tuple[int, RedemptionState]:
    """How much of a redemption is taken back and its state after it. Raises REVERSAL_OVER, STATE_CONFLICT."""
    try:
        amount = reversible(row["amount_fen"], row["reversed_fen"], wanted)
    except AmountRefused:
        raise REVERSAL_OVER.error() from None
    rest = row["reversed_fen"] + amount == row["amount_fen"]
    try:
        event = RedemptionEvent.REVERSE_REST if rest else RedemptionEvent.REVERSE_PART
        return amount, REDEMPTION.after(RedemptionState(row["state"]), event)
    except NotAllowed:
        raise STATE_CONFLICT.error() from None


def _verified(row: Row, terms: Terms) -> VerifiedHolder:
    return VerifiedHolder(
        verification_id=row["id"],
        partner_id=row["partner_id"],
        benefit_id=row["benefit_id"],
        terms=terms,
        benefit_version=row["benefit_version"],
        account_id=row["account_id"],
        subject_id=row["subject_id"],
        tier_value=row["tier_value"],
        amount_fen=row["amount_fen"],
        expires_at=row["expires_at"],
        confirmed_at=row["confirmed_at"],
    )


def redemption_told(row: Row) -> RedemptionAnswer:
    """A redemption as the partner reads it."""
    return RedemptionAnswer(
        redemption_id=row["id"],
        verification_id=row["verification_id"],
        benefit=row["benefit_id"],
        amount_fen=row["amount_fen"],
        reversed_fen=row["reversed_fen"],
        state=RedemptionState(row["state"]),
        redeemed_at=row["redeemed_at"],
        partner_ref=row["partner_ref"],
        receipt=row["receipt"],
    )
