"""What goes in and out of the webhooks room."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.webhooks.addresses import MOST_CHARACTERS
from backend.webhooks.sending import Outcome
from backend.webhooks.states import DeliveryState, EndpointState

Instant = Annotated[datetime, Meta(tz=True)]


class NewEndpoint(msgspec.Struct, forbid_unknown_fields=True):
    """An address that is to be told."""

    url: Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]


class Endpoint(msgspec.Struct, kw_only=True):
    """An address that is told. Its secret is shown once, when it is made."""

    endpoint_id: UUID
    url: str
    state: EndpointState
    created_at: datetime


class EndpointWithSecret(Endpoint, kw_only=True):
    """An address just registered, with what its messages are signed with."""

    secret: str


class Endpoints(msgspec.Struct):
    """The addresses of a partner, oldest first: three at most."""

    endpoints: list[Endpoint]


class RotatedSecret(msgspec.Struct):
    """The new secret; messages are signed by the old one beside it until `previous_until`."""

    secret: str
    previous_until: datetime


class TestSent(msgspec.Struct):
    """The event that is on its way: its id comes as `webhook-id`."""

    event_id: UUID


class Attempt(msgspec.Struct):
    """One attempt. `status` is null if there was no answer; `begun` is one that is out, or whose end nobody knows."""

    attempt: int
    at: datetime
    outcome: Outcome
    status: int | None
    milliseconds: int | None


class Delivery(msgspec.Struct):
    """An event on its way to an address: the last twenty attempts in order, and when the next comes if it waits."""

    event_id: UUID
    type: str
    object_id: str
    occurred_at: datetime
    state: DeliveryState
    next_at: datetime | None
    attempts: list[Attempt]


class DeliveryPage(msgspec.Struct):
    """Newest event first; `next` is the cursor of the following page, or null."""

    deliveries: list[Delivery]
    next: str | None


class ResendRange(msgspec.Struct, forbid_unknown_fields=True):
    """Events from `since` until before `until`; `cursor` is the `next` of the answer before, if it was not null."""

    since: Instant
    until: Instant
    cursor: Annotated[str, Meta(max_length=500)] | None = None


class Resent(msgspec.Struct):
    """How many events are on their way again; if `next` is not null there are more: ask again with it."""

    events: int
    next: str | None


class Message(msgspec.Struct):
    """The body of a message."""

    type: str
    timestamp: datetime
    data: dict[str, Any]
