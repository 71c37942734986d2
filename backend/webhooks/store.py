"""SQL of the webhooks room. Nothing here is about a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.platform.database import Connection, Row
from backend.platform.questions import Question

# Endpoint and object as one key: the first sixteen bytes of a digest.
_LANE = "substr(encode(sha256(convert_to({endpoint}::text || ' ' || {object}, 'UTF8')), 'hex'), 1, 32)::uuid"


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a partner, its columns in the order in which they are written; `payload` holds ids alone."""

    partner_id: UUID
    id: UUID
    kind: str
    object_id: str
    payload: Mapping[str, str]


async def add_events(
    connection: Connection, events: Sequence[NewEvent], now: datetime, endpoint_id: UUID | None = None
) -> list[UUID]:
    """Writes events and a delivery of each to every enabled endpoint of its partner, or to one; nothing where there is none. Gives
    the lanes. The endpoints are held against deletion, not against each other's use."""
    rows = await connection.fetch(
        "WITH told AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) "
        "WITH ORDINALITY AS given(partner_id, id, type, object_id, payload, place)), "
        "receivers AS MATERIALIZED (SELECT id, partner_id FROM webhook_endpoint WHERE partner_id = ANY($1::uuid[]) "
        "AND state = 'enabled' AND ($7::uuid IS NULL OR id = $7) ORDER BY id FOR KEY SHARE), "
        "event AS (INSERT INTO webhook_event (id, partner_id, type, object_id, payload, occurred_at) "
        "SELECT id, partner_id, type, object_id, payload::jsonb, $6 FROM told "
        "WHERE EXISTS (SELECT FROM receivers WHERE receivers.partner_id = told.partner_id) ORDER BY place "
        "RETURNING number, partner_id, object_id) "
        "INSERT INTO webhook_delivery (endpoint_id, event_number, lane, state, attempts, next_at) "
        f"SELECT receivers.id, event.number, {_LANE.format(endpoint='receivers.id', object='event.object_id')}, 'waiting', 0, $6 "
        "FROM event JOIN receivers USING (partner_id) RETURNING lane",
        [event.partner_id for event in events],
        [event.id for event in events],
        [event.kind for event in events],
        [event.object_id for event in events],
        [msgspec.json.encode(event.payload).decode() for event in events],
        now,
        endpoint_id,
    )
    return [row["lane"] for row in rows]


def listening(partner_ids: Sequence[UUID]) -> Question[frozenset[UUID]]:
    """Which of these partners have an enabled endpoint."""
    return Question.open(
        lambda rows: frozenset(row["partner_id"] for row in rows),
        ("partner_id",),
        "SELECT DISTINCT partner_id FROM webhook_endpoint WHERE partner_id = ANY($1::uuid[]) AND state = 'enabled'",
        list(partner_ids),
    )


async def heads(connection: Connection, lanes: Sequence[UUID]) -> list[Row]:
    """The first waiting delivery of each lane that has one, with what is sent; `ready_at` is when it may go."""
    return await connection.fetch(
        "SELECT head.lane, head.endpoint_id, head.event_number, head.attempts, "
        "GREATEST(head.next_at, head.leased_until) AS ready_at, event.id AS event_id, event.type, event.payload, "
        "event.occurred_at, endpoint.url, endpoint.state, endpoint.failures FROM unnest($1::uuid[]) AS given(lane) "
        "CROSS JOIN LATERAL (SELECT * FROM webhook_delivery WHERE webhook_delivery.lane = given.lane "
        "AND state = 'waiting' ORDER BY event_number LIMIT 1) AS head "
        "JOIN webhook_event AS event ON event.number = head.event_number "
        "JOIN webhook_endpoint AS endpoint ON endpoint.id = head.endpoint_id ORDER BY ready_at, head.event_number",
        list(lanes),
    )


async def begin(
    connection: Connection, endpoints: Sequence[UUID], numbers: Sequence[int], now: datetime, until: datetime
) -> None:
    """Leases deliveries and writes that an attempt began."""
    await connection.execute(
        "WITH begun AS (UPDATE webhook_delivery SET attempts = attempts + 1, leased_until = $4 "
        "FROM unnest($1::uuid[], $2::bigint[]) AS given(endpoint_id, number) "
        "WHERE webhook_delivery.endpoint_id = given.endpoint_id AND webhook_delivery.event_number = given.number "
        "RETURNING webhook_delivery.endpoint_id, webhook_delivery.event_number, webhook_delivery.attempts) "
        "INSERT INTO webhook_attempt (endpoint_id, event_number, attempt, at, outcome) "
        "SELECT endpoint_id, event_number, attempts, $3, 'begun' FROM begun",
        list(endpoints),
        list(numbers),
        now,
        until,
    )


async def sealed_secrets(connection: Connection, endpoint_id: UUID, now: datetime) -> list[Row]:
    """The secrets that sign now, newest first."""
    return await connection.fetch(
        "SELECT id, sealed FROM webhook_secret WHERE endpoint_id = $1 AND (ends_at IS NULL OR ends_at > $2) "
        "ORDER BY created_at DESC, id DESC",
        endpoint_id,
        now,
    )


async def end_attempt(
    connection: Connection, endpoint_id: UUID, number: int, attempt: int, outcome: str, status: int | None, took: int
) -> None:
    """How an attempt ended."""
    await connection.execute(
        "UPDATE webhook_attempt SET outcome = $4, status = $5, milliseconds = $6 WHERE id = (SELECT max(id) "
        "FROM webhook_attempt WHERE endpoint_id = $1 AND event_number = $2 AND attempt = $3 AND outcome = 'begun')",
        endpoint_id,
        number,
        attempt,
        outcome,
        status,
        took,
    )


async def end_delivery(
    connection: Connection, endpoint_id: UUID, number: int, attempt: int, state: str, next_at: datetime
) -> None:
    """What became of a delivery. One that was delivered is, whichever attempt it was; a failure counts for the last attempt only."""
    await connection.execute(
        "UPDATE webhook_delivery SET state = $4, next_at = $5, leased_until = NULL "
        "WHERE endpoint_id = $1 AND event_number = $2 AND (attempts = $3 OR $4 = 'delivered')",
        endpoint_id,
        number,
        attempt,
        state,
        next_at,
    )


async def next_in_lane(connection: Connection, lane: UUID) -> datetime | None:
    """When the first waiting delivery of a lane may go."""
    found: datetime | None = await connection.fetch_value(
        "SELECT GREATEST(next_at, leased_until) FROM webhook_delivery WHERE lane = $1 AND state = 'waiting' "
        "ORDER BY event_number LIMIT 1",
        lane,
    )
    return found


async def give_up(connection: Connection, endpoints: Sequence[UUID], numbers: Sequence[int]) -> None:
    """Ends deliveries that had all their attempts, or whose endpoint takes nothing more."""
    await connection.execute(
        "UPDATE webhook_delivery SET state = 'given-up', leased_until = NULL "
        "FROM unnest($1::uuid[], $2::bigint[]) AS given(endpoint_id, number) "
        "WHERE webhook_delivery.endpoint_id = given.endpoint_id AND webhook_delivery.event_number = given.number",
        list(endpoints),
        list(numbers),
    )


async def count_failure(connection: Connection, endpoint_id: UUID) -> None:
    """One more attempt failed since the last that did not."""
    await connection.execute("UPDATE webhook_endpoint SET failures = failures + 1 WHERE id = $1", endpoint_id)


async def forgive_failures(connection: Connection, endpoint_id: UUID) -> None:
    """An attempt did not fail. Nothing is written where there is nothing to forgive."""
    await connection.execute("UPDATE webhook_endpoint SET failures = 0 WHERE id = $1 AND failures > 0", endpoint_id)


async def disable(connection: Connection, endpoint_id: UUID) -> None:
    """The endpoint takes nothing more."""
    await connection.execute("UPDATE webhook_endpoint SET state = 'disabled' WHERE id = $1", endpoint_id)


async def lock_partner(connection: Connection, partner_id: UUID) -> None:
    """Whoever changes the endpoints of a partner goes one after the other: two at once never make four."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"webhooks {partner_id}")


async def endpoints(connection: Connection, partner_id: UUID) -> list[Row]:
    """The endpoints of a partner, oldest first."""
    return await connection.fetch(
        "SELECT id, url, state, created_at FROM webhook_endpoint WHERE partner_id = $1 ORDER BY id", partner_id
    )


async def endpoint(connection: Connection, partner_id: UUID, endpoint_id: UUID) -> Row | None:
    """An endpoint of a partner."""
    return await connection.fetch_one(
        "SELECT id, url, state, created_at FROM webhook_endpoint WHERE partner_id = $1 AND id = $2",
        partner_id,
        endpoint_id,
    )


async def add_endpoint(connection: Connection, endpoint_id: UUID, partner_id: UUID, url: str, now: datetime) -> None:
    """Writes an endpoint."""
    await connection.execute(
        "INSERT INTO webhook_endpoint (id, partner_id, url, state, failures, created_at) VALUES ($1, $2, $3, 'enabled', 0, $4)",
        endpoint_id,
        partner_id,
        url,
        now,
    )


async def add_secret(
    connection: Connection, secret_id: UUID, endpoint_id: UUID, sealed: bytes, now: datetime, old_until: datetime
) -> None:
    """Writes a secret; the one before signs until `old_until`, and those that have ended go."""
    await connection.execute(
        "WITH ended AS (DELETE FROM webhook_secret WHERE endpoint_id = $2 AND ends_at <= $4), "
        "replaced AS (UPDATE webhook_secret SET ends_at = $5 WHERE endpoint_id = $2 AND ends_at IS NULL) "
        "INSERT INTO webhook_secret (id, endpoint_id, sealed, created_at) VALUES ($1, $2, $3, $4)",
        secret_id,
        endpoint_id,
        sealed,
        now,
        old_until,
    )


async def delete_endpoint(connection: Connection, partner_id: UUID, endpoint_id: UUID) -> bool:
    """Deletes an endpoint with its secrets and its log; False if the partner has no such one."""
    return (
        await connection.execute(
            "DELETE FROM webhook_endpoint WHERE partner_id = $1 AND id = $2", partner_id, endpoint_id
        )
        == 1
    )


async def page(connection: Connection, endpoint_id: UUID, before: int | None, limit: int) -> list[Row]:
    """Deliveries to an endpoint, the newest event first, each with its attempts in order."""
    return await connection.fetch(
        "SELECT delivery.event_number, event.id AS event_id, event.type, event.object_id, event.occurred_at, "
        "delivery.state, CASE WHEN delivery.state = 'waiting' THEN delivery.next_at END AS next_at, "
        "(SELECT COALESCE(jsonb_agg(jsonb_build_object('attempt', attempt, 'at', at, 'outcome', outcome, "
        "'status', status, 'milliseconds', milliseconds) ORDER BY id), '[]') FROM (SELECT * FROM webhook_attempt "
        "WHERE webhook_attempt.endpoint_id = delivery.endpoint_id "
        "AND webhook_attempt.event_number = delivery.event_number ORDER BY id DESC LIMIT 20) AS latest) AS attempts "
        "FROM webhook_delivery AS delivery JOIN webhook_event AS event ON event.number = delivery.event_number "
        "WHERE delivery.endpoint_id = $1 AND ($2::bigint IS NULL OR delivery.event_number < $2) "
        "ORDER BY delivery.event_number DESC LIMIT $3",
        endpoint_id,
        before,
        limit,
    )


async def event_lane(connection: Connection, endpoint_id: UUID, partner_id: UUID, event_id: UUID) -> list[Row]:
    """Number and lane of one event of a partner, as `events_between` gives them."""
    return await connection.fetch(
        f"SELECT number, {_LANE.format(endpoint='$1::uuid', object='object_id')} AS lane FROM webhook_event "
        "WHERE partner_id = $2 AND id = $3",
        endpoint_id,
        partner_id,
        event_id,
    )


async def events_between(
    connection: Connection,
    endpoint_id: UUID,
    partner_id: UUID,
    since: datetime,
    until: datetime,
    after: int,
    limit: int,
) -> list[Row]:
    """Numbers and lanes of a partner's events of a time, oldest first, tests aside."""
    return await connection.fetch(
        f"SELECT number, {_LANE.format(endpoint='$1::uuid', object='object_id')} AS lane FROM webhook_event "
        "WHERE partner_id = $2 AND occurred_at >= $3 AND occurred_at < $4 AND number > $5 AND type <> 'webhook.test' "
        "ORDER BY number LIMIT $6",
        endpoint_id,
        partner_id,
        since,
        until,
        after,
        limit,
    )


async def send_again(
    connection: Connection, endpoint_id: UUID, numbers: Sequence[int], lanes: Sequence[UUID], now: datetime
) -> None:
    """Puts deliveries on their way anew, also of events that the endpoint never got; one that is out at this moment is left."""
    await connection.execute(
        "INSERT INTO webhook_delivery (endpoint_id, event_number, lane, state, attempts, next_at) "
        "SELECT $1, given.number, given.lane, 'waiting', 0, $4 FROM unnest($2::bigint[], $3::uuid[]) AS given(number, lane) "
        "ON CONFLICT (endpoint_id, event_number) DO UPDATE SET state = 'waiting', attempts = 0, next_at = excluded.next_at "
        "WHERE webhook_delivery.leased_until IS NULL OR webhook_delivery.leased_until <= $4",
        endpoint_id,
        list(numbers),
        list(lanes),
        now,
    )


async def forget_before(connection: Connection, before: datetime) -> int:
    """Drops old events with their deliveries and attempts; gives how many."""
    return await connection.execute("DELETE FROM webhook_event WHERE occurred_at < $1", before)
