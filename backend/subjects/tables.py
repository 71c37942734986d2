"""The subject table: no name and no number, only an id and a keyed index."""

from piccolo.columns import UUID, Bytea, Text
from piccolo.table import Table


class Subject(Table, tablename="subject"):
    """One natural person, legal person or other organisation."""

    id = UUID(primary_key=True, default=None)
    kind = Text(null=False, default=None)
    identifier_index = Bytea(null=False, default=None)


TABLES = (Subject,)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = ("CREATE UNIQUE INDEX subject_identifier ON subject (identifier_index)",)
