"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T07:30:35:617645"
VERSION = "1.38.0"
DESCRIPTION = "counter codes: constraints"

STATEMENTS = (
    "CREATE UNIQUE INDEX counter_code_token ON counter_code (token)",
    "CREATE UNIQUE INDEX counter_code_live ON counter_code (store_id, benefit_id) WHERE revoked_at IS NULL",
    "CREATE INDEX counter_code_partner ON counter_code (partner_id, id)",
    "CREATE UNIQUE INDEX counter_use_verification ON counter_use (verification_id)",
    "CREATE INDEX counter_use_recent ON counter_use (counter_id, used_at) WHERE verification_id IS NOT NULL",
    "CREATE INDEX counter_use_subject ON counter_use (subject_id)",
    "ALTER TABLE counter_use ADD FOREIGN KEY (counter_id) REFERENCES counter_code (id)",
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
