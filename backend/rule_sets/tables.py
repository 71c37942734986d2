"""Versions of rule sets with their source text, and their history. Nothing here is about a person who is scored."""

from piccolo.columns import UUID, BigSerial, Bytea, Date, Text, Timestamptz
from piccolo.table import Table

from backend.rule_sets.states import LIVE, STANDING, VersionState


class RuleSetVersion(Table, tablename="rule_set_version"):
    """One version. The source is kept as it was proposed, byte for byte; `digest` is its SHA-256 in hexadecimal. `rule_set`,
    `version`, `subject` and `effective_from` are what the source says. The accounts are those of members of staff."""

    id = UUID(primary_key=True, default=None)
    rule_set = Text(null=False, default=None)
    version = Text(null=False, default=None)
    subject = Text(null=False, default=None)
    effective_from = Date(null=False, default=None)
    source = Bytea(null=False, default=None)
    digest = Text(null=False, default=None)
    state = Text(null=False, default=None)
    proposed_by = UUID(null=False, default=None)
    proposed_at = Timestamptz(null=False, default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    revocation_by = UUID(null=True, default=None)
    revoked_by = UUID(null=True, default=None)


class RuleSetHistory(Table, tablename="rule_set_history"):
    """One event of a version: which member of staff, when, and why."""

    id = BigSerial(primary_key=True)
    version_id = UUID(null=False, default=None)
    event = Text(null=False, default=None)
    before = Text(null=True, default=None)
    after = Text(null=False, default=None)
    account_id = UUID(null=False, default=None)
    note = Text(null=True, default=None)
    at = Timestamptz(null=False, default=None)


def _among(states: frozenset[VersionState]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in sorted(states)) + ")"


TABLES = (RuleSetVersion, RuleSetHistory)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    f"CREATE UNIQUE INDEX rule_set_version_live ON rule_set_version (rule_set, version) WHERE {_among(LIVE)}",
    f"CREATE UNIQUE INDEX rule_set_version_start ON rule_set_version (rule_set, effective_from) WHERE {_among(STANDING)}",
    f"ALTER TABLE rule_set_version ADD CHECK ({_among(frozenset(VersionState))})",
    "ALTER TABLE rule_set_version ADD CHECK (digest = encode(sha256(source), 'hex'))",
    "ALTER TABLE rule_set_version ADD CHECK ((state = 'proposed') = (decided_by IS NULL))",
    "ALTER TABLE rule_set_version ADD CHECK (state IN ('proposed', 'withdrawn') OR decided_by <> proposed_by)",
    "ALTER TABLE rule_set_version ADD CHECK ((state IN ('revocation-proposed', 'revoked')) = (revocation_by IS NOT NULL))",
    "ALTER TABLE rule_set_version ADD CHECK ((state = 'revoked') = (revoked_by IS NOT NULL) AND revoked_by <> revocation_by)",
    "ALTER TABLE rule_set_history ADD FOREIGN KEY (version_id) REFERENCES rule_set_version (id)",
    "CREATE INDEX rule_set_history_version ON rule_set_history (version_id, id)",
)
