"""Budgets, subsidy plans, postings and statements. Nothing here is about a person. Amounts are fen."""

from piccolo.columns import UUID, BigInt, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class Budget(Table, tablename="budget"):
    """What a department may spend on subsidies in a year 预算. `spent_fen`: what redemptions have taken and not given back."""

    id = UUID(primary_key=True, default=None)
    year = Integer(null=False, default=None)
    department = Text(null=False, default=None)
    title = Text(null=False, default=None)
    amount_fen = BigInt(null=False, default=None)
    spent_fen = BigInt(null=False, default=None)
    state = Text(null=False, default=None)
    proposed_by = UUID(null=False, default=None)
    proposed_at = Timestamptz(null=False, default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    approval = Text(null=True, default=None)


class SubsidyPlan(Table, tablename="subsidy_plan"):
    """Who pays what of a benefit 补贴计划. `approval` and `ending` are signed: a row that was changed by hand no longer
    agrees with them. `ended_after`: a last day before the planned one."""

    id = UUID(primary_key=True, default=None)
    budget_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    kind = Text(null=False, default=None)
    rate_permille = Integer(null=False, default=None)
    cap_fen = BigInt(null=True, default=None)
    begins = Date(null=False, default=None)
    last_day = Date(null=False, default=None)
    handler = Text(null=False, default=None)
    legal_basis = Text(null=False, default=None)
    state = Text(null=False, default=None)
    proposed_by = UUID(null=False, default=None)
    proposed_at = Timestamptz(null=False, default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    approval = Text(null=True, default=None)
    ended_after = Date(null=True, default=None)
    ended_by = UUID(null=True, default=None)
    ending = Text(null=True, default=None)


class LedgerPosting(Table, tablename="ledger_posting"):
    """Money that moved from one account to another 分录, and its one cause. Written once and never changed.

    Of a redemption or reversal: `worth_fen` is what it gave or took back, `left_fen` what then stays redeemed.
    """

    id = UUID(primary_key=True, default=None)
    cause = Text(null=False, default=None)
    cause_id = UUID(null=False, default=None)
    source_kind = Text(null=False, default=None)
    source_id = UUID(null=False, default=None)
    target_kind = Text(null=False, default=None)
    target_id = UUID(null=False, default=None)
    amount_fen = BigInt(null=False, default=None)
    posted_at = Timestamptz(null=False, default=None)
    happened_at = Timestamptz(null=False, default=None)
    plan_id = UUID(null=True, default=None)
    redemption_id = UUID(null=True, default=None)
    benefit_id = Text(null=True, default=None)
    partner_ref = Text(null=True, default=None)
    worth_fen = BigInt(null=True, default=None)
    left_fen = BigInt(null=True, default=None)


class SettlementStatement(Table, tablename="settlement_statement"):
    """A partner's month as it was drawn and signed 月度结算单; `digest` is the SHA-256 of its CSV. Never changed."""

    partner_id = UUID(null=False, default=None)
    month = Text(null=False, default=None)
    opening_fen = BigInt(null=False, default=None)
    subsidised_fen = BigInt(null=False, default=None)
    taken_back_fen = BigInt(null=False, default=None)
    closing_fen = BigInt(null=False, default=None)
    lines = BigInt(null=False, default=None)
    digest = Text(null=False, default=None)
    signed = Text(null=False, default=None)
    drawn_at = Timestamptz(null=False, default=None)


_REFUSE = (
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION 'what stands in % stays: correct it by a posting of its own', TG_TABLE_NAME "
    "USING ERRCODE = 'integrity_constraint_violation'; END $$"
)

TABLES = (Budget, SubsidyPlan, LedgerPosting, SettlementStatement)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    # Whatever the code does: more than was approved is never spent.
    "ALTER TABLE budget ADD CHECK (spent_fen >= 0 AND spent_fen <= amount_fen)",
    "ALTER TABLE budget ADD CHECK (state IN ('proposed', 'approved', 'refused'))",
    "ALTER TABLE budget ADD CHECK (state = 'approved' OR spent_fen = 0)",
    # Two people stand behind the city's money: who proposes does not approve.
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
    # One cause moves money once, whatever is tried again.
    "CREATE UNIQUE INDEX ledger_posting_cause ON ledger_posting (cause, cause_id)",
    "CREATE INDEX ledger_posting_source ON ledger_posting (source_id, posted_at)",
    "CREATE INDEX ledger_posting_target ON ledger_posting (target_id, posted_at)",
    "ALTER TABLE ledger_posting ADD FOREIGN KEY (plan_id) REFERENCES subsidy_plan (id)",
    "ALTER TABLE ledger_posting ADD CHECK (amount_fen >= 0)",
    "ALTER TABLE ledger_posting ADD CHECK (cause IN ('budget', 'redemption', 'reversal'))",
    "ALTER TABLE ledger_posting ADD CHECK (source_kind IN ('treasury', 'budget', 'partner'))",
    "ALTER TABLE ledger_posting ADD CHECK (target_kind IN ('treasury', 'budget', 'partner'))",
    "ALTER TABLE ledger_posting ADD CHECK (source_kind <> target_kind)",
    "ALTER TABLE ledger_posting ADD CHECK (cause = 'budget' OR (plan_id IS NOT NULL AND redemption_id IS NOT NULL AND "
    "benefit_id IS NOT NULL AND partner_ref IS NOT NULL AND worth_fen >= amount_fen AND left_fen >= 0))",
    "ALTER TABLE settlement_statement DROP COLUMN id",
    "ALTER TABLE settlement_statement ADD PRIMARY KEY (partner_id, month)",
    "ALTER TABLE settlement_statement ADD CHECK (closing_fen = opening_fen + subsidised_fen - taken_back_fen)",
    _REFUSE,
    "CREATE TRIGGER ledger_posting_stays BEFORE UPDATE OR DELETE ON ledger_posting "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER settlement_statement_stays BEFORE UPDATE OR DELETE ON settlement_statement "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)
