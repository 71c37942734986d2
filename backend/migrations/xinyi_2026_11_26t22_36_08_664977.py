"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-26T22:36:08:664977"
VERSION = "1.38.0"
DESCRIPTION = "district and channel of an account: constraints"

STATEMENTS = (
    "ALTER TABLE account ADD CHECK (district ~ '^[a-z][a-z0-9-]{0,39}$')",
    "ALTER TABLE account ADD CHECK (channel IN ('app', 'counter', 'unknown'))",
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
