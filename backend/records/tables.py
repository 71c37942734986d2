"""Sources, deliveries, records and their versions."""

from piccolo.columns import JSONB, UUID, Array, BigInt, BigSerial, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class Source(Table, tablename="source"):
    """A public body that delivers records 信源, and the catalogue items it may deliver."""

    id = UUID(primary_key=True, default=None)
    code = Text(null=False, default=None)
    name = Text(null=False, default=None)
    name_en = Text(null=False, default=None)
    items = Array(base_column=Text(), null=False, default=list)
    state = Text(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)


class Record(Table, tablename="record"):
    """One record in its present version; the whole row is sealed, what rules need stands in plain columns.

    `content_mark` is of what the source delivered last, also after a correction: so delivering it again changes nothing.
    """

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    subject_kind = Text(null=False, default=None)
    source_id = UUID(null=False, default=None)
    item = Text(null=False, default=None)
    record_key = Text(null=False, default=None)
    sequence = BigInt(null=False, default=None)
    occurred_on = Date(null=False, default=None)
    ends_on = Date(null=True, default=None)
    retained_until = Date(null=False, default=None)
    published_until = Date(null=True, default=None)
    grade = Text(null=True, default=None)
    amount = BigInt(null=True, default=None)
    state = Text(null=False, default=None)
    content_mark = Bytea(null=False, default=None)
    sealed = Bytea(null=False, default=None)
    received_at = Timestamptz(null=False, default=None)
    updated_at = Timestamptz(null=False, default=None)
    corrected_at = Timestamptz(null=True, default=None)


class RecordVersion(Table, tablename="record_version"):
    """How a record stood from `since` until `replaced_at` (not included): whatever changes a record leaves one, written by the
    database itself in the same statement, so that any past day can be told as it was known then. Its seal is bound to the
    record's own place. Plain columns are null in versions older than this history."""

    id = BigSerial(primary_key=True)
    record_id = UUID(null=False, default=None)
    subject_id = UUID(null=False, default=None)
    sequence = BigInt(null=False, default=None)
    state = Text(null=False, default=None)
    item = Text(null=True, default=None)
    occurred_on = Date(null=True, default=None)
    ends_on = Date(null=True, default=None)
    retained_until = Date(null=True, default=None)
    grade = Text(null=True, default=None)
    amount = BigInt(null=True, default=None)
    sealed = Bytea(null=False, default=None)
    since = Timestamptz(null=False, default=None)
    replaced_at = Timestamptz(null=False, default=None)
    because = Text(null=False, default=None)


class RecordStaging(Table, tablename="record_staging"):
    """Rows of a delivery on their way in; emptied by the transaction that fills it."""

    delivery_id = UUID(null=False, default=None)
    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    subject_kind = Text(null=False, default=None)
    item = Text(null=False, default=None)
    record_key = Text(null=False, default=None)
    sequence = BigInt(null=False, default=None)
    occurred_on = Date(null=False, default=None)
    ends_on = Date(null=True, default=None)
    retained_until = Date(null=False, default=None)
    published_until = Date(null=True, default=None)
    grade = Text(null=True, default=None)
    amount = BigInt(null=True, default=None)
    state = Text(null=False, default=None)
    content_mark = Bytea(null=False, default=None)
    sealed = Bytea(null=False, default=None)


class Delivery(Table, tablename="delivery"):
    """One delivery of a source and what became of its rows."""

    id = UUID(primary_key=True, default=None)
    source_id = UUID(null=False, default=None)
    reference = Text(null=False, default=None)
    received_at = Timestamptz(null=False, default=None)
    rows = Integer(null=False, default=None)
    accepted = Integer(null=False, default=None)
    replaced = Integer(null=False, default=None)
    unchanged = Integer(null=False, default=None)
    stale = Integer(null=False, default=None)
    returned = Integer(null=False, default=None)


class ReturnedRow(Table, tablename="returned_row"):
    """A row that went back to its source, with every reason. It names columns, never values."""

    delivery_id = UUID(null=False, default=None)
    row = BigInt(null=False, default=None)
    item = Text(null=False, default=None)
    record_key = Text(null=False, default=None)
    reasons = JSONB(null=False, default=None)


# One statement for any number of rows; `because` names the event, or the state that followed.
_KEEP_VERSIONS = (
    "CREATE FUNCTION keep_record_versions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO record_version (record_id, subject_id, sequence, state, item, occurred_on, ends_on, retained_until, grade, "
    "amount, sealed, since, replaced_at, because) "
    "SELECT earlier.id, earlier.subject_id, earlier.sequence, earlier.state, earlier.item, earlier.occurred_on, "
    "earlier.ends_on, earlier.retained_until, earlier.grade, earlier.amount, earlier.sealed, earlier.updated_at, "
    "later.updated_at, CASE WHEN later.corrected_at IS DISTINCT FROM earlier.corrected_at AND later.corrected_at IS NOT NULL "
    "THEN 'corrected' WHEN later.content_mark <> earlier.content_mark THEN 'delivered' ELSE later.state END "
    "FROM earlier JOIN later USING (id); RETURN NULL; END $$"
)

TABLES = (Source, Record, RecordVersion, RecordStaging, Delivery, ReturnedRow)
PERSONAL = frozenset({"record", "record_version"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX source_code ON source (code)",
    "CREATE UNIQUE INDEX record_key ON record (source_id, record_key)",
    "CREATE INDEX record_subject ON record (subject_id, occurred_on DESC, id)",
    "CREATE INDEX record_version_record ON record_version (record_id, id)",
    "CREATE INDEX record_version_subject ON record_version (subject_id, replaced_at)",
    _KEEP_VERSIONS,
    "CREATE TRIGGER record_keeps_versions AFTER UPDATE ON record REFERENCING OLD TABLE AS earlier NEW TABLE AS later "
    "FOR EACH STATEMENT EXECUTE FUNCTION keep_record_versions()",
    "ALTER TABLE record ADD FOREIGN KEY (source_id) REFERENCES source (id)",
    "ALTER TABLE record_version ADD FOREIGN KEY (record_id) REFERENCES record (id)",
    "ALTER TABLE record_staging SET UNLOGGED",
    "CREATE INDEX record_staging_delivery ON record_staging (delivery_id)",
    "ALTER TABLE delivery ADD FOREIGN KEY (source_id) REFERENCES source (id)",
    "CREATE INDEX delivery_source ON delivery (source_id, received_at DESC)",
    "ALTER TABLE returned_row DROP COLUMN id",
    'ALTER TABLE returned_row ADD PRIMARY KEY (delivery_id, "row")',
    "ALTER TABLE returned_row ADD FOREIGN KEY (delivery_id) REFERENCES delivery (id)",
)
