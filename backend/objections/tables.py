"""Objections and their history. Both are about a person: nothing is read from them without an access row."""

from piccolo.columns import UUID, BigSerial, Boolean, Bytea, Date, SmallInt, Text, Timestamptz
from piccolo.table import Table

from backend.objections.states import FINAL, ObjectionState


class Objection(Table, tablename="objection"):
    """One objection. `term` and `excluded` are working days: the term to decide in, and what of it does not count.
    The statement is sealed: people write whatever they want into it."""

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    record_id = UUID(null=True, default=None)
    kind = Text(null=False, default=None)
    statement_sealed = Bytea(null=False, default=None)
    evidence = Text(null=True, default=None)
    state = Text(null=False, default=None)
    filed_at = Timestamptz(null=False, default=None)
    term = SmallInt(null=False, default=None)
    excluded = SmallInt(null=False, default=0)
    mark_by = Date(null=False, default=None)
    decide_by = Date(null=False, default=None)
    provisional = Boolean(null=False, default=False)
    help = Text(null=True, default=None)
    helper = Text(null=True, default=None)
    helped_since = Date(null=True, default=None)
    reply_by = Date(null=True, default=None)
    overdue = Boolean(null=False, default=False)
    reason = Text(null=True, default=None)
    proposed_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)


class ObjectionHistory(Table, tablename="objection_history"):
    """One event of an objection. `account_id` is the member of staff; the person sees the part only."""

    id = BigSerial(primary_key=True)
    objection_id = UUID(null=False, default=None)
    subject_id = UUID(null=False, default=None)
    event = Text(null=False, default=None)
    before = Text(null=True, default=None)
    after = Text(null=False, default=None)
    actor_kind = Text(null=False, default=None)
    account_id = UUID(null=True, default=None)
    note = Text(null=True, default=None)
    at = Timestamptz(null=False, default=None)


_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))

TABLES = (Objection, ObjectionHistory)
PERSONAL = frozenset({"objection", "objection_history"})
CONSTRAINTS = (
    f"CREATE UNIQUE INDEX objection_open ON objection (record_id) WHERE state NOT IN ({_FINAL})",
    "CREATE INDEX objection_subject ON objection (subject_id, id DESC)",
    f"CREATE INDEX objection_waiting ON objection (decide_by, id) WHERE state NOT IN ({_FINAL})",
    "ALTER TABLE objection ADD CHECK (state IN (" + ", ".join(f"'{state}'" for state in ObjectionState) + "))",
    f"ALTER TABLE objection ADD CHECK ((state IN ({_FINAL})) = (decided_at IS NOT NULL))",
    "ALTER TABLE objection ADD CHECK (state <> 'rejection-proposed' OR (proposed_by IS NOT NULL AND reason IS NOT NULL))",
    "ALTER TABLE objection_history ADD FOREIGN KEY (objection_id) REFERENCES objection (id) ON DELETE CASCADE",
    "CREATE INDEX objection_history_objection ON objection_history (objection_id, id)",
)
