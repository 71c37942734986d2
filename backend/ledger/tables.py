"""Budgets, subsidy plans, postings and statements. Nothing here is about a person. Amounts are fen."""

from collections.abc import Iterable

from piccolo.columns import UUID, BigInt, Date, Integer, Text, Timestamptz
from piccolo.table import Table

from partners.ledger.postings import GUARANTEES, RETURNS, AccountKind, Cause


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
    agrees with them. `ended_after`: a last day before the planned one, proposed by one operator and approved by another."""

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
    end_proposed = Date(null=True, default=None)
    end_proposed_by = UUID(null=True, default=None)
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
    order_id = UUID(null=True, default=None)
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
    guaranteed_fen = BigInt(null=False, default=0)
    returned_fen = BigInt(null=False, default=0)
    paid_out_fen = BigInt(null=False, default=0)
    closing_fen = BigInt(null=False, default=None)
    lines = BigInt(null=False, default=None)
    digest = Text(null=False, default=None)
    signed = Text(null=False, default=None)
    drawn_at = Timestamptz(null=False, default=None)


class GuaranteePool(Table, tablename="guarantee_pool"):
    """The one guarantee pool 担保资金池: what it holds. It never owes."""

    id = UUID(primary_key=True, default=None)
    balance_fen = BigInt(null=False, default=None)


class PoolFunding(Table, tablename="pool_funding"):
    """Funds that a budget gives the pool: proposed by one operator, approved by another."""

    id = UUID(primary_key=True, default=None)
    budget_id = UUID(null=False, default=None)
    amount_fen = BigInt(null=False, default=None)
    reason = Text(null=False, default=None)
    state = Text(null=False, default=None)
    proposed_by = UUID(null=False, default=None)
    proposed_at = Timestamptz(null=False, default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    approval = Text(null=True, default=None)


class LossRule(Table, tablename="loss_rule"):
    """Who bears a loss 损失分担规则. In force from `begins` until the next one begins; `budget_id` bears the city's share."""

    id = UUID(primary_key=True, default=None)
    budget_id = UUID(null=False, default=None)
    merchant_permille = Integer(null=False, default=None)
    pool_permille = Integer(null=False, default=None)
    city_permille = Integer(null=False, default=None)
    order_cap_fen = BigInt(null=False, default=None)
    partner_year_cap_fen = BigInt(null=False, default=None)
    year_cap_fen = BigInt(null=False, default=None)
    begins = Date(null=False, default=None)
    handler = Text(null=False, default=None)
    legal_basis = Text(null=False, default=None)
    state = Text(null=False, default=None)
    proposed_by = UUID(null=False, default=None)
    proposed_at = Timestamptz(null=False, default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    approval = Text(null=True, default=None)


class OrderGuarantee(Table, tablename="order_guarantee"):
    """An order whose loss was shared, and what of each share has come back. Nothing in it is about the person."""

    order_id = UUID(null=False, default=None)
    rule_id = UUID(null=False, default=None)
    partner_id = UUID(null=False, default=None)
    budget_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    partner_ref = Text(null=False, default=None)
    year = Integer(null=False, default=None)
    merchant_fen = BigInt(null=False, default=None)
    pool_fen = BigInt(null=False, default=None)
    city_fen = BigInt(null=False, default=None)
    merchant_back_fen = BigInt(null=False, default=0)
    pool_back_fen = BigInt(null=False, default=0)
    city_back_fen = BigInt(null=False, default=0)
    guaranteed_at = Timestamptz(null=False, default=None)


class PartnerPayment(Table, tablename="partner_payment"):
    """A payment to a partner of what it is owed 拨付, under the bank's reference; no account number is kept."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    amount_fen = BigInt(null=False, default=None)
    bank_reference = Text(null=False, default=None)
    paid_on = Date(null=False, default=None)
    state = Text(null=False, default=None)
    proposed_by = UUID(null=False, default=None)
    proposed_at = Timestamptz(null=False, default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    approval = Text(null=True, default=None)


_REFUSE = (
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION 'what stands in % stays: correct it by a posting of its own', TG_TABLE_NAME "
    "USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _decided_by_two(table: str) -> tuple[str, ...]:
    """What one operator proposed is decided by another, and what is approved is signed."""
    return (
        f"ALTER TABLE {table} ADD CHECK (state IN ('proposed', 'approved', 'refused'))",
        f"ALTER TABLE {table} ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
        f"ALTER TABLE {table} ADD CHECK ((state = 'approved') = (approval IS NOT NULL))",
        f"ALTER TABLE {table} ADD CHECK (state = 'proposed' OR decided_by IS NOT NULL)",
    )


TABLES = (
    Budget, SubsidyPlan, LedgerPosting, SettlementStatement, GuaranteePool, PoolFunding, LossRule, OrderGuarantee, PartnerPayment,
)  # fmt: skip
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
    "ALTER TABLE subsidy_plan ADD CHECK ((end_proposed IS NULL) = (end_proposed_by IS NULL))",
    "ALTER TABLE subsidy_plan ADD CHECK (ended_by <> end_proposed_by)",
    # One cause moves money once, whatever is tried again.
    "CREATE UNIQUE INDEX ledger_posting_cause ON ledger_posting (cause, cause_id)",
    "CREATE INDEX ledger_posting_source ON ledger_posting (source_id, posted_at)",
    "CREATE INDEX ledger_posting_target ON ledger_posting (target_id, posted_at)",
    "ALTER TABLE ledger_posting ADD FOREIGN KEY (plan_id) REFERENCES subsidy_plan (id)",
    "ALTER TABLE ledger_posting ADD CHECK (amount_fen >= 0)",
    f"ALTER TABLE ledger_posting ADD CHECK (cause IN ({_quoted(Cause)}))",
    f"ALTER TABLE ledger_posting ADD CHECK (source_kind IN ({_quoted(AccountKind)}))",
    f"ALTER TABLE ledger_posting ADD CHECK (target_kind IN ({_quoted(AccountKind)}))",
    "ALTER TABLE ledger_posting ADD CHECK (source_kind <> target_kind)",
    "ALTER TABLE ledger_posting ADD CHECK (cause NOT IN ('redemption', 'reversal') OR (plan_id IS NOT NULL AND redemption_id IS NOT NULL AND "
    "benefit_id IS NOT NULL AND partner_ref IS NOT NULL AND worth_fen >= amount_fen AND left_fen >= 0))",
    f"ALTER TABLE ledger_posting ADD CHECK (cause NOT IN ({_quoted(sorted(GUARANTEES | RETURNS))}) OR order_id IS NOT NULL)",
    *_decided_by_two("pool_funding"),
    *_decided_by_two("loss_rule"),
    *_decided_by_two("partner_payment"),
    "ALTER TABLE guarantee_pool ADD CHECK (balance_fen >= 0)",
    "ALTER TABLE pool_funding ADD CHECK (amount_fen > 0)",
    "ALTER TABLE pool_funding ADD FOREIGN KEY (budget_id) REFERENCES budget (id)",
    "ALTER TABLE loss_rule ADD FOREIGN KEY (budget_id) REFERENCES budget (id)",
    "ALTER TABLE loss_rule ADD CHECK (LEAST(merchant_permille, pool_permille, city_permille) >= 0 "
    "AND merchant_permille + pool_permille + city_permille = 1000)",
    "ALTER TABLE loss_rule ADD CHECK (LEAST(order_cap_fen, partner_year_cap_fen, year_cap_fen) >= 0)",
    "CREATE UNIQUE INDEX loss_rule_begins ON loss_rule (begins) WHERE state = 'approved'",
    "ALTER TABLE order_guarantee DROP COLUMN id",
    "ALTER TABLE order_guarantee ADD PRIMARY KEY (order_id)",
    "ALTER TABLE order_guarantee ADD FOREIGN KEY (rule_id) REFERENCES loss_rule (id)",
    "CREATE INDEX order_guarantee_year ON order_guarantee (year, partner_id)",
    "ALTER TABLE order_guarantee ADD CHECK (merchant_back_fen BETWEEN 0 AND merchant_fen AND pool_back_fen BETWEEN 0 AND "
    "pool_fen AND city_back_fen BETWEEN 0 AND city_fen)",
    "ALTER TABLE partner_payment ADD CHECK (amount_fen > 0)",
    # One transfer of the bank is one payment.
    "CREATE UNIQUE INDEX partner_payment_reference ON partner_payment (bank_reference) WHERE state <> 'refused'",
    "CREATE INDEX partner_payment_partner ON partner_payment (partner_id, id)",
    "ALTER TABLE settlement_statement DROP COLUMN id",
    "ALTER TABLE settlement_statement ADD PRIMARY KEY (partner_id, month)",
    "ALTER TABLE settlement_statement ADD CHECK (closing_fen = opening_fen + subsidised_fen - taken_back_fen "
    "+ guaranteed_fen - returned_fen - paid_out_fen)",
    _REFUSE,
    "CREATE TRIGGER ledger_posting_stays BEFORE UPDATE OR DELETE ON ledger_posting "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER settlement_statement_stays BEFORE UPDATE OR DELETE ON settlement_statement "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)
