"""Tickets and burns."""

from piccolo.columns import UUID, BigInt, Bytea, SmallInt, Timestamptz
from piccolo.table import Table


class CodeTicket(Table, tablename="code_ticket"):
    """A one-time ticket. Its key follows from its id and the key of its slot, and is not stored; `handle` is its id on a keypad.

    With `enterprise_id` it is the enterprise's: subject is the enterprise, account the agent who fetched it."""

    id = Bytea(primary_key=True, default=None)
    account_id = UUID(null=False, default=None)
    subject_id = UUID(null=False, default=None)
    handle = BigInt(null=False, default=None)
    slot = SmallInt(null=False, default=None)
    issued_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    enterprise_id = UUID(null=True, default=None)


class CodeBurn(Table, tablename="code_burn"):
    """The first and only use of a ticket: inserting the row is the burn."""

    ticket_id = Bytea(primary_key=True, default=None)
    account_id = UUID(null=False, default=None)
    subject_id = UUID(null=False, default=None)
    partner_id = UUID(null=False, default=None)
    verification_id = UUID(null=False, default=None)
    burned_at = Timestamptz(null=False, default=None)


TABLES = (CodeTicket, CodeBurn)
PERSONAL = frozenset({"code_ticket", "code_burn"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX code_ticket_handle ON code_ticket (handle)",
    "CREATE INDEX code_ticket_subject ON code_ticket (subject_id)",
    "CREATE INDEX code_ticket_agent ON code_ticket (account_id) WHERE enterprise_id IS NOT NULL",
    "CREATE INDEX code_ticket_expires ON code_ticket (expires_at)",
    "ALTER TABLE code_ticket ADD CHECK (octet_length(id) = 10 AND slot BETWEEN 0 AND 15)",
    "ALTER TABLE code_ticket ADD CHECK (expires_at > issued_at AND expires_at <= issued_at + interval '24 hours')",
    # A ticket that is deleted takes its burn along: without the ticket the code is unknown and refused all the same.
    "ALTER TABLE code_burn ADD FOREIGN KEY (ticket_id) REFERENCES code_ticket (id) ON DELETE CASCADE",
    "CREATE UNIQUE INDEX code_burn_verification ON code_burn (verification_id)",
)
