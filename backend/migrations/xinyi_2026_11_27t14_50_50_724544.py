"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T14:50:50:724544"
VERSION = "1.38.0"
DESCRIPTION = "orders in parts, disputes, guarantees, payments: constraints"

STATEMENTS = (
    "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_posting_cause_check",
    "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_posting_source_kind_check",
    "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_posting_target_kind_check",
    "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_posting_check1",
    "ALTER TABLE settlement_statement DROP CONSTRAINT settlement_statement_check",
    # What was paid before payments had rows of their own, and bills that were late before there was a ladder.
    "INSERT INTO order_payment (id, order_id, fen, paid_fen, after_guarantee, at) "
    "SELECT gen_random_uuid(), id, total_fen, total_fen, FALSE, updated_at FROM deposit_order WHERE state = 'done' AND total_fen > 0",
    "UPDATE deposit_order SET paid_fen = total_fen WHERE state = 'done'",
    "INSERT INTO due_work (topic, key, due_at, attempts) SELECT 'deposit-order', id, updated_at, 0 FROM deposit_order "
    "WHERE state = 'in-arrears' ON CONFLICT DO NOTHING",
    "ALTER TABLE subsidy_plan ADD CHECK ((end_proposed IS NULL) = (end_proposed_by IS NULL))",
    "ALTER TABLE subsidy_plan ADD CHECK (ended_by <> end_proposed_by)",
    "ALTER TABLE ledger_posting ADD CHECK (cause IN ('budget', 'redemption', 'reversal', 'pool-funding', 'guarantee-pool', 'guarantee-city', 'return-pool', 'return-city', 'payment'))",
    "ALTER TABLE ledger_posting ADD CHECK (source_kind IN ('treasury', 'budget', 'partner', 'pool', 'bank'))",
    "ALTER TABLE ledger_posting ADD CHECK (target_kind IN ('treasury', 'budget', 'partner', 'pool', 'bank'))",
    "ALTER TABLE ledger_posting ADD CHECK (cause NOT IN ('redemption', 'reversal') OR (plan_id IS NOT NULL AND redemption_id IS NOT NULL AND benefit_id IS NOT NULL AND partner_ref IS NOT NULL AND worth_fen >= amount_fen AND left_fen >= 0))",
    "ALTER TABLE ledger_posting ADD CHECK (cause NOT IN ('guarantee-city', 'guarantee-pool', 'return-city', 'return-pool') OR order_id IS NOT NULL)",
    "ALTER TABLE pool_funding ADD CHECK (state IN ('proposed', 'approved', 'refused'))",
    "ALTER TABLE pool_funding ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
    "ALTER TABLE pool_funding ADD CHECK ((state = 'approved') = (approval IS NOT NULL))",
    "ALTER TABLE pool_funding ADD CHECK (state = 'proposed' OR decided_by IS NOT NULL)",
    "ALTER TABLE loss_rule ADD CHECK (state IN ('proposed', 'approved', 'refused'))",
    "ALTER TABLE loss_rule ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
    "ALTER TABLE loss_rule ADD CHECK ((state = 'approved') = (approval IS NOT NULL))",
    "ALTER TABLE loss_rule ADD CHECK (state = 'proposed' OR decided_by IS NOT NULL)",
    "ALTER TABLE partner_payment ADD CHECK (state IN ('proposed', 'approved', 'refused'))",
    "ALTER TABLE partner_payment ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
    "ALTER TABLE partner_payment ADD CHECK ((state = 'approved') = (approval IS NOT NULL))",
    "ALTER TABLE partner_payment ADD CHECK (state = 'proposed' OR decided_by IS NOT NULL)",
    "ALTER TABLE guarantee_pool ADD CHECK (balance_fen >= 0)",
    "ALTER TABLE pool_funding ADD CHECK (amount_fen > 0)",
    "ALTER TABLE pool_funding ADD FOREIGN KEY (budget_id) REFERENCES budget (id)",
    "ALTER TABLE loss_rule ADD FOREIGN KEY (budget_id) REFERENCES budget (id)",
    "ALTER TABLE loss_rule ADD CHECK (LEAST(merchant_permille, pool_permille, city_permille) >= 0 AND merchant_permille + pool_permille + city_permille = 1000)",
    "ALTER TABLE loss_rule ADD CHECK (LEAST(order_cap_fen, partner_year_cap_fen, year_cap_fen) >= 0)",
    "CREATE UNIQUE INDEX loss_rule_begins ON loss_rule (begins) WHERE state = 'approved'",
    "ALTER TABLE order_guarantee DROP COLUMN id",
    "ALTER TABLE order_guarantee ADD PRIMARY KEY (order_id)",
    "ALTER TABLE order_guarantee ADD FOREIGN KEY (rule_id) REFERENCES loss_rule (id)",
    "CREATE INDEX order_guarantee_year ON order_guarantee (year, partner_id)",
    "ALTER TABLE order_guarantee ADD CHECK (merchant_back_fen BETWEEN 0 AND merchant_fen AND pool_back_fen BETWEEN 0 AND pool_fen AND city_back_fen BETWEEN 0 AND city_fen)",
    "ALTER TABLE partner_payment ADD CHECK (amount_fen > 0)",
    "CREATE UNIQUE INDEX partner_payment_reference ON partner_payment (bank_reference) WHERE state <> 'refused'",
    "CREATE INDEX partner_payment_partner ON partner_payment (partner_id, id)",
    "ALTER TABLE settlement_statement ADD CHECK (closing_fen = opening_fen + subsidised_fen - taken_back_fen + guaranteed_fen - returned_fen - paid_out_fen)",
    "ALTER TABLE deposit_order ADD CHECK (paid_fen BETWEEN 0 AND COALESCE(total_fen, agreed_fen))",
    "CREATE UNIQUE INDEX order_payment_order ON order_payment (order_id, paid_fen)",
    "CREATE UNIQUE INDEX order_payment_ref ON order_payment (order_id, partner_ref)",
    "ALTER TABLE order_payment ADD FOREIGN KEY (order_id) REFERENCES deposit_order (id)",
    "ALTER TABLE order_payment ADD CHECK (fen > 0)",
    "CREATE UNIQUE INDEX order_dispute_order ON order_dispute (order_id)",
    "CREATE INDEX order_dispute_waiting ON order_dispute (filed_at, id) WHERE state IN ('open', 'proposed')",
    "CREATE INDEX order_dispute_subject ON order_dispute (subject_id)",
    "ALTER TABLE order_dispute ADD FOREIGN KEY (order_id) REFERENCES deposit_order (id)",
    "ALTER TABLE order_dispute ADD CHECK (state IN ('open', 'proposed', 'withdrawn', 'decided'))",
    "ALTER TABLE order_dispute ADD CHECK (state NOT IN ('proposed', 'decided') OR (owed_fen >= 0 AND adverse IS NOT NULL AND reasons IS NOT NULL AND proposed_by IS NOT NULL))",
    "ALTER TABLE order_dispute ADD CHECK (state <> 'decided' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL AND (NOT adverse OR decided_by <> proposed_by)))",
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
