"""Display codes and their history: about enterprises, never about a person. A token is not kept: it is signed when it is shown."""

from collections.abc import Iterable

from piccolo.columns import JSONB, UUID, BigInt, BigSerial, Date, Text, Timestamptz
from piccolo.table import Table

from backend.displays.states import FINAL, PROPOSED, SHOWN, DisplayKind, DisplayState, EndedBy


class DisplayCode(Table, tablename="display_code"):
    """One code. `reason` belongs to a proposal or to its end. `status_index` is its place in the status list, null before it is
    live and after its last day, when the place is free again."""

    id = UUID(primary_key=True, default=None)
    enterprise_id = UUID(null=False, default=None)
    kind = Text(null=False, default=None)
    sector = Text(null=True, default=None)
    commitment_id = UUID(null=True, default=None)
    product = JSONB(null=True, default=None)
    state = Text(null=False, default=None)
    made_at = Timestamptz(null=False, default=None)
    issued_on = Date(null=True, default=None)
    valid_until = Date(null=True, default=None)
    status_index = BigInt(null=True, default=None)
    reason = Text(null=True, default=None)
    proposed_by = UUID(null=True, default=None)
    decided_by = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    ended_by = Text(null=True, default=None)


class DisplayCodeHistory(Table, tablename="display_code_history"):
    """One event of a display code: who acted in which part, and with which reason."""

    id = BigSerial(primary_key=True)
    code_id = UUID(null=False, default=None)
    event = Text(null=False, default=None)
    before = Text(null=True, default=None)
    after = Text(null=False, default=None)
    actor_kind = Text(null=False, default=None)
    account_id = UUID(null=True, default=None)
    note = Text(null=True, default=None)
    at = Timestamptz(null=False, default=None)


def _among(values: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in sorted(values)) + ")"


_OPEN = _among(set(DisplayState) - FINAL)

TABLES = (DisplayCode, DisplayCodeHistory)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    "CREATE UNIQUE INDEX display_code_status_index ON display_code (status_index)",
    # One at a time: of an enterprise, of it in a sector, of one batch of its product.
    f"CREATE UNIQUE INDEX display_code_of_enterprise ON display_code (enterprise_id) WHERE kind = 'enterprise' AND state IN {_OPEN}",
    f"CREATE UNIQUE INDEX display_code_of_sector ON display_code (enterprise_id, sector) WHERE kind = 'sector' AND state IN {_OPEN}",
    "CREATE UNIQUE INDEX display_code_of_product ON display_code (enterprise_id, (product->>'name'), (product->>'batch')) "
    f"WHERE kind = 'product' AND state IN {_OPEN}",
    "CREATE INDEX display_code_enterprise ON display_code (enterprise_id, id DESC)",
    "CREATE INDEX display_code_state ON display_code (state, id)",
    "CREATE INDEX display_code_revoked ON display_code (status_index) WHERE state = 'revoked'",
    f"ALTER TABLE display_code ADD CHECK (kind IN {_among(DisplayKind)})",
    f"ALTER TABLE display_code ADD CHECK (state IN {_among(DisplayState)})",
    "ALTER TABLE display_code ADD CHECK ((kind = 'sector') = (sector IS NOT NULL AND commitment_id IS NOT NULL))",
    "ALTER TABLE display_code ADD CHECK ((kind = 'product') = (product IS NOT NULL))",
    f"ALTER TABLE display_code ADD CHECK (state NOT IN {_among(SHOWN)} OR (issued_on IS NOT NULL AND status_index IS NOT NULL))",
    "ALTER TABLE display_code ADD CHECK ((issued_on IS NULL) = (valid_until IS NULL))",
    "ALTER TABLE display_code ADD CHECK (valid_until BETWEEN issued_on AND issued_on + 731)",
    f"ALTER TABLE display_code ADD CHECK (state NOT IN {_among(PROPOSED)} OR (proposed_by IS NOT NULL AND reason IS NOT NULL))",
    f"ALTER TABLE display_code ADD CHECK ((state IN {_among(FINAL)}) = (ended_at IS NOT NULL AND ended_by IS NOT NULL))",
    f"ALTER TABLE display_code ADD CHECK (ended_by IN {_among(EndedBy)})",
    # Nothing against an enterprise by one officer alone.
    "ALTER TABLE display_code ADD CHECK "
    "(ended_by <> 'officers' OR (proposed_by IS NOT NULL AND decided_by IS NOT NULL AND decided_by <> proposed_by))",
    "ALTER TABLE display_code_history ADD FOREIGN KEY (code_id) REFERENCES display_code (id)",
    "CREATE INDEX display_code_history_code ON display_code_history (code_id, id)",
)
