"""What the sandbox does: the market's acts on personas, a clock of its own, and every webhook at will.

Nothing here reads, writes or counts anything about a person, a quota or a budget. What was made is forgotten after a day.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_bytes
from uuid import UUID, uuid4

import msgspec

from backend.codes import service as codes
from backend.codes.messages import ShownCode
from backend.market import once
from backend.market import service as market
from backend.market.messages import (
    HolderAsked,
    RedemptionAnswer,
    RedemptionOrder,
    ReversalAnswer,
    ReversalOrder,
    VerificationAnswer,
    VerificationAnswerNow,
    VerificationOrder,
)
from backend.market.once import WAITS, Answered, Once
from backend.market.problems import QUOTA_EXHAUSTED
from backend.partner_accounts import service as partner_accounts
from backend.platform import rate_limits
from backend.platform.callers import Signer
from backend.platform.database import Connection, Row
from backend.platform.http.signatures import SANDBOX_PATH
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.rate_limits import RateLimit
from backend.platform.row_ids import new_id
from backend.sandbox import codes as sandbox_codes
from backend.sandbox import store
from backend.sandbox.messages import ClockOrder, PersonaListing, Personas, SandboxTime, Triggered
from backend.sandbox.personas import personas
from backend.sandbox.problems import CLOCK_TOO_FAR, NO_ENDPOINT
from backend.webhooks import service as webhooks
from backend.webhooks.states import EndpointState, EventType
from partners import base64url
from partners.orders.states import CONFIRMATION_SECONDS, REDEMPTION, RedemptionState

KEPT = timedelta(hours=24)
MOST_AHEAD = int(timedelta(days=400).total_seconds())

# Two a second, and four minutes of that at once: a suite of tests, not a load.
_ACTS = RateLimit("sandbox-acts", 240, 1)

# What each event says; the ids are made up when it is triggered.
_DATA: Mapping[EventType, tuple[str, ...]] = {
    EventType.VERIFICATION_ANSWERED: ("verification_id",),
    EventType.REDEMPTION_REDEEMED: ("redemption_id", "verification_id"),
    EventType.REDEMPTION_REVERSED: ("redemption_id", "reversal_id"),
    **{kind: ("order_id",) for kind in EventType if kind.startswith("order.")},
    EventType.KEY_REVOKED: ("key_id",),
    EventType.PARTNER_MOVED: ("partner_id",),
    EventType.COMPLAINT_PASSED_ON: ("complaint",),
    EventType.WEBHOOK_TEST: ("endpoint_id",),
}


def listing() -> Personas:
    """Every persona. No round trip."""
    return Personas([PersonaListing(each.id, each.names, each.shows, each.reads) for each in personas().values()])


async def show_code(platform: Platform, signer: Signer, persona_id: str, scene_name: str) -> ShownCode:
    """A persona shows its code. Raises NOT_FOUND, SCENE_UNKNOWN, PARTNER_SUSPENDED, RATE_LIMITED. Three round trips and one of the cache."""
    persona = personas().get(persona_id)
    if persona is None:
        raise NOT_FOUND.error()
    scene = codes.scene_named(scene_name)
    await rate_limits.take(platform.cache, _ACTS, str(signer.owner_id))
    async with platform.database.transaction() as connection:
        await partner_accounts.sandbox_partner(connection, signer.owner_id)
        now = await _now(platform, connection, signer.owner_id)
        return await sandbox_codes.show(platform, connection, signer.owner_id, persona, scene, now)


async def verify(platform: Platform, signer: Signer, order: VerificationOrder, act: Once) -> Answered:
    """Verifies a persona's code as the market verifies a resident's: same decision, same answers, same problems.

    Raises what `market.verify` raises. Seven round trips and one of the cache; a replay takes two.
    """
    await rate_limits.take(platform.cache, _ACTS, str(signer.owner_id))
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, signer.owner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.sandbox_partner(connection, signer.owner_id, order.benefit)
        now = await _now(platform, connection, signer.owner_id)
        terms = await market.terms_now(connection, order.benefit, now)
        scene = codes.scene_named(terms.scene)
        persona = await sandbox_codes.burn(platform, connection, signer.owner_id, order.code, scene, now)
        asked = persona.asked(confirm=terms.confirm)
        settles_at = now + timedelta(seconds=asked.after_seconds if asked is not None else 0)
        agrees = asked is None or asked.answer == "confirms"
        answer = market.dry_answer(
            platform, _issuer(platform), partner.id, new_id(now), order, terms, persona.facts, act.mark, settles_at,
            agrees=agrees,
        )  # fmt: skip
        row = store.NewVerification(
            id=answer.verification_id,
            sandbox_id=signer.owner_id,
            persona=persona.id,
            benefit_id=terms.id,
            benefit_version=terms.version,
            result=answer.result,
            amount_fen=order.amount_fen,
            answer=msgspec.to_builtins(answer),
            settles_at=settles_at,
            confirm_by=now + timedelta(seconds=CONFIRMATION_SECONDS),
            expires_at=answer.expires_at,
        )
        await store.add_verification(connection, row, platform.clock.now())
        if asked is None:
            return await once.save(connection, signer.owner_id, act, msgspec.json.encode(answer))
        told = market.asked({"id": row.id, "benefit_id": row.benefit_id, "confirm_by": row.confirm_by})
        return await once.save(connection, signer.owner_id, act, msgspec.json.encode(told), status=WAITS)


async def answer_of(platform: Platform, signer: Signer, verification_id: UUID) -> VerificationAnswerNow | HolderAsked:
    """A dry verification and where it stands, or that the persona has not answered yet. Raises PARTNER_SUSPENDED, NOT_FOUND. Three round trips."""
    async with platform.database.transaction() as connection:
        await partner_accounts.sandbox_partner(connection, signer.owner_id)
        now = await _now(platform, connection, signer.owner_id)
        row = await _verification(connection, signer.owner_id, verification_id)
    if now < row["settles_at"]:
        return market.asked(row)
    answer = msgspec.convert(row["answer"], VerificationAnswer)
    return VerificationAnswerNow(**msgspec.structs.asdict(answer), state=market.state_of(row, now))


async def redeem(platform: Platform, signer: Signer, order: RedemptionOrder, act: Once) -> Answered:
    """Redeems a dry verification, by the market's rules; nothing is used up. Raises what `market.redeem` raises.

    Seven round trips, two more with a webhook; a replay takes two.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, signer.owner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.sandbox_partner(connection, signer.owner_id)
        now = await _now(platform, connection, signer.owner_id)
        row = await _verification(connection, signer.owner_id, order.verification_id)
        terms = await market.terms_of_version(connection, row["benefit_id"], row["benefit_version"])
        market.require_redeemable(terms, row["amount_fen"], order.amount_fen)
        if now < row["settles_at"]:
            raise STATE_CONFLICT.error()
        market.require_usable(row, now)
        if not personas()[row["persona"]].redeems:
            raise QUOTA_EXHAUSTED.error()
        redemption_id = new_id(now)
        ids = {"redemption_id": redemption_id, "verification_id": row["id"]}
        await webhooks.publish(connection, signer.owner_id, EventType.REDEMPTION_REDEEMED, redemption_id, ids)
        signed = market.sign_receipt(
            platform, partner.id, act.mark, now, iss=_issuer(platform),
            jti=str(redemption_id), verification=str(row["id"]), benefit=terms.id, amount_fen=order.amount_fen,
        )  # fmt: skip
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
        await store.add_redemption(connection, signer.owner_id, answer, act.key, platform.clock.now())
        return await once.save(connection, signer.owner_id, act, msgspec.json.encode(answer))


async def redemption_by_key(platform: Platform, signer: Signer, key: UUID) -> RedemptionAnswer:
    """What was redeemed under an idempotency key. Raises PARTNER_SUSPENDED, NOT_FOUND. Two round trips."""
    async with platform.database.connection() as connection:
        await partner_accounts.sandbox_partner(connection, signer.owner_id)
        row = await store.redemption_by_key(connection, signer.owner_id, str(key))
    if row is None:
        raise NOT_FOUND.error()
    return market.redemption_told(row)


async def reverse(platform: Platform, signer: Signer, redemption_id: UUID, order: ReversalOrder, act: Once) -> Answered:
    """Takes back a dry redemption, whole or in part, by the market's rules. Raises what `market.reverse` raises.

    Six round trips, two more with a webhook; a replay takes two.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, signer.owner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.sandbox_partner(connection, signer.owner_id)
        now = await _now(platform, connection, signer.owner_id)
        row = await store.redemption(connection, signer.owner_id, redemption_id)
        if row is None:
            raise NOT_FOUND.error()
        amount, after = market.reversal_of(row, order.amount_fen)
        reversal_id = new_id(now)
        await store.take_back(connection, redemption_id, amount, after)
        ids = {"redemption_id": redemption_id, "reversal_id": reversal_id}
        await webhooks.publish(connection, signer.owner_id, EventType.REDEMPTION_REVERSED, redemption_id, ids)
        answer = ReversalAnswer(
            reversal_id=reversal_id,
            redemption_id=redemption_id,
            amount_fen=amount,
            left_fen=row["amount_fen"] - row["reversed_fen"] - amount,
            state=RedemptionState(after),
            reversed_at=now,
            partner_ref=order.partner_ref,
            receipt=market.sign_receipt(
                platform, partner.id, act.mark, now, iss=_issuer(platform),
                jti=str(reversal_id), redemption=str(redemption_id), amount_fen=amount,
            ),
        )  # fmt: skip
        return await once.save(connection, signer.owner_id, act, msgspec.json.encode(answer))


async def move_clock(platform: Platform, signer: Signer, order: ClockOrder) -> SandboxTime:
    """Moves the sandbox's clock forward. Raises PARTNER_SUSPENDED, CLOCK_TOO_FAR. Two round trips."""
    async with platform.database.transaction() as connection:
        await partner_accounts.sandbox_partner(connection, signer.owner_id)
        ahead = await store.forward(connection, signer.owner_id, order.forward_seconds, MOST_AHEAD)
    if ahead is None:
        raise CLOCK_TOO_FAR.error()
    return SandboxTime(platform.clock.now() + timedelta(seconds=ahead), ahead)


async def clear(platform: Platform, signer: Signer) -> None:
    """Sets the clock back; everything dry is forgotten, as time never runs backwards for it. Raises PARTNER_SUSPENDED. Four round trips."""
    async with platform.database.transaction() as connection:
        await partner_accounts.sandbox_partner(connection, signer.owner_id)
        await store.clear(connection, signer.owner_id)


async def trigger(platform: Platform, signer: Signer, kind: EventType) -> Triggered:
    """Sends an event of any kind, with ids that are made up, to the test key's own addresses.

    Raises PARTNER_SUSPENDED, NO_ENDPOINT, RATE_LIMITED. Five round trips and one of the cache.
    """
    await rate_limits.take(platform.cache, _ACTS, str(signer.owner_id))
    known = await webhooks.of_partner(platform, signer)
    if all(endpoint.state is not EndpointState.ENABLED for endpoint in known.endpoints):
        raise NO_ENDPOINT.error()
    data = {name: _made_up(name) for name in _DATA[kind]}
    async with platform.database.transaction() as connection:
        await partner_accounts.sandbox_partner(connection, signer.owner_id)
        await webhooks.publish(connection, signer.owner_id, kind, next(iter(data.values())), data)
    return Triggered(kind, data)


async def forget_old(platform: Platform) -> int:
    """Drops what is older than a day; gives how much."""
    async with platform.database.transaction() as connection:
        return await store.forget_before(connection, platform.clock.now() - KEPT)


def _made_up(name: str) -> str:
    """An id as the event would bear it: keys are named by their thumbprint, 32 bytes; all else by a UUID."""
    return base64url.encode(token_bytes(32)) if name == "key_id" else str(uuid4())


def _issuer(platform: Platform) -> str:
    """Who signs a dry receipt: at no court the platform."""
    return platform.settings.external_url + SANDBOX_PATH


async def _now(platform: Platform, connection: Connection, sandbox_id: UUID) -> datetime:
    """What time it is in the sandbox, in whole seconds as in every answer."""
    ahead = await store.ahead(connection, sandbox_id)
    return platform.clock.now().replace(microsecond=0) + timedelta(seconds=ahead)


async def _verification(connection: Connection, sandbox_id: UUID, verification_id: UUID) -> Row:
    row = await store.verification(connection, sandbox_id, verification_id)
    if row is None:
        raise NOT_FOUND.error()
    return row
