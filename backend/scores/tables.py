"""The present score of a subject with its explanation, every score it had before, and how reconciling them went."""

from piccolo.columns import JSONB, UUID, Array, BigSerial, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Score(Table, tablename="score"):
    """One subject's score: base + lines = millipoints. Gone as soon as the consent to compute it is."""

    subject_id = UUID(primary_key=True, default=None)
    rule_set = Text(null=False, default=None)
    version = Text(null=False, default=None)
    millipoints = Integer(null=False, default=None)
    level_rank = SmallInt(null=False, default=None)
    lines = JSONB(null=False, default=None)
    not_counted = JSONB(null=False, default=None)
    held = JSONB(null=False, default=[])
    as_of = Date(null=False, default=None)
    next_change_on = Date(null=True, default=None)
    computed_at = Timestamptz(null=False, default=None)


class ScoreChange(Table, tablename="score_change"):
    """One change of a score: from (null at first) and to, in millipoints."""

    id = BigSerial(primary_key=True)
    subject_id = UUID(null=False, default=None)
    at = Timestamptz(null=False, default=None)
    rule_set = Text(null=False, default=None)
    version = Text(null=False, default=None)
    before = Integer(null=True, default=None)
    after = Integer(null=False, default=None)
    level_rank = SmallInt(null=False, default=None)


class ScoreReconciliation(Table, tablename="score_reconciliation"):
    """One reconciliation of all stored scores with the records; `subjects` are up to 100 that differ, ids and nothing else."""

    id = BigSerial(primary_key=True)
    started_at = Timestamptz(null=False, default=None)
    finished_at = Timestamptz(null=False, default=None)
    checked = Integer(null=False, default=None)
    waiting = Integer(null=False, default=None)
    differences = Integer(null=False, default=None)
    subjects = Array(base_column=UUID(), null=False, default=list)


TABLES = (Score, ScoreChange, ScoreReconciliation)
PERSONAL = frozenset({"score", "score_change"})
CONSTRAINTS = ("CREATE INDEX score_change_subject ON score_change (subject_id, id DESC)",)
