"""The consent table."""

from piccolo.columns import UUID, Integer, Text, Timestamptz
from piccolo.table import Table


class Consent(Table, tablename="consent"):
    """One consent artefact, with the fields of India's Account Aggregator consent."""

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=False, default=None)
    kind = Text(null=False, default=None)
    text_version = Integer(null=False, default=None)
    starts_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    ended_at = Timestamptz(null=True, default=None)
    ended_because = Text(null=True, default=None)


TABLES = (Consent,)
PERSONAL = frozenset({"consent"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX consent_open ON consent (subject_id, kind) WHERE ended_at IS NULL",
    "CREATE INDEX consent_subject ON consent (subject_id, starts_at DESC)",
    "ALTER TABLE consent ADD CHECK (expires_at > starts_at AND expires_at <= starts_at + interval '366 days')",
    "ALTER TABLE consent ADD CHECK (kind IN ('compute', 'show'))",
)
