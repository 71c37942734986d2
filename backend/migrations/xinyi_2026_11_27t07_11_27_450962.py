"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T07:11:27:450962"
VERSION = "1.38.0"
DESCRIPTION = "Display codes and their keys: constraints"

STATEMENTS = (
    # The check of slots, which now knows of display codes.
    "ALTER TABLE signing_key DROP CONSTRAINT signing_key_check1",
    "ALTER TABLE signing_key ADD CHECK ((purpose IN ('ticket', 'attestation', 'display')) = (slot IS NOT NULL AND slot BETWEEN 0 AND 15))",
    "CREATE UNIQUE INDEX display_code_status_index ON display_code (status_index)",
    "CREATE UNIQUE INDEX display_code_of_enterprise ON display_code (enterprise_id) WHERE kind = 'enterprise' AND state IN ('applied', 'live', 'refusal-proposed', 'revocation-proposed')",
    "CREATE UNIQUE INDEX display_code_of_sector ON display_code (enterprise_id, sector) WHERE kind = 'sector' AND state IN ('applied', 'live', 'refusal-proposed', 'revocation-proposed')",
    "CREATE UNIQUE INDEX display_code_of_product ON display_code (enterprise_id, (product->>'name'), (product->>'batch')) WHERE kind = 'product' AND state IN ('applied', 'live', 'refusal-proposed', 'revocation-proposed')",
    "CREATE INDEX display_code_enterprise ON display_code (enterprise_id, id DESC)",
    "CREATE INDEX display_code_state ON display_code (state, id)",
    "CREATE INDEX display_code_revoked ON display_code (status_index) WHERE state = 'revoked'",
    "ALTER TABLE display_code ADD CHECK (kind IN ('enterprise', 'product', 'sector'))",
    "ALTER TABLE display_code ADD CHECK (state IN ('applied', 'expired', 'live', 'refusal-proposed', 'refused', 'revocation-proposed', 'revoked', 'withdrawn'))",
    "ALTER TABLE display_code ADD CHECK ((kind = 'sector') = (sector IS NOT NULL AND commitment_id IS NOT NULL))",
    "ALTER TABLE display_code ADD CHECK ((kind = 'product') = (product IS NOT NULL))",
    "ALTER TABLE display_code ADD CHECK (state NOT IN ('live', 'revocation-proposed') OR (issued_on IS NOT NULL AND status_index IS NOT NULL))",
    "ALTER TABLE display_code ADD CHECK ((issued_on IS NULL) = (valid_until IS NULL))",
    "ALTER TABLE display_code ADD CHECK (valid_until BETWEEN issued_on AND issued_on + 731)",
    "ALTER TABLE display_code ADD CHECK (state NOT IN ('refusal-proposed', 'revocation-proposed') OR (proposed_by IS NOT NULL AND reason IS NOT NULL))",
    "ALTER TABLE display_code ADD CHECK ((state IN ('expired', 'refused', 'revoked', 'withdrawn')) = (ended_at IS NOT NULL AND ended_by IS NOT NULL))",
    "ALTER TABLE display_code ADD CHECK (ended_by IN ('agent', 'departure', 'officers', 'term'))",
    "ALTER TABLE display_code ADD CHECK (ended_by <> 'officers' OR (proposed_by IS NOT NULL AND decided_by IS NOT NULL AND decided_by <> proposed_by))",
    "ALTER TABLE display_code_history ADD FOREIGN KEY (code_id) REFERENCES display_code (id)",
    "CREATE INDEX display_code_history_code ON display_code_history (code_id, id)",
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
