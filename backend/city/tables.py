"""Which synthetic city a database holds."""

from piccolo.columns import BigInt, Integer, Text, Timestamptz
from piccolo.table import Table


class SyntheticCity(Table, tablename="synthetic_city"):
    """The one row of the city; `building` until it is whole, so that a build that was cut off is begun anew."""

    id = Integer(primary_key=True, default=None)
    seed = BigInt(null=False, default=None)
    residents = Integer(null=False, default=None)
    state = Text(null=False, default=None)
    started_at = Timestamptz(null=False, default=None)


TABLES = (SyntheticCity,)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = ("ALTER TABLE synthetic_city ADD CHECK (id = 1)",)
