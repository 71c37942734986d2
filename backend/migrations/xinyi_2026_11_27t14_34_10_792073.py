"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T14:34:10:792073"
VERSION = "1.38.0"
DESCRIPTION = "terms of benefits, reservations, commitments: constraints"

STATEMENTS = (
    "ALTER TABLE benefit DROP CONSTRAINT benefit_state_check",
    "ALTER TABLE benefit DROP CONSTRAINT benefit_check1",
    "ALTER TABLE benefit ADD CHECK (state IN ('draft', 'published', 'paused', 'ended', 'refused'))",
    "ALTER TABLE benefit ADD CHECK (state IN ('draft', 'refused') OR approved_by IS NOT NULL)",
    "ALTER TABLE benefit_commitment DROP COLUMN id",
    "ALTER TABLE benefit_commitment ADD PRIMARY KEY (subject_id, benefit_id, kind)",
    "ALTER TABLE benefit_event ADD FOREIGN KEY (benefit_id, version) REFERENCES benefit (benefit_id, version)",
    "CREATE INDEX benefit_event_version ON benefit_event (benefit_id, version, id)",
    "ALTER TABLE verification DROP CONSTRAINT verification_state_check",
    "ALTER TABLE verification ADD CHECK (state IN ('pending-confirmation', 'answered', 'reserved', 'redeemed'))",
    "ALTER TABLE reservation ADD FOREIGN KEY (verification_id) REFERENCES verification (id)",
    "CREATE UNIQUE INDEX reservation_held ON reservation (verification_id) WHERE state = 'held'",
    "CREATE INDEX reservation_verification ON reservation (verification_id)",
    "ALTER TABLE reservation ADD CHECK (state IN ('held', 'redeemed', 'released', 'expired'))",
    "ALTER TABLE reservation ADD CHECK ((state = 'held') = (ended_at IS NULL))",
    "ALTER TABLE reservation ADD CHECK (amount_fen >= 0 AND held_fen >= 0 AND (held_fen = 0 OR budget_id IS NOT NULL))",
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
