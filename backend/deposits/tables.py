"""Deposit orders and what happened to them."""

from piccolo.columns import JSONB, UUID, BigInt, BigSerial, Text, Timestamptz
from piccolo.table import Table


class DepositOrder(Table, tablename="deposit_order"):
    """One order under contract between a resident and a partner. Amounts are fen. The person's ids go when they leave."""

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


TABLES = (DepositOrder, OrderEntry)
PERSONAL = frozenset({"deposit_order"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX deposit_order_verification ON deposit_order (verification_id)",
    "CREATE INDEX deposit_order_subject ON deposit_order (subject_id, created_at DESC, id)",
    "CREATE INDEX deposit_order_partner ON deposit_order (partner_id, id)",
    "ALTER TABLE deposit_order ADD CHECK (agreed_fen BETWEEN 0 AND cap_fen)",
    "ALTER TABLE deposit_order ADD CHECK (total_fen IS NULL OR total_fen BETWEEN 0 AND agreed_fen)",
    "ALTER TABLE deposit_order ADD CHECK (state <> 'payment-due' OR due_at IS NOT NULL)",
    "CREATE INDEX order_entry_order ON order_entry (order_id, id)",
    "ALTER TABLE order_entry ADD FOREIGN KEY (order_id) REFERENCES deposit_order (id)",
)
