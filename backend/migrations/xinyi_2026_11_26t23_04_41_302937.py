"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-26T23:04:41:302937"
VERSION = "1.38.0"
DESCRIPTION = "versions of rule sets: constraints"

STATEMENTS = (
    "CREATE UNIQUE INDEX rule_set_version_live ON rule_set_version (rule_set, version) WHERE state IN ('proposed', 'published', 'revocation-proposed')",
    "CREATE UNIQUE INDEX rule_set_version_start ON rule_set_version (rule_set, effective_from) WHERE state IN ('published', 'revocation-proposed')",
    "ALTER TABLE rule_set_version ADD CHECK (state IN ('proposed', 'published', 'refused', 'revocation-proposed', 'revoked', 'withdrawn'))",
    "ALTER TABLE rule_set_version ADD CHECK (digest = encode(sha256(source), 'hex'))",
    "ALTER TABLE rule_set_version ADD CHECK ((state = 'proposed') = (decided_by IS NULL))",
    "ALTER TABLE rule_set_version ADD CHECK (state IN ('proposed', 'withdrawn') OR decided_by <> proposed_by)",
    "ALTER TABLE rule_set_version ADD CHECK ((state IN ('revocation-proposed', 'revoked')) = (revocation_by IS NOT NULL))",
    "ALTER TABLE rule_set_version ADD CHECK ((state = 'revoked') = (revoked_by IS NOT NULL) AND revoked_by <> revocation_by)",
    "ALTER TABLE rule_set_history ADD FOREIGN KEY (version_id) REFERENCES rule_set_version (id)",
    "CREATE INDEX rule_set_history_version ON rule_set_history (version_id, id)",
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
