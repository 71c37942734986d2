"""What the counters room does: signs are put up and taken down, residents ask to be served at one, tills see who waits."""

import hashlib
import secrets
from uuid import UUID

import msgspec

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.counters import store
from backend.counters.messages import (
    CounterAnswer,
    CounterCode,
    CounterCodes,
    CounterOffer,
    CounterUseOrder,
    CounterVisit,
    CounterVisits,
    NewCounterCode,
)
from backend.counters.problems import (
    COUNTER_CLOSED,
    COUNTER_FOR_PERSONS,
    COUNTER_SIGNATURE_INVALID,
    COUNTER_UNKNOWN,
    USE_TAKEN,
)
from backend.devices import service as devices
from backend.market import service as market
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import LivePartner
from backend.partner_accounts.problems import BENEFIT_NOT_GRANTED, PARTNER_SUSPENDED
from backend.platform import symbols
from backend.platform.callers import Caller, Signer
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT, Problem
from backend.platform.rate_limits import RateLimit, take
from backend.platform.row_ids import new_id
from partners import base64url

# How far the phone's clock may be from the server's; pages take the server's time from the offer.
SIGNED_WITHIN_SECONDS = 60

_CONTEXT = "xinyi-counter-1"
_TOKEN_BYTES = 16
_SHOWN = 200
_USES = RateLimit("counter-uses", capacity=10, seconds_each=60)
_CLOSED = frozenset({PARTNER_SUSPENDED.code, BENEFIT_NOT_GRANTED.code, NOT_FOUND.code, STATE_CONFLICT.code})


def use_message(external_url: str, use: UUID, token: str, benefit: str, version: int, created: int) -> bytes:
    """What a phone signs to be served at a sign (docs/protocol.md, section 14): what it showed, once, and for a minute."""
    return "\n".join((_CONTEXT, external_url, str(use), token, benefit, str(version), str(created))).encode()


def text_of(external_url: str, token: str) -> str:
    """What the QR of a sign says. The token follows `#`, so that no server on the way reads it."""
    return f"{external_url}/resident#counter={token}"


async def put_up(platform: Platform, signer: Signer, wanted: NewCounterCode) -> CounterCode:
    """A sign for a benefit at a store of the partner; asked again, the one that hangs there.

    Raises PARTNER_SUSPENDED, BENEFIT_NOT_GRANTED, COUNTER_FOR_PERSONS (a benefit for enterprises: a sign is confirmed by a
    person's phone), NOT_FOUND (no such store of the partner). Five round trips.
    """
    async with platform.database.transaction() as connection:
        await partner_accounts.partner_granting(connection, signer.owner_id, wanted.benefit)
        if await market.is_for_enterprises(connection, wanted.benefit):
            raise COUNTER_FOR_PERSONS.error()
        found = await partner_accounts.stores(connection, [wanted.store_id])
        if wanted.store_id not in found or found[wanted.store_id].partner_id != signer.owner_id:
            raise NOT_FOUND.error()
        now = platform.clock.now()
        token = base64url.encode(secrets.token_bytes(_TOKEN_BYTES))
        row = await store.put_up(connection, new_id(now), token, signer.owner_id, wanted.store_id, wanted.benefit, now)
        if row is None:
            raise STATE_CONFLICT.error()
    return _code(platform, row)


async def of_partner(platform: Platform, partner_id: UUID, store_id: UUID | None = None) -> CounterCodes:
    """The signs of a partner that hang now, or of one of its stores. One round trip."""
    async with platform.database.connection() as connection:
        rows = await store.of_partner(connection, partner_id, store_id, _SHOWN)
    return CounterCodes([_code(platform, row) for row in rows])


async def take_down(platform: Platform, signer: Signer, counter_id: UUID) -> None:
    """A sign is taken down at once and for good: whoever scans it reads so. Raises NOT_FOUND. One round trip."""
    async with platform.database.transaction() as connection:
        if not await store.take_down(connection, signer.owner_id, counter_id, platform.clock.now()):
            raise NOT_FOUND.error()


async def offer(platform: Platform, token: str) -> CounterOffer:
    """What a sign offers, as everybody may read it on the wall. Raises COUNTER_UNKNOWN, COUNTER_CLOSED. Four round trips."""
    async with platform.database.connection() as connection:
        row, partner, store_name = await _hanging(connection, token)
    try:
        benefit = await market.offer(platform, row["benefit_id"])
    except Problem as problem:
        raise _closed(problem) from None
    return CounterOffer(
        token=token,
        server_time=platform.clock.now(),
        partner=partner.name,
        store=store_name,
        benefit=benefit.id,
        benefit_version=benefit.version,
        name=benefit.name,
        description=benefit.description,
        kind=benefit.kind,
        legal_basis=benefit.legal_basis,
    )


async def use(platform: Platform, caller: Caller, order: CounterUseOrder) -> CounterAnswer:
    """A resident asks to be served at a sign, signed by their phone. A yes is told to the partner; a no to nobody.

    Raises COUNTER_UNKNOWN, COUNTER_CLOSED (also when the terms have changed since they were shown), COUNTER_SIGNATURE_INVALID,
    CONSENT_MISSING, USE_TAKEN, RATE_LIMITED. Up to fifteen database round trips and one of the cache, in one transaction;
    the same use again takes seven.
    """
    await take(platform.cache, _USES, str(caller.account_id))
    subject_id, now = caller.proven_subject(), platform.clock.now()
    async with platform.database.transaction() as connection:
        row, partner, _ = await _hanging(connection, order.token)
        message = use_message(
            platform.settings.external_url,
            order.use,
            order.token,
            row["benefit_id"],
            order.benefit_version,
            order.created,
        )
        shown_as = f"{secrets.randbelow(10_000):04d}"
        if not await store.claim_use(connection, order, row["id"], subject_id, shown_as, now):
            return await _made_before(connection, caller, order, row)
        if abs(order.created - int(now.timestamp())) > SIGNED_WITHIN_SECONDS or not await devices.verify_by_device(
            platform, connection, caller.account_id, order.device_id, message, order.signature
        ):
            raise COUNTER_SIGNATURE_INVALID.error()
        await consents.require(connection, ConsentKind.SHOW, subject_id, now)
        try:
            presented = await market.present(
                platform, connection, caller, partner, row["benefit_id"], order.benefit_version,
                terminal=f"counter:{row['store_id']}", partner_ref=f"counter:{order.use}",
                mark=hashlib.sha256(message).digest(), store_id=row["store_id"],
            )  # fmt: skip
        except Problem as problem:
            raise _closed(problem) from None
        told = presented.verification_id is not None
        answer = CounterAnswer(
            use=order.use,
            result="eligible" if told else "declined",
            reasons=presented.reasons,
            tier=presented.tier,
            shown_as=shown_as if told else None,
            expires_at=presented.expires_at,
        )
        await store.answer_use(connection, order.use, presented.verification_id, msgspec.to_builtins(answer))
    return answer


async def visits(platform: Platform, partner_id: UUID, store_id: UUID | None = None) -> CounterVisits:
    """Who waits to be served at a partner's signs, or at those of one store. Three round trips, whose rows name nobody."""
    since = platform.clock.now() - market.ANSWER_LIFETIME
    async with platform.database.connection() as connection:
        signs = await store.of_partner(connection, partner_id, store_id, _SHOWN)
        recent = {
            row["verification_id"]: row["shown_as"]
            for row in await store.recent(connection, [row["id"] for row in signs], since)
        }
        waiting = await market.waiting_among(platform, connection, list(recent))
    return CounterVisits(
        [
            CounterVisit(
                verification_id=each.verification_id,
                benefit=each.benefit,
                shown_as=recent[each.verification_id],
                tier=each.tier,
                answered_at=each.answered_at,
                expires_at=each.expires_at,
            )
            for each in waiting
        ]
    )


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: what the person did at signs goes."""
    if subject_id is not None:
        await store.forget(connection, subject_id)


async def _hanging(connection: Connection, token: str) -> tuple[Row, LivePartner, str]:
    """A sign with its partner and the name of its store. A sign of a store that was closed is closed."""
    row = await store.hanging(connection, token)
    if row is None:
        raise COUNTER_UNKNOWN.error()
    try:
        partner = await partner_accounts.partner_granting(connection, row["partner_id"], row["benefit_id"])
    except Problem as problem:
        raise _closed(problem) from None
    found = await partner_accounts.stores(connection, [row["store_id"]])
    if row["store_id"] not in found:
        raise COUNTER_CLOSED.error()
    return row, partner, found[row["store_id"]].name


async def _made_before(connection: Connection, caller: Caller, order: CounterUseOrder, sign: Row) -> CounterAnswer:
    access = caller.access("查看台码办理结果", "verifications")
    made = await store.answered_use(connection, access, caller.proven_subject(), order.use)
    if made is None or (made["counter_id"], made["created"]) != (sign["id"], order.created):
        raise USE_TAKEN.error()
    return msgspec.convert(made["answer"], CounterAnswer)


def _closed(problem: Problem) -> Problem:
    """Why a sign cannot be used is the shop's business with the city: a customer reads that it cannot."""
    return COUNTER_CLOSED.error() if problem.kind.code in _CLOSED else problem


def _code(platform: Platform, row: Row) -> CounterCode:
    text = text_of(platform.settings.external_url, row["token"])
    return CounterCode(
        id=row["id"],
        store_id=row["store_id"],
        benefit=row["benefit_id"],
        text=text,
        drawing=symbols.symbol(text),
        made_at=row["made_at"],
    )
