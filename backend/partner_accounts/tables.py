"""Partners, their history, stores, granted benefits and clerks."""

from piccolo.columns import JSONB, UUID, Array, Text, Timestamptz
from piccolo.table import Table


class Partner(Table, tablename="partner"):
    """A legal entity or public body that honours benefits. `sandbox_id` owns its test keys and all that is dry: it is no
    partner's id, so nothing that was made with a test key is ever a partner's."""

    id = UUID(primary_key=True, default=None)
    name = Text(null=False, default=None)
    name_en = Text(null=False, default=None)
    credit_code = Text(null=False, default=None)
    scenes = Array(base_column=Text(), null=False, default=list)
    state = Text(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    sandbox_id = UUID(null=True, default=None)


class PartnerHistory(Table, tablename="partner_history"):
    """One move of a partner from state to state: by whom and why."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    event = Text(null=False, default=None)
    before = Text(null=False, default=None)
    after = Text(null=False, default=None)
    actor = Text(null=False, default=None)
    because = Text(null=False, default=None)
    at = Timestamptz(null=False, default=None)


class PartnerApplication(Table, tablename="partner_application"):
    """What an enterprise applied for as a partner, by its agent, and who proposed what becomes of it. `report` is that of the
    conformance kit, signed with a test key."""

    partner_id = UUID(primary_key=True, default=None)
    enterprise_id = UUID(null=False, default=None)
    stores = JSONB(null=False, default=None)
    benefits = Array(base_column=Text(), null=False, default=list)
    proposal = Text(null=True, default=None)
    proposed_by = UUID(null=True, default=None)
    because = Text(null=True, default=None)
    report = JSONB(null=True, default=None)
    reported_at = Timestamptz(null=True, default=None)
    applied_at = Timestamptz(null=False, default=None)


class Store(Table, tablename="store"):
    """A place where a partner serves people."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    district = Text(null=False, default=None)
    name = Text(null=False, default=None)


class PartnerBenefit(Table, tablename="partner_benefit"):
    """A benefit that a partner may honour."""

    partner_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    granted_at = Timestamptz(null=False, default=None)


class Clerk(Table, tablename="clerk"):
    """An account that works at a till of a store. `shown_as` names the till, for example 1号收银台, never the person."""

    account_id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    store_id = UUID(null=False, default=None)
    shown_as = Text(null=False, default=None)
    added_at = Timestamptz(null=False, default=None)


TABLES = (Partner, PartnerHistory, PartnerApplication, Store, PartnerBenefit, Clerk)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    "CREATE UNIQUE INDEX partner_credit_code ON partner (credit_code)",
    "CREATE UNIQUE INDEX partner_sandbox ON partner (sandbox_id)",
    "ALTER TABLE partner ADD CHECK (state IN "
    "('applied', 'approved', 'live', 'under-review', 'rectifying', 'rechecked', 'delisted'))",
    "ALTER TABLE partner_history ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "CREATE INDEX partner_history_partner ON partner_history (partner_id, at)",
    "ALTER TABLE partner_application ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "CREATE UNIQUE INDEX partner_application_enterprise ON partner_application (enterprise_id)",
    "ALTER TABLE partner_application ADD CHECK (proposal IN ('approve', 'go-live', 'delist'))",
    "ALTER TABLE partner_application ADD CHECK ((proposal IS NULL) = (proposed_by IS NULL))",
    "ALTER TABLE store ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "CREATE INDEX store_partner ON store (partner_id)",
    "ALTER TABLE partner_benefit DROP COLUMN id",
    "ALTER TABLE partner_benefit ADD PRIMARY KEY (partner_id, benefit_id)",
    "ALTER TABLE partner_benefit ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "ALTER TABLE clerk ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "ALTER TABLE clerk ADD FOREIGN KEY (store_id) REFERENCES store (id)",
    "CREATE INDEX clerk_partner ON clerk (partner_id)",
)
