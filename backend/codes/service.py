"""What the codes room does: tickets, the current code, its picture, and burning a code at its first use."""

import asyncio
import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from backend.codes import failures, images, store
from backend.codes.messages import Burned, Burning, Holder, Scanned, ShownCode, Ticket, TicketBatch
from backend.codes.problems import CODE_MALFORMED, CODE_STALE, CODE_UNUSABLE, SCENE_UNKNOWN
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.enterprises import service as enterprises
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.problems import FieldError, Problem
from backend.platform.questions import Question
from backend.platform.rate_limits import RateLimit, take
from partners.codes import ic1
from partners.codes.ic1 import Scene
from partners.codes.scenes import SCENES

TICKET_LIFETIME = timedelta(hours=24)

_BATCHES = RateLimit("code-tickets", capacity=20, seconds_each=30)
_SHOWN = RateLimit("code-shown", capacity=60, seconds_each=2)
_PICTURES = RateLimit("code-pictures", capacity=60, seconds_each=2)


def scene_named(name: str, *, of_person: bool = False) -> Scene:
    """The scene of a name in lower case, for example `library`; with `of_person`, one in which persons show a code. Raises
    SCENE_UNKNOWN naming all of them."""
    scenes = {
        scene.name.lower(): scene for scene in Scene if not of_person or scene is Scene.ANY or SCENES[scene].persons
    }
    try:
        return scenes[name]
    except KeyError:
        names = ", ".join(scenes)
        raise SCENE_UNKNOWN.error(errors=[FieldError("scene", f"可选：{names}", f"one of: {names}")]) from None


def scene_names() -> tuple[str, ...]:
    """The scenes in which a benefit may be offered."""
    return tuple(scene.name.lower() for scene in Scene if scene is not Scene.ANY)


async def fetch_tickets(
    platform: Platform, caller: Caller, count: int, enterprise_id: UUID | None = None
) -> TicketBatch:
    """`count` (1 to 32) one-time tickets for the caller's phone, 24 hours at most and no longer than the consent to show; with
    `enterprise_id`, the enterprise's, for as long as the caller acts for it.

    Raises CONSENT_MISSING, NOT_FOUND (does not act for the enterprise), RATE_LIMITED. Two database round trips inside a transaction and one cache round trip.
    """
    await take(platform.cache, _BATCHES, _whose(caller, enterprise_id))
    drawn, expires_at = await _draw(platform, caller, count, enterprise_id)
    now = platform.clock.now()
    tickets = [Ticket(_text(ticket.ticket_id), _text(ticket.key), ticket.slot, expires_at) for ticket in drawn]
    return TicketBatch(now, ic1.STEP_SECONDS, tickets)


async def current_code(
    platform: Platform, caller: Caller, scene_name: str, enterprise_id: UUID | None = None
) -> ShownCode:
    """A code for now, over a fresh ticket, as text and as digits: the caller's, or that of an enterprise the caller acts for.

    Raises SCENE_UNKNOWN, CONSENT_MISSING, NOT_FOUND (does not act for the enterprise), RATE_LIMITED. Two database round trips inside a transaction and one cache round trip.
    """
    scene = scene_named(scene_name, of_person=enterprise_id is None)
    await take(platform.cache, _SHOWN, _whose(caller, enterprise_id))
    [ticket], _ = await _draw(platform, caller, 1, enterprise_id)
    now = platform.clock.now()
    seconds = int(now.timestamp())
    ends = (ic1.step_at(seconds) + 1) * ic1.STEP_SECONDS
    return ShownCode(
        text=ic1.encode(ticket, scene, seconds),
        digits=ic1.digits(ticket, seconds),
        server_time=now,
        expires_at=datetime.fromtimestamp(ends, now.tzinfo),
    )


async def picture(platform: Platform, caller: Caller, text: str, form: Literal["png", "svg"]) -> bytes:
    """The picture of a current code of the caller's own; never of any other text.

    Raises CODE_MALFORMED, CODE_UNUSABLE, CODE_STALE, RATE_LIMITED. One database and one cache round trip.
    """
    await take(platform.cache, _PICTURES, str(caller.account_id))
    now = platform.clock.now()
    code = ic1.parse(text)
    if code is None:
        raise CODE_MALFORMED.error()
    _require_genuine(platform, code)
    if not ic1.is_fresh(code.step, int(now.timestamp())):
        raise CODE_STALE.error()
    async with platform.database.connection() as connection:
        access = caller.access("出示诚信码", "code")
        owned = await store.owned(connection, access, code.ticket_id, caller.account_id, now)
    if not owned:
        raise CODE_UNUSABLE.error()
    return await asyncio.to_thread(images.png if form == "png" else images.svg, text)


async def burn(
    platform: Platform,
    connection: Connection,
    access: Access,
    code: str,
    scene: Scene,
    partner_id: UUID,
    verification_id: UUID,
) -> Holder:
    """Burns a shown code (text of the QR, or its digits) for one verification, in the caller's transaction; gives its holder.

    `scene` is the benefit's; a code shown for another scene is refused. Only after the MAC is ours can a code be stale.
    A code under a consent that has ended since is refused like an unknown one, also when consent was given anew; and so
    is an enterprise's once it has withdrawn, or whoever fetched the ticket has ceased to act for it since.
    Raises CODE_MALFORMED, CODE_UNUSABLE (one answer for unknown, used, revoked, forged and wrong scene), CODE_STALE,
    RATE_LIMITED. Two database round trips and one cache round trip; digits take one more of the database.
    """
    parsed = ic1.parse(code)
    limit = failures.DIGITS if parsed is None else failures.PICTURE
    await failures.allow(platform.cache, limit, partner_id)
    now = platform.clock.now()
    try:
        if parsed is None:
            ticket_id, slot = await _typed(platform, connection, code, now)
        else:
            ticket_id, slot = _scanned(platform, parsed, scene, now)
        return await _burn(connection, access, ticket_id, slot, partner_id, verification_id, now)
    except Problem:
        await failures.count(platform.cache, limit, partner_id)
        raise


async def scanned(platform: Platform, code: str, partner_id: UUID) -> Scanned | None:
    """What `burning` takes: a scanned code of ours, fresh, from a partner that may try. None for anything else, of which
    `burn` says what it is. One cache round trip."""
    parsed = ic1.parse(code)
    if parsed is None or not await failures.within(platform.cache, failures.PICTURE, partner_id):
        return None
    slot_key = platform.keys.ticket_slot(parsed.slot)
    if slot_key is None or not ic1.is_genuine(parsed, slot_key):
        return None
    if not ic1.is_fresh(parsed.step, int(platform.clock.now().timestamp())):
        return None
    return Scanned(parsed.ticket_id, parsed.slot, parsed.scene)


def burning(burnings: Sequence[Burning], now: datetime) -> Question[list[Burned | None]]:
    """Burns many tickets whose codes were `scanned`; gives whose they were, in their order, and None for those that cannot be burned.

    Of two codes of one ticket it is the first. Its answer raises CODE_UNUSABLE if one is an enterprise's: that rests on its agent, of
    whom is asked one at a time. The failures are neither counted nor logged here: that is done by `burn`.
    """

    def burned(rows: dict[bytes, Row]) -> list[Burned | None]:
        if any(row["enterprise_id"] is not None for row in rows.values()):
            raise CODE_UNUSABLE.error()
        return [
            _burned(row)
            if (row := rows.get(each.ticket_id)) and row["verification_id"] == each.verification_id
            else None
            for each in burnings
        ]

    return store.burns(burnings, now).then(burned)


def require_scene(code: Scanned | ic1.Code, scene: Scene) -> None:
    """Raises CODE_UNUSABLE for a code that was shown for another scene than the benefit's."""
    if code.scene not in (Scene.ANY, scene):
        raise CODE_UNUSABLE.error()


def holder_of(burned: Burned, given: Mapping[ConsentKind, datetime]) -> Holder:
    """Whose burned ticket it is. Raises CODE_UNUSABLE unless the consent to show under which it was issued is in force."""
    if ConsentKind.SHOW not in given or given[ConsentKind.SHOW] > burned.issued_at:
        raise CODE_UNUSABLE.error()
    return Holder(burned.account_id, burned.subject_id, ConsentKind.COMPUTE in given)


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: every ticket is revoked, also those that the person fetched for an enterprise."""
    await store.forget(connection, account_id, subject_id)


async def forget_expired(platform: Platform) -> int:
    """Deletes tickets that expired an hour ago, with their burns: past their life they are refused as unknown."""
    async with platform.database.transaction() as connection:
        return await store.forget_expired(connection, platform.clock.now() - timedelta(hours=1))


def _whose(caller: Caller, enterprise_id: UUID | None) -> str:
    """What a limit counts: the caller, or the caller for one enterprise; a stranger's tries use up nothing of an enterprise's."""
    return str(caller.account_id) if enterprise_id is None else f"{caller.account_id}:{enterprise_id}"


async def _draw(
    platform: Platform, caller: Caller, count: int, enterprise_id: UUID | None
) -> tuple[list[ic1.Ticket], datetime]:
    """Fresh tickets under the active key, and when they expire."""
    caller.proven_subject()
    key = platform.keys.active(Purpose.TICKET)
    now = platform.clock.now()
    drawn: list[ic1.Ticket] = []
    async with platform.database.transaction() as connection:
        subject_id, expires_at = await _bearer(connection, caller, enterprise_id, now)
        # A keypad handle that is taken costs one more round; among a million live tickets that happens once in a million.
        while len(drawn) < count:
            fresh = [secrets.token_bytes(ic1.TICKET_BYTES) for _ in range(count - len(drawn))]
            handles = {ticket_id: int(ic1.digit_handle(ticket_id)) for ticket_id in fresh}
            kept = await store.add(
                connection, handles, caller.account_id, subject_id, key.slot_number(), now, expires_at, enterprise_id
            )
            drawn += [
                ic1.Ticket(ticket_id, ic1.ticket_key(key.secret, ticket_id), key.slot_number()) for ticket_id in kept
            ]
    return drawn, expires_at


async def _bearer(
    connection: Connection, caller: Caller, enterprise_id: UUID | None, now: datetime
) -> tuple[UUID, datetime]:
    """Whose tickets are drawn, and until when they hold. A person's rest on the consent to show, an enterprise's on its agent."""
    latest = now + TICKET_LIFETIME
    if enterprise_id is not None:
        return (await enterprises.acting_for(connection, caller, enterprise_id, hold=True)).subject_id, latest
    subject_id = caller.proven_subject()
    return subject_id, min(latest, await consents.require(connection, ConsentKind.SHOW, subject_id, now))


def _require_genuine(platform: Platform, code: ic1.Code) -> None:
    slot_key = platform.keys.ticket_slot(code.slot)
    if slot_key is None or not ic1.is_genuine(code, slot_key):
        raise CODE_UNUSABLE.error()


def _scanned(platform: Platform, code: ic1.Code, scene: Scene, now: datetime) -> tuple[bytes, int]:
    """The ticket behind a scanned code."""
    _require_genuine(platform, code)
    if not ic1.is_fresh(code.step, int(now.timestamp())):
        raise CODE_STALE.error()
    require_scene(code, scene)
    return code.ticket_id, code.slot


async def _typed(platform: Platform, connection: Connection, text: str, now: datetime) -> tuple[bytes, int]:
    """The ticket behind typed digits; a late code cannot be told from a wrong one."""
    typed = ic1.parse_digits(text)
    if typed is None:
        raise CODE_MALFORMED.error()
    row = await store.by_handle(connection, int(typed.handle), now)
    slot_key = platform.keys.ticket_slot(row["slot"]) if row is not None else None
    if row is None or slot_key is None:
        raise CODE_UNUSABLE.error()
    if ic1.digit_step(typed, ic1.ticket_key(slot_key, row["id"]), int(now.timestamp())) is None:
        raise CODE_UNUSABLE.error()
    return row["id"], row["slot"]


async def _burn(
    connection: Connection,
    access: Access,
    ticket_id: bytes,
    slot: int,
    partner_id: UUID,
    verification_id: UUID,
    now: datetime,
) -> Holder:
    row = await store.burn(connection, ticket_id, slot, partner_id, verification_id, now)
    try:
        if row is None:
            raise CODE_UNUSABLE.error()
        return await _shown_by(connection, _burned(row), now)
    except Problem:
        # If the code is somebody's after all, its holder reads of the failed attempt.
        await store.holder(connection, access, ticket_id)
        raise


async def _shown_by(connection: Connection, burned: Burned, now: datetime) -> Holder:
    """Whose code it is, if what the ticket rests on has held without a break since it was issued; else raises CODE_UNUSABLE.
    One round trip either way."""
    if burned.enterprise_id is None:
        return holder_of(burned, await consents.given(connection, burned.subject_id, now))
    since = await enterprises.acting_since(connection, burned.account_id, burned.enterprise_id)
    if since is None or since > burned.issued_at:
        raise CODE_UNUSABLE.error()
    return Holder(None, burned.subject_id, False, burned.enterprise_id)


def _burned(row: Row) -> Burned:
    return Burned(row["account_id"], row["subject_id"], row["issued_at"], row["enterprise_id"])


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
