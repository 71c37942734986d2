"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T08:28:01:504194"
VERSION = "1.38.0"
DESCRIPTION = "sandbox and applications of partners: constraints"

STATEMENTS = (
    "CREATE UNIQUE INDEX partner_sandbox ON partner (sandbox_id)",
    "ALTER TABLE partner_application ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "CREATE UNIQUE INDEX partner_application_enterprise ON partner_application (enterprise_id)",
    "ALTER TABLE partner_application ADD CHECK (proposal IN ('approve', 'go-live', 'delist'))",
    "ALTER TABLE partner_application ADD CHECK ((proposal IS NULL) = (proposed_by IS NULL))",
    "CREATE UNIQUE INDEX sandbox_code_handle ON sandbox_code (sandbox_id, handle)",
    "CREATE INDEX sandbox_code_created ON sandbox_code (created_at)",
    "CREATE INDEX sandbox_verification_sandbox ON sandbox_verification (sandbox_id)",
    "CREATE INDEX sandbox_verification_created ON sandbox_verification (created_at)",
    "CREATE UNIQUE INDEX sandbox_redemption_key ON sandbox_redemption (sandbox_id, idempotency_key)",
    "CREATE UNIQUE INDEX sandbox_redemption_verification ON sandbox_redemption (verification_id)",
    "ALTER TABLE sandbox_redemption ADD FOREIGN KEY (verification_id) REFERENCES sandbox_verification (id) ON DELETE CASCADE",
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
