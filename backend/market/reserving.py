"""Reservation 预留: a place in quota, limits and budget, held for a till between a verification and its redemption.

A place that is held is counted like a use of its day and never outlasts that day, nor the answer it rests on. It ends once:
redeemed, released by the partner, or over.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.ledger import service as ledger
from backend.market import benefit_store, counting, once, reserving_store, store
from backend.market.answers import partner_access, state_of
from backend.market.benefits import terms_of
from backend.market.limits import limits_on
from backend.market.messages import ReservationAnswer, ReservationOrder
from backend.market.once import Answered, Once
from backend.market.problems import OVER_CAP, QUOTA_EXHAUSTED
from backend.market.reserving_store import NewReservation
from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.due import Due, Handler, enqueue
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from partners.orders.machine import NotAllowed
from partners.orders.states import RESERVATION, VERIFICATION, ReservationEvent, ReservationState, VerificationEvent

# The topic of the due queue on which places wait for their end; keyed by reservation.
TOPIC = "reservation"


async def reserve(
    platform: Platform, partner_id: UUID, order: ReservationOrder, act: Once, request_id: str
) -> Answered:
    """Holds the place of an eligible verification in quota, limits and budget; the body is a ReservationAnswer.

    `amount_fen` is for what a budget is held: without it what was verified, else the cap. Raises PARTNER_SUSPENDED, NOT_FOUND,
    STATE_CONFLICT (declined, lapsed, redeemed, or holding a place already), OVER_CAP, QUOTA_EXHAUSTED, and idempotency's problems.
    Up to twelve database round trips.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, partner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.live_partner(connection, partner_id)
        access = partner_access(partner_id, partner.name, "预留名额", "办理已核验的权益", request_id, "eligibility")
        row = await store.verification(connection, access, partner_id, order.verification_id, lock=True)
        if row is None:
            raise NOT_FOUND.error()
        now = platform.clock.now()
        _require_reservable(row, now)
        terms = terms_of(await benefit_store.version_of(connection, row["benefit_id"], row["benefit_version"]))
        allowed = [limit for limit in (row["amount_fen"], terms.cap_fen) if limit is not None]
        amount = order.amount_fen if order.amount_fen is not None else min(allowed, default=0)
        if any(amount > limit for limit in allowed):
            raise OVER_CAP.error()
        reservation_id = new_id(now)
        expires_at = min(
            now + timedelta(minutes=terms.reservation_minutes),
            row["expires_at"],
            start_of_day(local_date(now) + timedelta(days=1)),
        )
        # Before the counters are taken: what everybody waits for is not held for the sake of the queue.
        await enqueue(connection, TOPIC, [Due(reservation_id, expires_at)])
        limits = limits_on(terms, local_date(now), row["store_id"])
        await counting.take_of_person(connection, row["subject_id"], terms.id, limits)
        await counting.take_of_everyone(connection, terms.id, limits)
        held = await ledger.hold(connection, terms.id, amount, now)
        if held is None:
            raise QUOTA_EXHAUSTED.error()
        new = NewReservation(
            id=reservation_id,
            verification_id=row["id"],
            partner_id=partner_id,
            benefit_id=terms.id,
            benefit_version=terms.version,
            store_id=row["store_id"],
            amount_fen=amount,
            budget_id=held.budget_id,
            held_fen=held.amount_fen,
            partner_ref=order.partner_ref,
            reserved_at=now,
            expires_at=expires_at,
        )
        await reserving_store.add(connection, new)
        answer = _told(msgspec.structs.asdict(new) | {"state": RESERVATION.start})
        return await once.save(connection, partner_id, act, msgspec.json.encode(answer))


async def release(platform: Platform, partner_id: UUID, reservation_id: UUID, act: Once) -> Answered:
    """Gives a place back before its time is over; the verification can be redeemed still. The body is a ReservationAnswer.

    A partner that is no longer live may still release. Raises NOT_FOUND, STATE_CONFLICT (it has ended), and idempotency's
    problems. Up to eleven database round trips.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, partner_id, act)) is not None:
            return replayed
        row = await reserving_store.one(connection, partner_id, reservation_id)
        if row is None:
            raise NOT_FOUND.error()
        try:
            RESERVATION.after(ReservationState(row["state"]), ReservationEvent.RELEASE)
        except NotAllowed:
            raise STATE_CONFLICT.error() from None
        if not await _end(platform, connection, row, ReservationEvent.RELEASE):
            raise STATE_CONFLICT.error()
        after = {"state": ReservationState.RELEASED}
        return await once.save(connection, partner_id, act, msgspec.json.encode(_told({**row, **after})), 200)


async def consumed(platform: Platform, connection: Connection, verification_id: UUID) -> bool:
    """Ends the place that a verification holds by its use: it is counted already, and what was held of a budget is given back for the
    subsidy to be taken. The caller has locked the verification. Raises STATE_CONFLICT for a place of another day, which is
    given back in a moment.

    Two round trips, three where a budget is held.
    """
    row = await reserving_store.held_of(connection, verification_id)
    if row is None:
        return False
    now = platform.clock.now()
    if local_date(row["reserved_at"]) != local_date(now):
        raise STATE_CONFLICT.error()
    after = RESERVATION.after(ReservationState(row["state"]), ReservationEvent.REDEEM)
    await reserving_store.end(connection, row["id"], after, now)
    await ledger.let_go(connection, ledger.Hold(row["budget_id"], row["held_fen"]))
    return True


def due_handler(platform: Platform) -> Handler:
    """The handler of `TOPIC`: places whose time is over are given back, each once."""

    async def expire(connection: Connection, ids: list[UUID]) -> None:
        for row in await reserving_store.overdue(connection, ids, platform.clock.now()):
            await _end(platform, connection, row, ReservationEvent.EXPIRE)

    return expire


async def held_of_budgets(connection: Connection) -> Mapping[UUID, int]:
    """What is held of each budget, in fen. One round trip."""
    return {row["budget_id"]: row["held_fen"] for row in await reserving_store.held(connection)}


async def _end(platform: Platform, connection: Connection, row: Row, event: ReservationEvent) -> bool:
    """Ends a place without a use and gives it back everywhere; False if it has ended meanwhile."""
    if not await reserving_store.free_verification(connection, row["verification_id"]):
        return False
    held = await reserving_store.held_of(connection, row["verification_id"])
    if held is None or held["id"] != row["id"]:
        # Another place of the same verification is held since: the rollback leaves it as it is.
        raise STATE_CONFLICT.error()
    after = RESERVATION.after(ReservationState(held["state"]), event)
    await reserving_store.end(connection, row["id"], after, platform.clock.now())
    terms = terms_of(await benefit_store.version_of(connection, row["benefit_id"], row["benefit_version"]))
    limits = limits_on(terms, local_date(row["reserved_at"]), row["store_id"])
    for name, period in counting.persons_counters(terms.id, limits):
        await reserving_store.give_back(connection, row["verification_id"], name, period)
    await benefit_store.give_back(connection, terms.id, tuple(limits.everyone))
    await ledger.let_go(connection, ledger.Hold(row["budget_id"], row["held_fen"]))
    return True


def _require_reservable(row: Row, now: datetime) -> None:
    try:
        VERIFICATION.after(state_of(row, now), VerificationEvent.RESERVE)
    except NotAllowed:
        raise STATE_CONFLICT.error() from None
    if row["result"] != "eligible" or row["subject_id"] is None:
        raise STATE_CONFLICT.error()


def _told(row: Row) -> ReservationAnswer:
    return ReservationAnswer(
        reservation_id=row["id"],
        verification_id=row["verification_id"],
        benefit=row["benefit_id"],
        amount_fen=row["amount_fen"],
        state=ReservationState(row["state"]),
        reserved_at=row["reserved_at"],
        expires_at=row["expires_at"],
        partner_ref=row["partner_ref"],
    )
