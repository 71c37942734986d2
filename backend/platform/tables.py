"""Tables of the platform: the access log, keys, idempotency, due work, scheduled runs and ended sessions."""

from piccolo.columns import JSONB, UUID, Array, BigInt, BigSerial, Bytea, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class AccessEntry(Table, tablename="access_entry"):
    """One read of one subject's data. Written by the data layer only (`Connection.read`)."""

    id = BigSerial(primary_key=True)
    subject_id = UUID(null=False, default=None)
    at = Timestamptz(null=False, default=None)
    actor_kind = Text(null=False, default=None)
    actor = Text(null=False, default=None)
    actor_name = Text(null=False, default=None)
    action = Text(null=False, default=None)
    purpose = Text(null=False, default=None)
    ground = Text(null=False, default=None)
    fields = Array(base_column=Text(), null=False, default=list)
    outcome = Text(null=False, default=None)
    request_id = Text(null=False, default="")


class SigningKey(Table, tablename="signing_key"):
    """One of our own keys, its private part sealed under the master key (protocol, section 3)."""

    kid = Text(primary_key=True)
    purpose = Text(null=False, default=None)
    algorithm = Text(null=False, default=None)
    slot = SmallInt(null=True, default=None)
    sealed = Bytea(null=False, default=None)
    state = Text(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    active_at = Timestamptz(null=False, default=None)
    retiring_at = Timestamptz(null=True, default=None)


class SignerKey(Table, tablename="signer_key"):
    """A public key of someone who signs requests to us: a partner or a source. `status_index` is a partner key's place in the status
    list, null once it is free again."""

    kid = Text(primary_key=True)
    owner_kind = Text(null=False, default=None)
    owner_id = UUID(null=False, default=None)
    algorithm = Text(null=False, default=None)
    public_key = JSONB(null=False, default=None)
    state = Text(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    status_index = BigInt(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class SavedAnswer(Table, tablename="saved_answer"):
    """The answer to a request with an Idempotency-Key, kept 72 hours (protocol, section 2)."""

    scope = Text(null=False, default=None)
    key = Text(null=False, default=None)
    fingerprint = Bytea(null=False, default=None)
    status = Integer(null=True, default=None)
    body = Bytea(null=True, default=None)
    created_at = Timestamptz(null=False, default=None)


class DueWork(Table, tablename="due_work"):
    """Something that must be looked at on or after an instant; one row for each topic and key."""

    topic = Text(null=False, default=None)
    key = UUID(null=False, default=None)
    due_at = Timestamptz(null=False, default=None)
    attempts = Integer(null=False, default=0)


class ScheduledRun(Table, tablename="scheduled_run"):
    """One run of a periodic job, claimed by one process."""

    job = Text(null=False, default=None)
    slot = BigInt(null=False, default=None)
    started_at = Timestamptz(null=False, default=None)
    finished_at = Timestamptz(null=True, default=None)


TABLES = (AccessEntry, SigningKey, SignerKey, SavedAnswer, DueWork, ScheduledRun)

PERSONAL = frozenset({"access_entry"})

CONSTRAINTS = (
    "CREATE INDEX access_entry_subject ON access_entry (subject_id, id DESC)",
    "ALTER TABLE saved_answer DROP COLUMN id",
    "ALTER TABLE saved_answer ADD PRIMARY KEY (scope, key)",
    "CREATE INDEX saved_answer_created ON saved_answer (created_at)",
    "ALTER TABLE due_work DROP COLUMN id",
    "ALTER TABLE due_work ADD PRIMARY KEY (topic, key)",
    "CREATE INDEX due_work_due ON due_work (topic, due_at)",
    "ALTER TABLE scheduled_run DROP COLUMN id",
    "ALTER TABLE scheduled_run ADD PRIMARY KEY (job, slot)",
    "CREATE UNIQUE INDEX signer_key_status_index ON signer_key (status_index)",
    "CREATE INDEX signer_key_owner ON signer_key (owner_kind, owner_id)",
    "CREATE UNIQUE INDEX signing_key_slot ON signing_key (purpose, slot) WHERE slot IS NOT NULL",
    "ALTER TABLE signing_key ADD CHECK ((purpose IN ('ticket', 'pseudonym')) = (algorithm = 'HS256'))",
    "ALTER TABLE signing_key ADD CHECK ((purpose IN ('ticket', 'attestation', 'display')) = (slot IS NOT NULL AND slot BETWEEN 0 AND 15))",
)
