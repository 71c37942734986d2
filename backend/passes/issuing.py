"""Issuing passes 离线凭证: an attestation says that this phone may use this benefit once, and says nothing else.

Only who is eligible now gets one, by the same decision as at a till; a "no" is that there is none, with the full reason on
the holder's own phone.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.devices import service as devices
from backend.market import service as market
from backend.market.reasons import in_words
from backend.passes import reasons, store
from backend.passes.lists import PLACES
from backend.passes.messages import IssuedPass, IssuedPasses, PassKey, PassOrder
from backend.passes.problems import DEVICE_UNKNOWN, NOT_OFFLINE, PASS_KEY_INVALID, PASS_KEY_USED
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.rate_limits import RateLimit, take
from backend.platform.row_ids import new_id
from partners import base64url
from partners.benefits.terms import OfflineTerms, Terms, Text
from partners.codes import ic3
from partners.codes.ic3 import Attestation
from partners.signatures.suites import suite

_CONTEXT = "xinyi-pass-1"
_ORDERS = RateLimit("passes", capacity=20, seconds_each=60)
# A place in the list is drawn until a free one is found: with half of them taken, twice.
_DRAWS = 64


def key_message(device_id: UUID, benefit: str, key: str) -> bytes:
    """What a registered phone signs for the key of one pass (docs/protocol.md, section 11)."""
    return "\n".join((_CONTEXT, str(device_id), benefit, key)).encode()


async def issue(platform: Platform, caller: Caller, order: PassOrder) -> IssuedPasses:
    """Passes for the caller's phone, one for each key as far as the day allows; a key that has one already gives it again.

    Raises DEVICE_UNKNOWN, PASS_KEY_INVALID, PASS_KEY_USED, NOT_OFFLINE, NOT_FOUND (no such benefit in force),
    STATE_CONFLICT (paused), RATE_LIMITED. Eight database round trips and one for each pass, and one of the cache: device,
    lock, keys, benefit, consents, standing with circumstances, what was issued, consent's end.
    """
    subject_id = caller.proven_subject()
    await take(platform.cache, _ORDERS, str(caller.account_id))
    points = _points(order.keys)
    access = caller.access("领取离线凭证", "device")
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        await _require_signed(connection, access, caller.account_id, order)
        await store.lock_issue(connection, subject_id, order.benefit)
        there = await store.with_keys(connection, caller.access("领取离线凭证", "passes"), subject_id, list(points))
        if any(row["device_id"] != order.device_id or row["benefit_id"] != order.benefit for row in there):
            raise PASS_KEY_USED.error()
        terms, offline, room, why = await _room(platform, connection, caller, order, now)
        passes = [_again(row, offline) for row in there if row["revoked_at"] is None]
        wanted = set(points) - {bytes(row["device_key"]) for row in there}
        for point in [point for point in points if point in wanted][:room]:
            added = await _issue(platform, connection, caller, order.device_id, terms, offline, point, now)
            passes.append(_again(added, offline))
    if len(wanted) > room and not why:
        why = [reasons.ENOUGH_TODAY]
    return IssuedPasses(now, passes, why)


def _points(keys: list[PassKey]) -> dict[bytes, PassKey]:
    """The keys by their bytes, in their order. Raises PASS_KEY_INVALID for what is no point of the curve, or comes twice."""
    points = {}
    for each in keys:
        try:
            point = base64url.decode(each.key)
            suite("intl").holder.verifier(point)
        except ValueError:
            raise PASS_KEY_INVALID.error() from None
        points[point] = each
    if len(points) < len(keys):
        raise PASS_KEY_INVALID.error()
    return points


async def _require_signed(connection: Connection, access: Access, account_id: UUID, order: PassOrder) -> None:
    """The registered phone itself asks for these keys: an access token alone, if it is stolen, fetches no pass."""
    device = await devices.live_device(connection, access, account_id, order.device_id)
    if device is None:
        raise DEVICE_UNKNOWN.error()
    for each in order.keys:
        message = key_message(order.device_id, order.benefit, each.key)
        if not devices.signed(device.public_key, message, each.signature):
            raise PASS_KEY_INVALID.error()


async def _room(
    platform: Platform, connection: Connection, caller: Caller, order: PassOrder, now: datetime
) -> tuple[Terms, OfflineTerms, int, list[Text]]:
    """Under which terms how many more passes may be issued now, and every reason if it is none."""
    subject_id = caller.proven_subject()
    decided = await market.eligibility_of(
        platform, connection, caller.access("领取离线凭证"), subject_id, order.benefit
    )
    offline = decided.terms.offline
    if offline is None:
        raise NOT_OFFLINE.error()
    found = await store.circumstances(
        connection,
        caller.access("领取离线凭证", "passes"),
        subject_id,
        order.device_id,
        order.benefit,
        start_of_day(local_date(now)),
    )
    why = in_words(decided.reasons)
    if not decided.reasons and not await _consents_last(connection, subject_id, decided.terms, offline, now):
        why.append(reasons.CONSENT_ENDS)
    if found["stopped"]:
        why.append(reasons.DEVICE_STOPPED)
    room = max(offline.per_person_per_day - found["issued"], 0)
    if room == 0:
        why.append(reasons.ENOUGH_TODAY)
    return decided.terms, offline, 0 if why else room, why


async def _consents_last(
    connection: Connection, subject_id: UUID, terms: Terms, offline: OfflineTerms, now: datetime
) -> bool:
    """Whether what the pass rests on lasts as long as the pass: once it is on the phone, nothing can shorten it."""
    ends = now + timedelta(seconds=offline.lifetime_seconds)
    kinds = [ConsentKind.SHOW] if terms.open_to_all else [ConsentKind.SHOW, ConsentKind.COMPUTE]
    for kind in kinds:
        until = (await consents.in_force(connection, kind, [subject_id], now)).get(subject_id)
        if until is None or until < ends:
            return False
    return True


async def _issue(
    platform: Platform,
    connection: Connection,
    caller: Caller,
    device_id: UUID,
    terms: Terms,
    offline: OfflineTerms,
    device_key: bytes,
    now: datetime,
) -> Row:
    """Signs and writes one pass, at a random free place of the status list. Raises PASS_KEY_USED."""
    own, intl = platform.keys.active(Purpose.ATTESTATION), suite("intl")
    signer = intl.issuer.signer(own.secret)
    # Drawn for each, so that neither the moment of issue nor a place in a series shows.
    begins = ic3.not_before(int(now.timestamp()), secrets.randbelow(ic3.LONGEST_OVERLAP_HOURS + 1))
    ends_at = datetime.fromtimestamp(begins + offline.lifetime_seconds, now.tzinfo)
    for _ in range(_DRAWS):
        place = secrets.randbelow(PLACES)
        said = Attestation(
            slot=own.slot_number(),
            benefit=offline.number,
            not_before=begins,
            status_index=place,
            device_key=device_key,
            needs_challenge=offline.needs_challenge,
        )
        attestation = ic3.issue(said, intl, signer)
        row = store.NewPass(
            id=new_id(now),
            account_id=caller.account_id,
            subject_id=caller.proven_subject(),
            device_id=device_id,
            benefit_id=terms.id,
            benefit_version=terms.version,
            use=ic3.name_of_use(attestation, intl),
            device_key=device_key,
            attestation=attestation,
            status_index=place,
            issued_at=now,
            ends_at=ends_at,
        )
        if await store.add(connection, row):
            return {"id": row.id, "device_key": device_key, "attestation": attestation, "ends_at": ends_at}
    raise PASS_KEY_USED.error()


def _again(row: Row, offline: OfflineTerms) -> IssuedPass:
    return IssuedPass(
        id=row["id"],
        key=base64url.encode(bytes(row["device_key"])),
        attestation=base64url.encode(bytes(row["attestation"])),
        usable_until=row["ends_at"],
        needs_challenge=offline.needs_challenge,
    )
