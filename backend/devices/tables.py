"""The device table."""

from piccolo.columns import UUID, Bytea, Text, Timestamptz
from piccolo.table import Table


class Device(Table, tablename="device"):
    """A phone: its public key on P-256 as a compressed point, and what its owner calls it."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(null=False, default=None)
    subject_id = UUID(null=False, default=None)
    name = Text(null=False, default=None)
    public_key = Bytea(null=False, default=None)
    registered_at = Timestamptz(null=False, default=None)
    revoked_at = Timestamptz(null=True, default=None)


TABLES = (Device,)
PERSONAL = frozenset({"device"})
CONSTRAINTS = (
    # One key is one phone of one person, for good: a revoked key does not come back.
    "CREATE UNIQUE INDEX device_public_key ON device (public_key)",
    "CREATE INDEX device_account ON device (account_id, id DESC)",
    "ALTER TABLE device ADD CHECK (octet_length(public_key) = 33)",
)
