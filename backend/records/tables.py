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
    """A version that a later one, or a correction, replaced. Its seal is bound to the record's own place."""

    id = BigSerial(primary_key=True)
    record_id = UUID(null=False, default=None)
    subject_id = UUID(null=False, default=None)
    sequence = BigInt(null=False, default=None)
    state = Text(null=False, default=None)
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


TABLES = (Source, Record, RecordVersion, RecordStaging, Delivery, ReturnedRow)
PERSONAL = frozenset({"record", "record_version"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX source_code ON source (code)",
    "CREATE UNIQUE INDEX record_key ON record (source_id, record_key)",
    "CREATE INDEX record_subject ON record (subject_id, occurred_on DESC, id)",
    "CREATE INDEX record_version_record ON record_version (record_id, id)",
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
