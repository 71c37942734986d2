"""Commitments with the twenty fields of the national list, their history, and the serials of their codes."""

from piccolo.columns import JSONB, UUID, BigSerial, Date, Integer, Text, Timestamptz
from piccolo.table import Table

from backend.commitments.states import CommitmentState


class Commitment(Table, tablename="commitment"):
    """One commitment. `proposal` is a negative finding that waits for its second person."""

    id = UUID(primary_key=True, default=None)
    enterprise_id = UUID(null=False, default=None)
    code = Text(null=False, default=None)
    subject_name = Text(null=False, default=None)
    subject_category = Text(null=False, default=None)
    subject_code = Text(null=False, default=None)
    type = Text(null=False, default=None)
    reason = Text(null=False, default=None)
    content = Text(null=False, default=None)
    liability = Text(null=False, default=None)
    made_on = Date(null=False, default=None)
    valid_until = Date(null=False, default=None)
    performance = Text(null=True, default=None)
    unperformed = Text(null=True, default=None)
    sanction = Text(null=True, default=None)
    performance_on = Date(null=True, default=None)
    performance_unit = Text(null=True, default=None)
    performance_unit_code = Text(null=True, default=None)
    accepting_unit = Text(null=False, default=None)
    accepting_unit_code = Text(null=False, default=None)
    openness = Text(null=False, default=None)
    remark = Text(null=True, default=None)
    state = Text(null=False, default=None)
    rectify_by = Date(null=True, default=None)
    proposal = JSONB(null=True, default=None)
    proposed_by = UUID(null=True, default=None)


class CommitmentHistory(Table, tablename="commitment_history"):
    """One event of a commitment: who acted in which part, and with which evidence or reason."""

    id = BigSerial(primary_key=True)
    commitment_id = UUID(null=False, default=None)
    event = Text(null=False, default=None)
    before = Text(null=True, default=None)
    after = Text(null=False, default=None)
    actor_kind = Text(null=False, default=None)
    account_id = UUID(null=True, default=None)
    note = Text(null=True, default=None)
    evidence = Text(null=True, default=None)
    at = Timestamptz(null=False, default=None)


class CommitmentSerial(Table, tablename="commitment_serial"):
    """The last serial given in an area on a date."""

    area = Text(null=False, default=None)
    made_on = Date(null=False, default=None)
    last = Integer(null=False, default=None)


TABLES = (Commitment, CommitmentHistory, CommitmentSerial)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    "CREATE UNIQUE INDEX commitment_code ON commitment (code)",
    "CREATE INDEX commitment_enterprise ON commitment (enterprise_id, id DESC)",
    "CREATE INDEX commitment_published ON commitment (id DESC) WHERE openness = 'public'",
    "CREATE INDEX commitment_state ON commitment (state, id)",
    "ALTER TABLE commitment ADD CHECK (state IN (" + ", ".join(f"'{state}'" for state in CommitmentState) + "))",
    "ALTER TABLE commitment ADD CHECK (code ~ '^[0-9]{20}$')",
    "ALTER TABLE commitment ADD CHECK ((proposal IS NULL) = (proposed_by IS NULL))",
    # The national list demands what was not performed and the sanction unless all of it was performed.
    "ALTER TABLE commitment ADD CHECK "
    "(performance IS NULL OR performance = 'full' OR (unperformed IS NOT NULL AND sanction IS NOT NULL))",
    "ALTER TABLE commitment_history ADD FOREIGN KEY (commitment_id) REFERENCES commitment (id)",
    "CREATE INDEX commitment_history_commitment ON commitment_history (commitment_id, id)",
    "ALTER TABLE commitment_serial DROP COLUMN id",
    "ALTER TABLE commitment_serial ADD PRIMARY KEY (area, made_on)",
    "ALTER TABLE commitment_serial ADD CHECK (last BETWEEN 1 AND 999999)",
)
