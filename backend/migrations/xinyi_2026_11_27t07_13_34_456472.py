"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T07:13:34:456472"
VERSION = "1.38.0"
DESCRIPTION = "webhooks: constraints"

STATEMENTS = (
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
    "ALTER TABLE webhook_attempt ADD FOREIGN KEY (endpoint_id, event_number) REFERENCES webhook_delivery (endpoint_id, event_number) ON DELETE CASCADE",
    "CREATE INDEX webhook_attempt_delivery ON webhook_attempt (endpoint_id, event_number)",
)


async def forwards() -> MigrationManager:
    """Runs the statements after the tables exist."""
    manager = MigrationManager(migration_id=ID, app_name="xinyi", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        assert engine is not None
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
