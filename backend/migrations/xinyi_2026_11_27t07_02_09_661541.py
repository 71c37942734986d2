"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T07:02:09:661541"
VERSION = "1.38.0"
DESCRIPTION = "step-up confirmation: constraints"

STATEMENTS = (
    "ALTER TABLE verification DROP CONSTRAINT verification_state_check",
    "ALTER TABLE verification ADD CHECK (state IN ('pending-confirmation', 'answered', 'redeemed'))",
    "ALTER TABLE verification ADD CHECK ((state = 'pending-confirmation') = (receipt = ''))",
    "ALTER TABLE verification ADD CHECK (state <> 'pending-confirmation' OR (confirm_by IS NOT NULL AND request_mark IS NOT NULL))",
    "ALTER TABLE verification ADD CHECK (confirm_by IS NULL OR confirmed_at IS NOT NULL OR state = 'pending-confirmation' OR result = 'declined')",
    "CREATE INDEX verification_pending ON verification (subject_id) WHERE state = 'pending-confirmation'",
    "ALTER TABLE confirmation ADD FOREIGN KEY (verification_id) REFERENCES verification (id)",
    "CREATE INDEX confirmation_subject ON confirmation (subject_id)",
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
