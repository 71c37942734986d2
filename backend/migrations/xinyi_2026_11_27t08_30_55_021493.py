"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T08:30:55:021493"
VERSION = "1.38.0"
DESCRIPTION = "Codes of enterprises, places of devices and partner keys: constraints"

STATEMENTS = (
    "CREATE UNIQUE INDEX signer_key_status_index ON signer_key (status_index)",
    "CREATE UNIQUE INDEX device_status_index ON device (status_index)",
    "ALTER TABLE device ADD FOREIGN KEY (status_index) REFERENCES device_place (status_index)",
    "CREATE INDEX code_ticket_agent ON code_ticket (account_id) WHERE enterprise_id IS NOT NULL",
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
