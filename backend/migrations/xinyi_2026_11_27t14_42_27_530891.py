"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T14:42:27:530891"
VERSION = "1.38.0"
DESCRIPTION = "Public review, complaints, premises and the alliance: constraints"

STATEMENTS = (
    "ALTER TABLE store ADD CHECK (state IN ('asked', 'open', 'returned', 'closed'))",
    "UPDATE clerk SET post_id = gen_random_uuid() WHERE post_id IS NULL",
    "ALTER TABLE clerk ALTER COLUMN post_id SET DEFAULT gen_random_uuid()",
    "CREATE UNIQUE INDEX clerk_post ON clerk (post_id)",
    "ALTER TABLE clerk ADD CHECK (position IN ('clerk', 'manager'))",
    "CREATE UNIQUE INDEX clerk_invitation_code ON clerk_invitation (code_digest)",
    "CREATE INDEX clerk_invitation_partner ON clerk_invitation (partner_id) WHERE ended_at IS NULL",
    "ALTER TABLE clerk_invitation ADD FOREIGN KEY (store_id) REFERENCES store (id)",
    "ALTER TABLE clerk_invitation ADD CHECK (position IN ('clerk', 'manager'))",
    "CREATE UNIQUE INDEX alliance_member_now ON alliance_member (partner_id) WHERE left_at IS NULL",
    "ALTER TABLE alliance_member ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "CREATE UNIQUE INDEX review_verification ON review (verification_id)",
    "CREATE INDEX review_subject ON review (subject_id, id DESC)",
    "CREATE INDEX review_partner ON review (partner_id, filed_at)",
    "ALTER TABLE review ADD CHECK (stars BETWEEN 1 AND 5)",
    "ALTER TABLE review ADD CHECK (kept IN ('honoured', 'otherwise', 'refused'))",
    "ALTER TABLE review ADD CHECK (waiting IN ('under-5-minutes', '5-to-15-minutes', '15-to-30-minutes', 'over-30-minutes'))",
    "ALTER TABLE partner_figures DROP COLUMN id",
    "ALTER TABLE partner_figures ADD PRIMARY KEY (partner_id, until_day)",
    "ALTER TABLE partner_figures ADD CHECK (people >= 10)",
    "ALTER TABLE partner_figures ADD CHECK (people = honoured + otherwise + refused AND points BETWEEN 0 AND 4 * people)",
    "ALTER TABLE partner_figures ADD CHECK ((people IS NULL) = (rating_permille IS NULL))",
    "CREATE UNIQUE INDEX review_case_open ON review_case (partner_id) WHERE outcome IS NULL",
    "CREATE INDEX review_case_partner ON review_case (partner_id, id)",
    "ALTER TABLE review_case ADD CHECK (outcome IN ('stopped', 'passed', 'delisted', 'upheld', 'reinstated'))",
    "ALTER TABLE review_case ADD CHECK ((outcome IS NULL) = (closed_on IS NULL))",
    "ALTER TABLE review_case ADD CHECK (proposal IN ('stop', 'reinstate', 'uphold'))",
    "ALTER TABLE review_case ADD CHECK ((proposal IS NULL) = (proposed_by IS NULL) AND (proposal IS NULL OR because IS NOT NULL))",
    "CREATE UNIQUE INDEX complaint_number ON complaint (number)",
    "CREATE UNIQUE INDEX complaint_open ON complaint (verification_id) WHERE state NOT IN ('answered', 'refused', 'withdrawn')",
    "CREATE INDEX complaint_subject ON complaint (subject_id, id DESC)",
    "CREATE INDEX complaint_partner ON complaint (partner_id, passed_on, number)",
    "CREATE INDEX complaint_waiting ON complaint (due_day, id) WHERE state NOT IN ('answered', 'refused', 'withdrawn')",
    "ALTER TABLE complaint ADD CHECK (state IN ('filed', 'refusal-proposed', 'accepted', 'answered', 'refused', 'withdrawn'))",
    "ALTER TABLE complaint ADD CHECK ((state IN ('answered', 'refused', 'withdrawn')) = (closed_at IS NOT NULL))",
    "ALTER TABLE complaint ADD CHECK ((state IN ('answered', 'refused', 'withdrawn')) = (due_day IS NULL))",
    "ALTER TABLE complaint ADD CHECK (state <> 'refusal-proposed' OR (proposed_by IS NOT NULL AND reason IS NOT NULL))",
    "ALTER TABLE complaint ADD CHECK ((substance IS NULL) = (passed_on IS NULL))",
    "ALTER TABLE complaint_history ADD FOREIGN KEY (complaint_id) REFERENCES complaint (id)",
    "CREATE INDEX complaint_history_complaint ON complaint_history (complaint_id, id)",
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
