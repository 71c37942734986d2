"""Delivering 投递: the first waiting event of each lane is sent, outside of any transaction, and what became of it recorded.

A lane is an endpoint and an object, and one key of the due queue: so a later event of the same object waits until the earlier
one was delivered or given up, and no object waits for another. An attempt is leased before it goes out (`platform.errands`);
whoever dies with it leaves it to be sent again, under the same `webhook-id`. The order in which rows are locked is: lane,
endpoint, delivery.
"""

import secrets
from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import UUID

import msgspec

from backend.platform import due
from backend.platform.database import Connection, Row
from backend.platform.due import Due
from backend.platform.errands import Errand
from backend.platform.platform import Platform
from backend.webhooks import store
from backend.webhooks.messages import Message
from backend.webhooks.sending import Outcome, Sender, Sent
from backend.webhooks.states import MOST_ATTEMPTS, PAUSES, DeliveryState, EndpointState
from partners import webhooks

# The topic of the due queue on which lanes wait.
TOPIC = "webhook"

# Well above the time that one attempt may take (`sending.SECONDS`) and what it takes to record it.
LEASE = timedelta(seconds=60)

# How many messages one process has out to one endpoint. One that fails and fails gets one at a time, and what finds it busy
# comes back later and later: a dead address with a hundred thousand events must not keep the others waiting, nor the database busy.
_AT_ONCE = 4
_FAILING_AFTER = 5
_LONGEST_REST_SECONDS = 900


def seal_secret(platform: Platform, secret_id: UUID, key: bytes) -> bytes:
    """A secret's key as it is stored."""
    return platform.cipher.seal_bytes(key, "webhook_secret", "sealed", secret_id)


class Delivering:
    """The deliveries of one process."""

    def __init__(self, platform: Platform, sender: Sender) -> None:
        self._platform = platform
        self._sender = sender
        self._out: Counter[UUID] = Counter()

    async def begin(self, connection: Connection, lanes: list[UUID]) -> list[Errand]:
        """Begins an attempt for each lane whose first event may go now; four round trips at most, however many there are."""
        now = connection.now()
        out = self._out.copy()
        again: list[Due] = []
        begun: list[Row] = []
        ended: list[Row] = []
        for head in await store.heads(connection, lanes):
            if head["ready_at"] > now:
                again.append(Due(head["lane"], head["ready_at"]))
            elif head["state"] != EndpointState.ENABLED or head["attempts"] >= MOST_ATTEMPTS:
                ended.append(head)
                again.append(Due(head["lane"], now))
            elif out[head["endpoint_id"]] >= (_AT_ONCE if head["failures"] < _FAILING_AFTER else 1):
                again.append(Due(head["lane"], now + _rest(head["failures"])))
            else:
                out[head["endpoint_id"]] += 1
                begun.append(head)
                again.append(Due(head["lane"], now + LEASE))
        if ended:
            await store.give_up(connection, *_keys(ended))
        if begun:
            await store.begin(connection, *_keys(begun), now, now + LEASE)
        await due.enqueue(connection, TOPIC, again)
        return [partial(self._deliver, head) for head in begun]

    async def _deliver(self, head: Row) -> None:
        """Sends, holding nothing; then records. Two round trips and up to eight."""
        endpoint_id = head["endpoint_id"]
        self._out[endpoint_id] += 1
        try:
            await self._record(head, await self._send(head))
        finally:
            self._out[endpoint_id] -= 1
            self._out += Counter()  # without those that have nothing out

    async def _send(self, head: Row) -> Sent:
        now = self._platform.clock.now()
        async with self._platform.database.connection() as connection:
            sealed = await store.sealed_secrets(connection, head["endpoint_id"], now)
        keys = [
            self._platform.cipher.open_bytes(row["sealed"], "webhook_secret", "sealed", row["id"]) for row in sealed
        ]
        body = msgspec.json.encode(Message(head["type"], head["occurred_at"], head["payload"]))
        headers = webhooks.sign(keys, str(head["event_id"]), int(now.timestamp()), body)
        return await self._sender.post(head["url"], headers, body)

    async def _record(self, head: Row, sent: Sent) -> None:
        endpoint_id, number, attempt = head["endpoint_id"], head["event_number"], head["attempts"] + 1
        state, next_at = DeliveryState.WAITING, self._platform.clock.now()
        if sent.outcome is Outcome.DELIVERED:
            state = DeliveryState.DELIVERED
        elif sent.outcome is Outcome.GONE or attempt >= MOST_ATTEMPTS:
            state = DeliveryState.GIVEN_UP
        else:
            next_at += _jittered(PAUSES[attempt - 1])
        async with self._platform.database.transaction() as connection:
            await due.take(connection, TOPIC, [head["lane"]])
            if sent.outcome is Outcome.DELIVERED:
                await store.forgive_failures(connection, endpoint_id)
            elif sent.outcome is Outcome.GONE:
                await store.disable(connection, endpoint_id)
            else:
                await store.count_failure(connection, endpoint_id)
            await store.end_attempt(
                connection, endpoint_id, number, attempt, sent.outcome, sent.status, sent.milliseconds
            )
            await store.end_delivery(connection, endpoint_id, number, attempt, state, next_at)
            if (more := await store.next_in_lane(connection, head["lane"])) is not None:
                await due.enqueue(connection, TOPIC, [Due(head["lane"], more)])


def _keys(heads: list[Row]) -> tuple[list[UUID], list[int]]:
    return [head["endpoint_id"] for head in heads], [head["event_number"] for head in heads]


def _jittered(pause: timedelta) -> timedelta:
    """Up to a tenth longer, so that what failed together does not come back together."""
    return pause + pause * secrets.randbelow(1001) / 10_000


def _rest(failures: int) -> timedelta:
    """How long a lane waits that found its endpoint busy: the longer the more often the endpoint failed, and never all at once."""
    seconds = min(2**failures, _LONGEST_REST_SECONDS)
    return timedelta(milliseconds=1000 * seconds + secrets.randbelow(1000 * seconds))
