"""The declaration table: about an enterprise, never about a person."""

from piccolo.columns import UUID, Date, Text, Timestamptz
from piccolo.table import Table


class Declaration(Table, tablename="declaration"):
    """One self-declared statement with its evidence, good until the end of `valid_until`."""

    id = UUID(primary_key=True, default=None)
    enterprise_id = UUID(null=False, default=None)
    kind = Text(null=False, default=None)
    content = Text(null=False, default=None)
    evidence = Text(null=False, default=None)
    valid_until = Date(null=False, default=None)
    state = Text(null=False, default=None)
    declared_at = Timestamptz(null=False, default=None)
    ended_at = Timestamptz(null=True, default=None)


TABLES = (Declaration,)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    "CREATE INDEX declaration_enterprise ON declaration (enterprise_id, id DESC)",
    "ALTER TABLE declaration ADD CHECK (state IN ('declared', 'withdrawn', 'expired'))",
    "ALTER TABLE declaration ADD CHECK ((state = 'declared') = (ended_at IS NULL))",
)
