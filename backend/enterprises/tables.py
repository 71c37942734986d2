"""Enterprises and their agents. An agent is an account, never a subject: no statement can charge a person's score with what
an enterprise did (Reg. art. 26; the constitution of the product)."""

from piccolo.columns import UUID, Text, Timestamptz
from piccolo.table import Table


class Enterprise(Table, tablename="enterprise"):
    """One organisation that registered. Its code and name are public by law."""

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    code = Text(null=False, default=None)
    name = Text(null=False, default=None)
    state = Text(null=False, default=None)
    registered_at = Timestamptz(null=False, default=None)


class EnterpriseAgent(Table, tablename="enterprise_agent"):
    """An account that acts for an enterprise, on the ground of an authorisation document, until `ended_at`."""

    id = UUID(primary_key=True, default=None)
    enterprise_id = UUID(null=False, default=None)
    account_id = UUID(null=False, default=None)
    agent_role = Text(null=False, default=None)
    authorisation = Text(null=False, default=None)
    since = Timestamptz(null=False, default=None)
    ended_at = Timestamptz(null=True, default=None)


TABLES = (Enterprise, EnterpriseAgent)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    "CREATE UNIQUE INDEX enterprise_code ON enterprise (code)",
    "CREATE UNIQUE INDEX enterprise_subject ON enterprise (subject_id)",
    "ALTER TABLE enterprise ADD CHECK (state IN ('registered', 'withdrawn'))",
    "ALTER TABLE enterprise_agent ADD FOREIGN KEY (enterprise_id) REFERENCES enterprise (id)",
    "CREATE UNIQUE INDEX enterprise_agent_present ON enterprise_agent (enterprise_id, account_id) WHERE ended_at IS NULL",
    "CREATE INDEX enterprise_agent_account ON enterprise_agent (account_id)",
)
