"""Complaints, which are about the person who made them, and their history, which says what happened and nothing about anybody."""

from piccolo.columns import UUID, BigSerial, Boolean, Bytea, Date, Text, Timestamptz
from piccolo.table import Table

from backend.complaints.states import FINAL, ComplaintState


class Complaint(Table, tablename="complaint"):
    """One complaint. `number` is random and all that the partner has of it; the words and the answer are sealed, the substance is what an
    officer wrote for the partner. The person's id, words and answer go when they leave."""

    id = UUID(primary_key=True, default=None)
    number = UUID(null=False, default=None)
    subject_id = UUID(null=True, default=None)
    partner_id = UUID(null=False, default=None)
    verification_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    about = Text(null=False, default=None)
    words_sealed = Bytea(null=True, default=None)
    state = Text(null=False, default=None)
    filed_at = Timestamptz(null=False, default=None)
    due_day = Date(null=True, default=None)
    accepted_on = Date(null=True, default=None)
    provisional = Boolean(null=False, default=False)
    overdue = Boolean(null=False, default=False)
    substance = Text(null=True, default=None)
    passed_on = Date(null=True, default=None)
    partner_reply = Text(null=True, default=None)
    reason = Text(null=True, default=None)
    proposed_by = UUID(null=True, default=None)
    answer_sealed = Bytea(null=True, default=None)
    closed_at = Timestamptz(null=True, default=None)


class ComplaintHistory(Table, tablename="complaint_history"):
    """One event of a complaint. `account_id` is the member of staff; the person sees the part only."""

    id = BigSerial(primary_key=True)
    complaint_id = UUID(null=False, default=None)
    event = Text(null=False, default=None)
    before = Text(null=True, default=None)
    after = Text(null=False, default=None)
    actor_kind = Text(null=False, default=None)
    account_id = UUID(null=True, default=None)
    at = Timestamptz(null=False, default=None)


_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))

TABLES = (Complaint, ComplaintHistory)
PERSONAL = frozenset({"complaint"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX complaint_number ON complaint (number)",
    f"CREATE UNIQUE INDEX complaint_open ON complaint (verification_id) WHERE state NOT IN ({_FINAL})",
    "CREATE INDEX complaint_subject ON complaint (subject_id, id DESC)",
    "CREATE INDEX complaint_partner ON complaint (partner_id, passed_on, number)",
    f"CREATE INDEX complaint_waiting ON complaint (due_day, id) WHERE state NOT IN ({_FINAL})",
    "ALTER TABLE complaint ADD CHECK (state IN (" + ", ".join(f"'{state}'" for state in ComplaintState) + "))",
    f"ALTER TABLE complaint ADD CHECK ((state IN ({_FINAL})) = (closed_at IS NOT NULL))",
    f"ALTER TABLE complaint ADD CHECK ((state IN ({_FINAL})) = (due_day IS NULL))",
    "ALTER TABLE complaint ADD CHECK (state <> 'refusal-proposed' OR (proposed_by IS NOT NULL AND reason IS NOT NULL))",
    "ALTER TABLE complaint ADD CHECK ((substance IS NULL) = (passed_on IS NULL))",
    "ALTER TABLE complaint_history ADD FOREIGN KEY (complaint_id) REFERENCES complaint (id)",
    "CREATE INDEX complaint_history_complaint ON complaint_history (complaint_id, id)",
)
