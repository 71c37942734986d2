"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T04:36:40:185801"
VERSION = "1.38.0"
DESCRIPTION = "Devices, offline passes, settled uses and risk cases; keys by purpose and slot: constraints"

STATEMENTS = (
    "ALTER TABLE signing_key ADD CHECK ((purpose IN ('ticket', 'pseudonym')) = (algorithm = 'HS256'))",
    "ALTER TABLE signing_key ADD CHECK ((purpose IN ('ticket', 'attestation')) = (slot IS NOT NULL AND slot BETWEEN 0 AND 15))",
    "CREATE UNIQUE INDEX device_public_key ON device (public_key)",
    "CREATE INDEX device_account ON device (account_id, id DESC)",
    "ALTER TABLE device ADD CHECK (octet_length(public_key) = 33)",
    "CREATE UNIQUE INDEX benefit_offline_number ON benefit ((terms->'offline'->>'number')) WHERE state IN ('published', 'paused')",
    "CREATE UNIQUE INDEX offline_pass_use ON offline_pass (use)",
    "CREATE UNIQUE INDEX offline_pass_device_key ON offline_pass (device_key)",
    "CREATE UNIQUE INDEX offline_pass_status_index ON offline_pass (status_index)",
    "CREATE INDEX offline_pass_subject ON offline_pass (subject_id, id DESC)",
    "CREATE INDEX offline_pass_device ON offline_pass (device_id)",
    "CREATE INDEX offline_pass_ends ON offline_pass (ends_at)",
    "CREATE INDEX offline_pass_revoked ON offline_pass (status_index) WHERE revoked_at IS NOT NULL",
    "ALTER TABLE offline_pass ADD CHECK (octet_length(use) = 32 AND octet_length(device_key) = 33)",
    "ALTER TABLE offline_pass ADD CHECK (octet_length(attestation) = 109)",
    "ALTER TABLE offline_pass ADD CHECK (subject_id IS NOT NULL OR revoked_at IS NOT NULL)",
    "CREATE UNIQUE INDEX offline_use_redemption ON offline_use (redemption_id)",
    "CREATE UNIQUE INDEX risk_case_use ON risk_case (use)",
    "CREATE INDEX risk_case_device ON risk_case (device_id)",
    "CREATE INDEX risk_case_subject ON risk_case (subject_id)",
    "CREATE INDEX risk_case_waiting ON risk_case (id) WHERE state NOT IN ('cleared', 'stopped')",
    "ALTER TABLE risk_case ADD CHECK (state IN ('open', 'clearing-proposed', 'stopping-proposed', 'cleared', 'stopped'))",
    "ALTER TABLE risk_case ADD CHECK ((state IN ('cleared', 'stopped')) = (decided_by IS NOT NULL AND decided_at IS NOT NULL))",
    "ALTER TABLE risk_case ADD CHECK (state = 'open' OR (proposed_by IS NOT NULL AND reason IS NOT NULL))",
    "ALTER TABLE risk_case ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
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
