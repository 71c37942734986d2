"""Partners, their history, stores, granted benefits and clerks."""

from piccolo.columns import JSONB, UUID, Array, Bytea, Integer, Text, Timestamptz
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
    """A place where a partner serves people, or has asked to, or did. `because` is why an operator sent it back."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    district = Text(null=False, default=None)
    name = Text(null=False, default=None)
    state = Text(null=False, default="open")
    because = Text(null=True, default=None)


class PartnerBenefit(Table, tablename="partner_benefit"):
    """A benefit that a partner may honour."""

    partner_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    granted_at = Timestamptz(null=False, default=None)


class Clerk(Table, tablename="clerk"):
    """An account that works at a till of a store. `shown_as` names the till, for example 1号收银台, never the person; `post_id` is random
    and all that the partner has of who it is. A `manager` 店长 invites and dismisses the clerks of that store."""

    account_id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    store_id = UUID(null=False, default=None)
    shown_as = Text(null=False, default=None)
    added_at = Timestamptz(null=False, default=None)
    post_id = UUID(null=True, default=None)
    position = Text(null=False, default="clerk")


class ClerkInvitation(Table, tablename="clerk_invitation"):
    """A one-time code for a place at a till. Only its digest is kept, and who used it is not."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    store_id = UUID(null=False, default=None)
    shown_as = Text(null=False, default=None)
    position = Text(null=False, default=None)
    code_digest = Bytea(null=False, default=None)
    made_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    ended_at = Timestamptz(null=True, default=None)


class AllianceMember(Table, tablename="alliance_member"):
    """A partner's membership of the alliance 守信激励联盟, from its declaration on."""

    id = UUID(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    text_version = Integer(null=False, default=None)
    joined_at = Timestamptz(null=False, default=None)
    left_at = Timestamptz(null=True, default=None)


TABLES = (Partner, PartnerHistory, PartnerApplication, Store, PartnerBenefit, Clerk, ClerkInvitation, AllianceMember)
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
    "ALTER TABLE store ADD CHECK (state IN ('asked', 'open', 'returned', 'closed'))",
    "ALTER TABLE partner_benefit DROP COLUMN id",
    "ALTER TABLE partner_benefit ADD PRIMARY KEY (partner_id, benefit_id)",
    "ALTER TABLE partner_benefit ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "ALTER TABLE clerk ADD FOREIGN KEY (partner_id) REFERENCES partner (id)",
    "ALTER TABLE clerk ADD FOREIGN KEY (store_id) REFERENCES store (id)",
    "CREATE INDEX clerk_partner ON clerk (partner_id)",
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
)
