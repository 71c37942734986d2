"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T15:32:52:201121"
VERSION = "1.38.0"
DESCRIPTION = "benefit reports: constraints"

STATEMENTS = (
    "ALTER TABLE benefit_report ADD CHECK (month ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$')",
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
