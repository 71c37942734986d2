"""The counter codes, and what residents did with them."""

from piccolo.columns import JSONB, UUID, BigInt, Text, Timestamptz
from piccolo.table import Table


class CounterCode(Table, tablename="counter_code"):
    """A printed sign: one store, one benefit. `token` is 16 random bytes in base64url; taken down for good."""

    id = UUID(primary_key=True, default=None)
    token = Text(null=False, default=None)
    partner_id = UUID(null=False, default=None)
    store_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    made_at = Timestamptz(null=False, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class CounterUse(Table, tablename="counter_use"):
    """A resident's signed wish to be served, made once: `id` is the phone's own. `shown_as` stands on both screens.

    Without a verification it was a no, of which the partner was told nothing.
    """

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    counter_id = UUID(null=False, default=None)
    verification_id = UUID(null=True, default=None)
    device_id = UUID(null=False, default=None)
    created = BigInt(null=False, default=None)
    signature = Text(null=False, default=None)
    shown_as = Text(null=False, default=None)
    answer = JSONB(null=True, default=None)
    used_at = Timestamptz(null=False, default=None)


TABLES = (CounterCode, CounterUse)
PERSONAL = frozenset({"counter_use"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX counter_code_token ON counter_code (token)",
    # A store shows one sign for a benefit; asking again gives the one that hangs there.
    "CREATE UNIQUE INDEX counter_code_live ON counter_code (store_id, benefit_id) WHERE revoked_at IS NULL",
    "CREATE INDEX counter_code_partner ON counter_code (partner_id, id)",
    "CREATE UNIQUE INDEX counter_use_verification ON counter_use (verification_id)",
    "CREATE INDEX counter_use_recent ON counter_use (counter_id, used_at) WHERE verification_id IS NOT NULL",
    "CREATE INDEX counter_use_subject ON counter_use (subject_id)",
    "ALTER TABLE counter_use ADD FOREIGN KEY (counter_id) REFERENCES counter_code (id)",
)
