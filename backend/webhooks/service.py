"""What the webhooks room does: takes events in from other rooms' acts, and lets partners keep their addresses and their log."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from backend.platform import cursors, rate_limits
from backend.platform.callers import Signer
from backend.platform.cursors import RowNumber
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.questions import Question
from backend.platform.rate_limits import RateLimit
from backend.platform.row_ids import new_id
from backend.webhooks import store
from backend.webhooks.addresses import registrable
from backend.webhooks.delivering import TOPIC, Delivering, seal_secret
from backend.webhooks.messages import (
    Attempt,
    Delivery,
    DeliveryPage,
    Endpoint,
    Endpoints,
    EndpointWithSecret,
    NewEndpoint,
    ResendRange,
    Resent,
    RotatedSecret,
    TestSent,
)
from backend.webhooks.problems import (
    ENDPOINT_DISABLED,
    ENDPOINT_EXISTS,
    SECRET_ROTATING,
    TOO_MANY_ENDPOINTS,
    URL_REFUSED,
)
from backend.webhooks.sending import Sender
from backend.webhooks.states import DeliveryState, EndpointState, EventType
from partners.webhooks import SECRET_BYTES, secret_text

MOST_ENDPOINTS = 3
# The present one and two that were replaced: a partner that lost the answer to a rotation may rotate again.
MOST_SECRETS = 3
OVERLAP = timedelta(hours=24)
KEPT = timedelta(days=30)
RESENT_AT_ONCE = 1000

# Tests and resends of one partner: twenty at once, then one every fifteen seconds.
_BY_HAND = RateLimit("webhook-by-hand", 20, 15)


async def publish(
    connection: Connection, partner_id: UUID, kind: EventType, object_id: object, data: Mapping[str, object]
) -> None:
    """Tells a partner, in the transaction of the act that it tells of: the event is there if and only if the act is.

    `data` holds ids and nothing about a person. The caller has the object's row locked, or has just made it: events of one
    object are told in the order of their acts. One round trip, which writes nothing for a partner without an endpoint; three
    for one that has some.
    """
    await publish_all(connection, [Told(partner_id, kind, object_id, data)])


class Told(msgspec.Struct, frozen=True):
    """What a partner is told: of which kind, of which object, and its ids."""

    partner_id: UUID
    kind: EventType
    object_id: object
    data: Mapping[str, object]


async def publish_all(connection: Connection, told: Sequence[Told]) -> None:
    """`publish` for many events, in their order, in as many round trips as for one."""
    now = connection.now()
    events = [
        store.NewEvent(
            partner_id=each.partner_id,
            id=new_id(now),
            kind=each.kind,
            object_id=str(each.object_id),
            payload={name: str(value) for name, value in each.data.items()},
        )
        for each in told
    ]
    lanes = await store.add_events(connection, events, now)
    await enqueue(connection, TOPIC, [Due(lane, now) for lane in lanes])


def listening(partner_ids: Sequence[UUID]) -> Question[frozenset[UUID]]:
    """Which of these partners have an address that is told of anything; the others need not be."""
    return store.listening(partner_ids)


def delivering(platform: Platform) -> Delivering:
    """What begins the errands of TOPIC in this process."""
    return Delivering(platform, Sender(loopback=platform.settings.webhook_loopback))


async def of_partner(platform: Platform, signer: Signer) -> Endpoints:
    """The addresses of the partner that signs. One round trip."""
    async with platform.database.connection() as connection:
        return Endpoints([_endpoint(row) for row in await store.endpoints(connection, signer.owner_id)])


async def add(platform: Platform, signer: Signer, new: NewEndpoint) -> EndpointWithSecret:
    """Registers an address and makes its secret, which is shown this once.

    Raises URL_REFUSED, ENDPOINT_EXISTS, TOO_MANY_ENDPOINTS. Four round trips.
    """
    if not registrable(new.url, loopback=platform.settings.webhook_loopback):
        raise URL_REFUSED.error()
    now = platform.clock.now()
    endpoint_id = new_id(now)
    async with platform.database.transaction() as connection:
        await store.lock_partner(connection, signer.owner_id)
        present = await store.endpoints(connection, signer.owner_id)
        if any(row["url"] == new.url for row in present):
            raise ENDPOINT_EXISTS.error()
        if len(present) >= MOST_ENDPOINTS:
            raise TOO_MANY_ENDPOINTS.error()
        await store.add_endpoint(connection, endpoint_id, signer.owner_id, new.url, now)
        secret = await _new_secret(platform, connection, endpoint_id)
    return EndpointWithSecret(
        endpoint_id=endpoint_id, url=new.url, state=EndpointState.ENABLED, created_at=now, secret=secret
    )


async def delete(platform: Platform, signer: Signer, endpoint_id: UUID) -> None:
    """Deletes an address with its secrets and its log; nothing more is sent there. Raises NOT_FOUND. Two round trips."""
    async with platform.database.transaction() as connection:
        await store.lock_partner(connection, signer.owner_id)
        if not await store.delete_endpoint(connection, signer.owner_id, endpoint_id):
            raise NOT_FOUND.error()


async def rotate_secret(platform: Platform, signer: Signer, endpoint_id: UUID) -> RotatedSecret:
    """Makes a new secret; the one before keeps signing beside it for 24 hours. Raises NOT_FOUND, SECRET_ROTATING. Four round trips."""
    async with platform.database.transaction() as connection:
        await store.lock_partner(connection, signer.owner_id)
        await _own(connection, signer, endpoint_id)
        now = connection.now()
        if len(await store.sealed_secrets(connection, endpoint_id, now)) >= MOST_SECRETS:
            raise SECRET_ROTATING.error()
        return RotatedSecret(await _new_secret(platform, connection, endpoint_id), now + OVERLAP)


async def send_test(platform: Platform, signer: Signer, endpoint_id: UUID) -> TestSent:
    """Sends an event that says nothing. Raises NOT_FOUND, ENDPOINT_DISABLED, RATE_LIMITED. Four round trips and one of the cache."""
    await rate_limits.take(platform.cache, _BY_HAND, str(signer.owner_id))
    async with platform.database.transaction() as connection:
        await _enabled(connection, signer, endpoint_id)
        now = connection.now()
        event_id = new_id(now)
        event = store.NewEvent(
            partner_id=signer.owner_id,
            id=event_id,
            kind=EventType.WEBHOOK_TEST,
            object_id=str(endpoint_id),
            payload={"endpoint_id": str(endpoint_id)},
        )
        lanes = await store.add_events(connection, [event], now, endpoint_id)
        await enqueue(connection, TOPIC, [Due(lane, now) for lane in lanes])
    return TestSent(event_id)


async def deliveries(
    platform: Platform, signer: Signer, endpoint_id: UUID, cursor: str | None, limit: int
) -> DeliveryPage:
    """What was sent to an address and what became of it, newest event first. Raises NOT_FOUND, BAD_CURSOR. Two round trips."""
    before = cursors.decode(cursor, RowNumber)
    async with platform.database.connection() as connection:
        await _own(connection, signer, endpoint_id)
        rows = await store.page(connection, endpoint_id, before, limit + 1)
    found = [
        Delivery(
            event_id=row["event_id"],
            type=row["type"],
            object_id=row["object_id"],
            occurred_at=row["occurred_at"],
            state=DeliveryState(row["state"]),
            next_at=row["next_at"],
            attempts=msgspec.convert(row["attempts"], list[Attempt]),
        )
        for row in rows[:limit]
    ]
    return DeliveryPage(found, cursors.encode(rows[limit - 1]["event_number"]) if len(rows) > limit else None)


async def resend(platform: Platform, signer: Signer, endpoint_id: UUID, event_id: UUID) -> Resent:
    """Sends one event again, whatever became of it, under its old id.

    Raises NOT_FOUND, ENDPOINT_DISABLED, RATE_LIMITED. Six round trips and one of the cache.
    """
    await rate_limits.take(platform.cache, _BY_HAND, str(signer.owner_id))
    async with platform.database.transaction() as connection:
        await store.lock_partner(connection, signer.owner_id)
        await _enabled(connection, signer, endpoint_id)
        events = await store.event_lane(connection, endpoint_id, signer.owner_id, event_id)
        if not events:
            raise NOT_FOUND.error()
        await _send_again(connection, endpoint_id, events)
    return Resent(1, None)


async def resend_range(platform: Platform, signer: Signer, endpoint_id: UUID, wanted: ResendRange) -> Resent:
    """Sends the events of a time again, a thousand at once, in their order for each object; also those that happened before
    the address was registered, if another of the partner's was.

    Raises NOT_FOUND, BAD_CURSOR, ENDPOINT_DISABLED, RATE_LIMITED. Six round trips and one of the cache.
    """
    after = cursors.decode(wanted.cursor, RowNumber) or 0
    now = platform.clock.now()
    # What lies outside does not exist, and some of it no database can compare.
    since, until = max(wanted.since, now - KEPT), min(wanted.until, now + timedelta(seconds=1))
    await rate_limits.take(platform.cache, _BY_HAND, str(signer.owner_id))
    async with platform.database.transaction() as connection:
        await store.lock_partner(connection, signer.owner_id)
        await _enabled(connection, signer, endpoint_id)
        found = await store.events_between(
            connection, endpoint_id, signer.owner_id, since, until, after, RESENT_AT_ONCE + 1
        )
        events = found[:RESENT_AT_ONCE]
        await _send_again(connection, endpoint_id, events)
    return Resent(len(events), cursors.encode(events[-1]["number"]) if len(found) > RESENT_AT_ONCE else None)


async def forget_old(platform: Platform) -> int:
    """Drops events older than thirty days with their log; gives how many."""
    async with platform.database.transaction() as connection:
        return await store.forget_before(connection, platform.clock.now() - KEPT)


async def _send_again(connection: Connection, endpoint_id: UUID, events: list[Row]) -> None:
    """The lanes before their deliveries, as whoever delivers them has them."""
    now = connection.now()
    lanes = [row["lane"] for row in events]
    await enqueue(connection, TOPIC, [Due(lane, now) for lane in lanes])
    await store.send_again(connection, endpoint_id, [row["number"] for row in events], lanes, now)


async def _new_secret(platform: Platform, connection: Connection, endpoint_id: UUID) -> str:
    now = connection.now()
    secret_id, key = new_id(now), secrets.token_bytes(SECRET_BYTES)
    sealed = seal_secret(platform, secret_id, key)
    await store.add_secret(connection, secret_id, endpoint_id, sealed, now, now + OVERLAP)
    return secret_text(key)


async def _own(connection: Connection, signer: Signer, endpoint_id: UUID) -> Row:
    row = await store.endpoint(connection, signer.owner_id, endpoint_id)
    if row is None:
        raise NOT_FOUND.error()
    return row


async def _enabled(connection: Connection, signer: Signer, endpoint_id: UUID) -> None:
    row = await _own(connection, signer, endpoint_id)
    if row["state"] != EndpointState.ENABLED:
        raise ENDPOINT_DISABLED.error()


def _endpoint(row: Row) -> Endpoint:
    return Endpoint(
        endpoint_id=row["id"], url=row["url"], state=EndpointState(row["state"]), created_at=row["created_at"]
    )
