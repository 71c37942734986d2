"""The reports that were drawn: figures of at least ten people each, nothing about one person."""

from piccolo.columns import JSONB, Text, Timestamptz
from piccolo.table import Table


class BenefitReport(Table, tablename="benefit_report"):
    """One month. Drawn once: what changes afterwards, changes no figure, and no two versions can be subtracted."""

    month = Text(primary_key=True, default=None)
    figures = JSONB(null=False, default=None)
    uptake = JSONB(null=False, default=None)
    drawn_at = Timestamptz(null=False, default=None)


TABLES = (BenefitReport,)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = ("ALTER TABLE benefit_report ADD CHECK (month ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$')",)
