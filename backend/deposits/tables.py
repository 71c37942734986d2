"""Deposit orders and what happened to them."""

from piccolo.columns import JSONB, UUID, BigInt, BigSerial, Boolean, Bytea, SmallInt, Text, Timestamptz
from piccolo.table import Table


class DepositOrder(Table, tablename="deposit_order"):
    """One order under contract between a resident and a partner. Amounts are fen. The person's ids go when they leave.
    `paid_fen`: the sum of its payments; `reminded`: how many steps of the reminder ladder its bill has had."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    partner_name = Text(null=False, default=None)
    partner_ref = Text(null=False, default=None)
    verification_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    benefit_name = Text(null=False, default=None)
    benefit_name_en = Text(null=False, default=None)
    account_id = UUID(null=True, default=None)
    subject_id = UUID(null=True, default=None)
    ppid = Text(null=True, default=None)
    agreed_fen = BigInt(null=False, default=None)
    cap_fen = BigInt(null=False, default=None)
    charges = JSONB(null=False, default=None)
    discounts = JSONB(null=False, default=None)
    total_fen = BigInt(null=True, default=None)
    paid_fen = BigInt(null=False, default=0)
    reminded = SmallInt(null=False, default=0)
    state = Text(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    agreed_at = Timestamptz(null=True, default=None)
    due_at = Timestamptz(null=True, default=None)
    updated_at = Timestamptz(null=False, default=None)


class OrderEntry(Table, tablename="order_entry"):
    """One event of an order."""

    id = BigSerial(primary_key=True)
    order_id = UUID(null=False, default=None)
    at = Timestamptz(null=False, default=None)
    event = Text(null=False, default=None)
    state = Text(null=False, default=None)
    actor = Text(null=False, default=None)


class OrderPayment(Table, tablename="order_payment"):
    """A payment of the holder as the partner recorded it, whole or part; `partner_ref` makes a retry the same payment.
    `paid_fen`: what was paid with it, which orders the payments of an order; `after_guarantee`: it flows back in shares."""

    id = UUID(primary_key=True, default=None)
    order_id = UUID(null=False, default=None)
    partner_ref = Text(null=True, default=None)
    fen = BigInt(null=False, default=None)
    paid_fen = BigInt(null=False, default=None)
    after_guarantee = Boolean(null=False, default=False)
    at = Timestamptz(null=False, default=None)


class OrderDispute(Table, tablename="order_dispute"):
    """A bill that its holder disputes; at most one for each bill. `owed_fen`: what the bill is to be by the decision.
    The statement is sealed, and goes with the person when the order has ended."""

    id = UUID(primary_key=True, default=None)
    order_id = UUID(null=False, default=None)
    subject_id = UUID(null=True, default=None)
    statement_sealed = Bytea(null=True, default=None)
    state = Text(null=False, default=None)
    filed_at = Timestamptz(null=False, default=None)
    late_after = Timestamptz(null=False, default=None)
    owed_fen = BigInt(null=True, default=None)
    adverse = Boolean(null=True, default=None)
    reasons = Text(null=True, default=None)
    proposed_by = UUID(null=True, default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)


TABLES = (DepositOrder, OrderEntry, OrderPayment, OrderDispute)
PERSONAL = frozenset({"deposit_order", "order_dispute"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX deposit_order_verification ON deposit_order (verification_id)",
    "CREATE INDEX deposit_order_subject ON deposit_order (subject_id, created_at DESC, id)",
    "CREATE INDEX deposit_order_partner ON deposit_order (partner_id, id)",
    "ALTER TABLE deposit_order ADD CHECK (agreed_fen BETWEEN 0 AND cap_fen)",
    "ALTER TABLE deposit_order ADD CHECK (total_fen IS NULL OR total_fen BETWEEN 0 AND agreed_fen)",
    "ALTER TABLE deposit_order ADD CHECK (state <> 'payment-due' OR due_at IS NOT NULL)",
    "ALTER TABLE deposit_order ADD CHECK (paid_fen BETWEEN 0 AND COALESCE(total_fen, agreed_fen))",
    "CREATE UNIQUE INDEX order_payment_order ON order_payment (order_id, paid_fen)",
    # The same payment told twice under one reference is one payment.
    "CREATE UNIQUE INDEX order_payment_ref ON order_payment (order_id, partner_ref)",
    "ALTER TABLE order_payment ADD FOREIGN KEY (order_id) REFERENCES deposit_order (id)",
    "ALTER TABLE order_payment ADD CHECK (fen > 0)",
    "CREATE UNIQUE INDEX order_dispute_order ON order_dispute (order_id)",
    "CREATE INDEX order_dispute_waiting ON order_dispute (filed_at, id) WHERE state IN ('open', 'proposed')",
    "CREATE INDEX order_dispute_subject ON order_dispute (subject_id)",
    "ALTER TABLE order_dispute ADD FOREIGN KEY (order_id) REFERENCES deposit_order (id)",
    "ALTER TABLE order_dispute ADD CHECK (state IN ('open', 'proposed', 'withdrawn', 'decided'))",
    "ALTER TABLE order_dispute ADD CHECK (state NOT IN ('proposed', 'decided') OR (owed_fen >= 0 AND adverse IS NOT NULL "
    "AND reasons IS NOT NULL AND proposed_by IS NOT NULL))",
    # A decision against the holder is two people's.
    "ALTER TABLE order_dispute ADD CHECK (state <> 'decided' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL "
    "AND (NOT adverse OR decided_by <> proposed_by)))",
    "CREATE INDEX order_entry_order ON order_entry (order_id, id)",
    "ALTER TABLE order_entry ADD FOREIGN KEY (order_id) REFERENCES deposit_order (id)",
)
