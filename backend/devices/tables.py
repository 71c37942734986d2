"""The device table."""

from piccolo.columns import UUID, BigInt, Bytea, Text, Timestamptz
from piccolo.table import Table


class Device(Table, tablename="device"):
    """A phone: its public key on P-256 as a compressed point, and what its owner calls it. `status_index` is null for one that was
    registered before there was a list, and once its place is free again."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(null=False, default=None)
    subject_id = UUID(null=False, default=None)
    name = Text(null=False, default=None)
    public_key = Bytea(null=False, default=None)
    registered_at = Timestamptz(null=False, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    status_index = BigInt(null=True, default=None)


class DevicePlace(Table, tablename="device_place"):
    """A place in the status list that some device has, or had. It outlives the device, and does not say whose that was: the mark is
    published from `marked_at` on."""

    status_index = BigInt(primary_key=True, default=None)
    marked_at = Timestamptz(null=True, default=None)


TABLES = (Device, DevicePlace)
PERSONAL = frozenset({"device"})
CONSTRAINTS = (
    # One key is one phone of one person, for good: a revoked key does not come back.
    "CREATE UNIQUE INDEX device_public_key ON device (public_key)",
    "CREATE INDEX device_account ON device (account_id, id DESC)",
    "CREATE UNIQUE INDEX device_status_index ON device (status_index)",
    "ALTER TABLE device ADD FOREIGN KEY (status_index) REFERENCES device_place (status_index)",
    "ALTER TABLE device ADD CHECK (octet_length(public_key) = 33)",
)
