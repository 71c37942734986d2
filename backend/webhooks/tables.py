"""Addresses of partners, their secrets, events, and every attempt to deliver one."""

from piccolo.columns import JSONB, UUID, BigInt, BigSerial, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class WebhookEndpoint(Table, tablename="webhook_endpoint"):
    """An address of a partner. `failures` counts the attempts that failed since the last that did not."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    url = Text(null=False, default=None)
    state = Text(null=False, default=None)
    failures = Integer(null=False, default=0)
    created_at = Timestamptz(null=False, default=None)


class WebhookSecret(Table, tablename="webhook_secret"):
    """What messages to an endpoint are signed with; one that was replaced signs beside the new one until `ends_at`."""

    id = UUID(primary_key=True, default=None)
    endpoint_id = UUID(null=False, default=None)
    sealed = Bytea(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    ends_at = Timestamptz(null=True, default=None)


class WebhookEvent(Table, tablename="webhook_event"):
    """Something that happened to an object of a partner. `number` is the order of events; `payload` holds ids only."""

    number = BigSerial(primary_key=True)
    id = UUID(null=False, default=None)
    partner_id = UUID(null=False, default=None)
    type = Text(null=False, default=None)
    object_id = Text(null=False, default=None)
    payload = JSONB(null=False, default=None)
    occurred_at = Timestamptz(null=False, default=None)


class WebhookDelivery(Table, tablename="webhook_delivery"):
    """An event on its way to an endpoint. `lane` stands for endpoint and object: its deliveries go one after the other.

    `attempts` counts since the event was last put on its way. `leased_until` is set while an attempt is out.
    """

    endpoint_id = UUID(null=False, default=None)
    event_number = BigInt(null=False, default=None)
    lane = UUID(null=False, default=None)
    state = Text(null=False, default=None)
    attempts = Integer(null=False, default=0)
    next_at = Timestamptz(null=False, default=None)
    leased_until = Timestamptz(null=True, default=None)


class WebhookAttempt(Table, tablename="webhook_attempt"):
    """One attempt: begun, and how it ended. Nothing of the other side's answer is kept but its status."""

    id = BigSerial(primary_key=True)
    endpoint_id = UUID(null=False, default=None)
    event_number = BigInt(null=False, default=None)
    attempt = Integer(null=False, default=None)
    at = Timestamptz(null=False, default=None)
    outcome = Text(null=False, default=None)
    status = Integer(null=True, default=None)
    milliseconds = Integer(null=True, default=None)


TABLES = (WebhookEndpoint, WebhookSecret, WebhookEvent, WebhookDelivery, WebhookAttempt)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    "CREATE UNIQUE INDEX webhook_endpoint_url ON webhook_endpoint (partner_id, url)",
    "ALTER TABLE webhook_endpoint ADD CHECK (state IN ('enabled', 'disabled'))",
    "ALTER TABLE webhook_secret ADD FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint (id) ON DELETE CASCADE",
    "CREATE INDEX webhook_secret_endpoint ON webhook_secret (endpoint_id)",
    "CREATE UNIQUE INDEX webhook_event_id ON webhook_event (id)",
    "CREATE INDEX webhook_event_partner ON webhook_event (partner_id, number)",
    "CREATE INDEX webhook_event_occurred ON webhook_event (occurred_at)",
    "ALTER TABLE webhook_delivery DROP COLUMN id",
    "ALTER TABLE webhook_delivery ADD PRIMARY KEY (endpoint_id, event_number)",
    "ALTER TABLE webhook_delivery ADD FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint (id) ON DELETE CASCADE",
    "ALTER TABLE webhook_delivery ADD FOREIGN KEY (event_number) REFERENCES webhook_event (number) ON DELETE CASCADE",
    "ALTER TABLE webhook_delivery ADD CHECK (state IN ('waiting', 'delivered', 'given-up'))",
    "CREATE INDEX webhook_delivery_event ON webhook_delivery (event_number)",
    "CREATE INDEX webhook_delivery_lane ON webhook_delivery (lane, event_number) WHERE state = 'waiting'",
    "ALTER TABLE webhook_attempt ADD FOREIGN KEY (endpoint_id, event_number) "
    "REFERENCES webhook_delivery (endpoint_id, event_number) ON DELETE CASCADE",
    "CREATE INDEX webhook_attempt_delivery ON webhook_attempt (endpoint_id, event_number)",
)
