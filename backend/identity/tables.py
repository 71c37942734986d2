"""Accounts, their sessions and their roles."""

from piccolo.columns import UUID, Bytea, Text, Timestamptz
from piccolo.table import Table


class Account(Table, tablename="account"):
    """A person who uses the app. Name, identity number and phone are sealed; what must be found has a blind index.

    `district` is the code the person chose, `channel` how the account was made; `unknown` is always allowed.
    """

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=True, default=None)
    phone_sealed = Bytea(null=True, default=None)
    phone_index = Bytea(null=True, default=None)
    name_sealed = Bytea(null=True, default=None)
    identity_number_sealed = Bytea(null=True, default=None)
    district = Text(null=False, default="unknown")
    channel = Text(null=False, default="unknown")
    created_at = Timestamptz(null=False, default=None)
    proven_at = Timestamptz(null=True, default=None)
    left_at = Timestamptz(null=True, default=None)


class Session(Table, tablename="session"):
    """One sign-in on one device: a family of refresh tokens."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    ended_at = Timestamptz(null=True, default=None)
    ended_because = Text(null=True, default=None)


class RefreshToken(Table, tablename="refresh_token"):
    """The hash of one refresh token; used at most once."""

    hash = Bytea(primary_key=True, default=None)
    session_id = UUID(null=False, default=None)
    issued_at = Timestamptz(null=False, default=None)
    used_at = Timestamptz(null=True, default=None)


class AccountRole(Table, tablename="account_role"):
    """A role that an account holds beyond being a resident: clerk, case officer, operator, auditor."""

    account_id = UUID(null=False, default=None)
    role = Text(null=False, default=None)
    granted_at = Timestamptz(null=False, default=None)


TABLES = (Account, Session, RefreshToken, AccountRole)
PERSONAL = frozenset({"account"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX account_phone ON account (phone_index) WHERE phone_index IS NOT NULL",
    "CREATE UNIQUE INDEX account_subject ON account (subject_id) WHERE left_at IS NULL AND subject_id IS NOT NULL",
    "CREATE INDEX session_account ON session (account_id) WHERE ended_at IS NULL",
    "CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX refresh_token_session ON refresh_token (session_id)",
    "ALTER TABLE refresh_token ADD FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE",
    "ALTER TABLE session ADD FOREIGN KEY (account_id) REFERENCES account (id)",
    "ALTER TABLE account_role DROP COLUMN id",
    "ALTER TABLE account_role ADD PRIMARY KEY (account_id, role)",
    "ALTER TABLE account_role ADD FOREIGN KEY (account_id) REFERENCES account (id)",
    "ALTER TABLE account ADD CHECK (district ~ '^[a-z][a-z0-9-]{0,39}$')",
    "ALTER TABLE account ADD CHECK (channel IN ('app', 'counter', 'unknown'))",
)
