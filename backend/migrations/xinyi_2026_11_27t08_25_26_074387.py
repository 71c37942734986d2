"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T08:25:26:074387"
VERSION = "1.38.0"
DESCRIPTION = "ledger: budgets, subsidy plans, postings, statements: constraints"

STATEMENTS = (
    "ALTER TABLE budget ADD CHECK (spent_fen >= 0 AND spent_fen <= amount_fen)",
    "ALTER TABLE budget ADD CHECK (state IN ('proposed', 'approved', 'refused'))",
    "ALTER TABLE budget ADD CHECK (state = 'approved' OR spent_fen = 0)",
    "ALTER TABLE budget ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
    "ALTER TABLE budget ADD CHECK ((state = 'approved') = (approval IS NOT NULL))",
    "ALTER TABLE budget ADD CHECK (state = 'proposed' OR decided_by IS NOT NULL)",
    "CREATE INDEX subsidy_plan_benefit ON subsidy_plan (benefit_id) WHERE state = 'approved'",
    "CREATE INDEX subsidy_plan_budget ON subsidy_plan (budget_id)",
    "ALTER TABLE subsidy_plan ADD FOREIGN KEY (budget_id) REFERENCES budget (id)",
    "ALTER TABLE subsidy_plan ADD CHECK (state IN ('proposed', 'approved', 'refused'))",
    "ALTER TABLE subsidy_plan ADD CHECK (rate_permille BETWEEN 1 AND 1000)",
    "ALTER TABLE subsidy_plan ADD CHECK (cap_fen > 0)",
    "ALTER TABLE subsidy_plan ADD CHECK (begins <= last_day)",
    "ALTER TABLE subsidy_plan ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
    "ALTER TABLE subsidy_plan ADD CHECK ((state = 'approved') = (approval IS NOT NULL))",
    "ALTER TABLE subsidy_plan ADD CHECK (state = 'proposed' OR decided_by IS NOT NULL)",
    "ALTER TABLE subsidy_plan ADD CHECK ((ended_after IS NULL) = (ending IS NULL) AND ended_after < last_day)",
    "CREATE UNIQUE INDEX ledger_posting_cause ON ledger_posting (cause, cause_id)",
    "CREATE INDEX ledger_posting_source ON ledger_posting (source_id, posted_at)",
    "CREATE INDEX ledger_posting_target ON ledger_posting (target_id, posted_at)",
    "ALTER TABLE ledger_posting ADD FOREIGN KEY (plan_id) REFERENCES subsidy_plan (id)",
    "ALTER TABLE ledger_posting ADD CHECK (amount_fen >= 0)",
    "ALTER TABLE ledger_posting ADD CHECK (cause IN ('budget', 'redemption', 'reversal'))",
    "ALTER TABLE ledger_posting ADD CHECK (source_kind IN ('treasury', 'budget', 'partner'))",
    "ALTER TABLE ledger_posting ADD CHECK (target_kind IN ('treasury', 'budget', 'partner'))",
    "ALTER TABLE ledger_posting ADD CHECK (source_kind <> target_kind)",
    "ALTER TABLE ledger_posting ADD CHECK (cause = 'budget' OR (plan_id IS NOT NULL AND redemption_id IS NOT NULL AND benefit_id IS NOT NULL AND partner_ref IS NOT NULL AND worth_fen >= amount_fen AND left_fen >= 0))",
    "ALTER TABLE settlement_statement DROP COLUMN id",
    "ALTER TABLE settlement_statement ADD PRIMARY KEY (partner_id, month)",
    "ALTER TABLE settlement_statement ADD CHECK (closing_fen = opening_fen + subsidised_fen - taken_back_fen)",
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'what stands in % stays: correct it by a posting of its own', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE TRIGGER ledger_posting_stays BEFORE UPDATE OR DELETE ON ledger_posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER settlement_statement_stays BEFORE UPDATE OR DELETE ON settlement_statement FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
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
