"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-26T23:08:57:127671"
VERSION = "1.38.0"
DESCRIPTION = "a record keeps every version it had: constraints"

STATEMENTS = (
    "CREATE INDEX record_version_subject ON record_version (subject_id, replaced_at)",
    "CREATE FUNCTION keep_record_versions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO record_version (record_id, subject_id, sequence, state, item, occurred_on, ends_on, retained_until, grade, amount, sealed, since, replaced_at, because) SELECT earlier.id, earlier.subject_id, earlier.sequence, earlier.state, earlier.item, earlier.occurred_on, earlier.ends_on, earlier.retained_until, earlier.grade, earlier.amount, earlier.sealed, earlier.updated_at, later.updated_at, CASE WHEN later.corrected_at IS DISTINCT FROM earlier.corrected_at AND later.corrected_at IS NOT NULL THEN 'corrected' WHEN later.content_mark <> earlier.content_mark THEN 'delivered' ELSE later.state END FROM earlier JOIN later USING (id); RETURN NULL; END $$",
    "CREATE TRIGGER record_keeps_versions AFTER UPDATE ON record REFERENCING OLD TABLE AS earlier NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION keep_record_versions()",
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
