"""Offline redemption 离线核销: what a till gave without a network, settled later against the same limits as online.

A settled use leaves a verification and its redemption like any other, so that the holder reads of it and a partner can
reverse it. Whether it was given rightly is judged by the room of passes before.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from backend.ledger import service as ledger
from backend.market import benefit_store, receipts, store
from backend.market.answers import LIFETIME, partner_access
from backend.market.benefits import terms_of
from backend.market.limits import limits_on
from backend.market.once import Once
from backend.partner_accounts.messages import LivePartner
from backend.platform.clock import local_date
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.row_ids import new_id
from partners.benefits.terms import Terms
from partners.orders.states import VerificationState


class Unsettled(StrEnum):
    """Why an offline redemption is not settled. One word for every limit: whose it was is nothing to a partner."""

    LIMIT = "limit-reached"
    OVER_CAP = "amount-over-cap"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a till gave at `given_at`. Account and subject are None if the holder has left since."""

    account_id: UUID | None
    subject_id: UUID | None
    terms: Terms
    terminal: str
    partner_ref: str
    amount_fen: int
    given_at: datetime


async def terms_of_version(connection: Connection, benefit_id: str, version: int) -> Terms:
    """The terms under which a pass was issued, whatever became of them. One round trip."""
    return terms_of(await benefit_store.version_of(connection, benefit_id, version))


async def redeem_offline(
    platform: Platform, connection: Connection, partner: LivePartner, given: Sequence[Given], act: Once, request_id: str
) -> list[UUID | Unsettled]:
    """Settles what was given offline, each on the day it was given: its redemption, or why there is none. One that is not
    settled changes nothing and hinders no other.

    Counters are locked in the order of all redemptions, persons before benefits before budgets and all by id. Round trips for
    each: up to three for the person, two for the benefit, one for the budget of a plan that pays, one for each of verification
    and redemption; and one for the plans of all of them.
    """
    outcomes: dict[int, UUID | Unsettled] = {}
    order = sorted(range(len(given)), key=lambda place: (str(given[place].subject_id), given[place].terms.id, place))
    for place in order:
        item = given[place]
        cap = item.terms.cap_fen
        if cap is not None and item.amount_fen > cap:
            outcomes[place] = Unsettled.OVER_CAP
        elif not await _take_of_person(connection, item):
            outcomes[place] = Unsettled.LIMIT
    for place in sorted(set(order) - set(outcomes), key=lambda place: (given[place].terms.id, place)):
        item = given[place]
        if not await _take_of_everyone(connection, item):
            outcomes[place] = Unsettled.LIMIT
            await _give_back_of_person(connection, item)
    ids = {place: new_id(platform.clock.now()) for place in sorted(set(order) - set(outcomes))}
    uses = [_subsidised(ids[place], partner, given[place]) for place in ids]
    for place, held in zip(list(ids), await ledger.subsidise(platform, connection, uses), strict=True):
        if not held:
            outcomes[place] = Unsettled.LIMIT
    # Only here: a budget that does not hold is found out last, and what was counted before it is locked already.
    for place in sorted(set(ids) & set(outcomes)):
        await _give_back_of_person(connection, given[place])
        await _give_back_of_everyone(connection, given[place])
    for place in sorted(set(order) - set(outcomes)):
        outcomes[place] = await _write(platform, connection, partner, given[place], ids[place], act, request_id)
    return [outcomes[place] for place in range(len(given))]


def _persons_limits(item: Given) -> dict[str, int]:
    """Period -> how many it allows the person: as online, and the daily cap of what was not seen online."""
    day = local_date(item.given_at)
    limits = limits_on(item.terms, day).person
    offline = item.terms.offline
    return limits if offline is None else {**limits, _offline_day(day): offline.per_person_per_day}


def _offline_day(day: date) -> str:
    return f"offline {day:%Y-%m-%d}"


async def _take_of_person(connection: Connection, item: Given) -> bool:
    subject_id = item.subject_id
    if subject_id is None:
        return True
    return await _take_all(
        _persons_limits(item),
        lambda allowed: store.take(connection, subject_id, item.terms.id, allowed),
        lambda periods: store.give_back(connection, subject_id, item.terms.id, periods),
    )


async def _give_back_of_person(connection: Connection, item: Given) -> None:
    if item.subject_id is not None:
        await store.give_back(connection, item.subject_id, item.terms.id, tuple(_persons_limits(item)))


async def _take_of_everyone(connection: Connection, item: Given) -> bool:
    return await _take_all(
        limits_on(item.terms, local_date(item.given_at)).everyone,
        lambda allowed: benefit_store.take(connection, item.terms.id, allowed),
        lambda periods: benefit_store.give_back(connection, item.terms.id, periods),
    )


async def _give_back_of_everyone(connection: Connection, item: Given) -> None:
    periods = limits_on(item.terms, local_date(item.given_at)).everyone
    await benefit_store.give_back(connection, item.terms.id, tuple(periods))


def _subsidised(redemption_id: UUID, partner: LivePartner, item: Given) -> ledger.Use:
    return ledger.Use(
        redemption_id=redemption_id,
        partner_id=partner.id,
        benefit_id=item.terms.id,
        partner_ref=item.partner_ref,
        worth_fen=item.amount_fen,
        happened_at=item.given_at,
    )


async def _take_all(
    limits: Mapping[str, int],
    take: Callable[[Mapping[str, int]], Awaitable[int]],
    give_back: Callable[[Sequence[str]], Awaitable[None]],
) -> bool:
    """Counts in every period or in none. A transaction that goes on cannot leave the undoing to its rollback."""
    taken: list[str] = []
    for period in sorted(limits):
        if await take({period: limits[period]}) == 0:
            await give_back(taken)
            return False
        taken.append(period)
    return True


async def _write(
    platform: Platform,
    connection: Connection,
    partner: LivePartner,
    item: Given,
    redemption_id: UUID,
    act: Once,
    request_id: str,
) -> UUID:
    """The verification and the redemption of a use that is settled, and the holder's access row; gives the redemption's id."""
    now = platform.clock.now()
    verification_id = new_id(now)
    verification = store.NewVerification(
        id=verification_id,
        partner_id=partner.id,
        terminal=item.terminal,
        benefit_id=item.terms.id,
        benefit_version=item.terms.version,
        account_id=item.account_id,
        subject_id=item.subject_id,
        result="eligible",
        reason=[],
        # What is given offline has one tier.
        tier_value=item.terms.tiers[0].value,
        amount_fen=item.amount_fen,
        partner_ref=item.partner_ref,
        ref=secrets.token_urlsafe(16),
        receipt="",
        answered_at=item.given_at,
        expires_at=item.given_at + LIFETIME,
        state=VerificationState.REDEEMED,
    )
    signed = receipts.of_answer(platform, verification, act.mark)
    access = partner_access(
        partner.id, partner.name, "离线核销权益", item.terms.names.zh, request_id, "eligibility", "redemption"
    )
    await store.add_verification(connection, access, msgspec.structs.replace(verification, receipt=signed))
    receipt = receipts.sign(
        platform, partner.id, act.mark, now,
        jti=str(redemption_id), verification=str(verification_id), benefit=item.terms.id, amount_fen=item.amount_fen,
    )  # fmt: skip
    redemption = store.NewRedemption(
        id=redemption_id,
        verification_id=verification_id,
        partner_id=partner.id,
        benefit_id=item.terms.id,
        benefit_version=item.terms.version,
        subject_id=item.subject_id,
        amount_fen=item.amount_fen,
        partner_ref=item.partner_ref,
        # One upload is many redemptions: none of them is found by its key.
        idempotency_key=f"offline:{act.key}",
        receipt=receipt,
        redeemed_at=item.given_at,
    )
    await store.add_redemption(connection, redemption)
    return redemption_id
