"""Passes, the uses that were settled, and risk cases."""

from piccolo.columns import UUID, BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from backend.passes.states import FINAL, RiskState


class OfflinePass(Table, tablename="offline_pass"):
    """One attestation, good for one use, which `use` names. Account, subject, device, key and attestation are null once its
    holder has left: the place in the status list stays marked and is nobody's. `status_index` is null once the pass has
    ended and its place is free. `revoked_at` counts wherever the platform judges; the mark is published from `marked_at` on."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(null=True, default=None)
    subject_id = UUID(null=True, default=None)
    device_id = UUID(null=True, default=None)
    benefit_id = Text(null=False, default=None)
    benefit_version = Integer(null=False, default=None)
    use = Bytea(null=False, default=None)
    device_key = Bytea(null=True, default=None)
    attestation = Bytea(null=True, default=None)
    status_index = BigInt(null=True, default=None)
    issued_at = Timestamptz(null=False, default=None)
    ends_at = Timestamptz(null=False, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    marked_at = Timestamptz(null=True, default=None)


class OfflineUse(Table, tablename="offline_use"):
    """A use that was settled: writing the row is the settling. It says nothing of whose it was."""

    use = Bytea(primary_key=True, default=None)
    partner_id = UUID(null=False, default=None)
    terminal = Text(null=False, default=None)
    partner_ref = Text(null=False, default=None)
    accepted_at = Timestamptz(null=False, default=None)
    redemption_id = UUID(null=False, default=None)
    settled_at = Timestamptz(null=False, default=None)


class RiskCase(Table, tablename="risk_case"):
    """A pass that was accepted twice: by whom and when. It stops the offline passes of one device, and says nothing against
    anybody until two persons have decided."""

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(null=True, default=None)
    device_id = UUID(null=True, default=None)
    benefit_id = Text(null=False, default=None)
    use = Bytea(null=False, default=None)
    first_partner_id = UUID(null=False, default=None)
    first_terminal = Text(null=False, default=None)
    first_accepted_at = Timestamptz(null=False, default=None)
    second_partner_id = UUID(null=False, default=None)
    second_terminal = Text(null=False, default=None)
    second_accepted_at = Timestamptz(null=False, default=None)
    state = Text(null=False, default=None)
    reason = Text(null=True, default=None)
    proposed_by = UUID(null=True, default=None)
    decided_by = UUID(null=True, default=None)
    opened_at = Timestamptz(null=False, default=None)
    decided_at = Timestamptz(null=True, default=None)


_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))

TABLES = (OfflinePass, OfflineUse, RiskCase)
PERSONAL = frozenset({"offline_pass", "risk_case"})
CONSTRAINTS = (
    "CREATE UNIQUE INDEX offline_pass_use ON offline_pass (use)",
    # Two passes with one key would be one person's for everybody who sees both.
    "CREATE UNIQUE INDEX offline_pass_device_key ON offline_pass (device_key)",
    "CREATE UNIQUE INDEX offline_pass_status_index ON offline_pass (status_index)",
    "CREATE INDEX offline_pass_subject ON offline_pass (subject_id, id DESC)",
    "CREATE INDEX offline_pass_device ON offline_pass (device_id)",
    "CREATE INDEX offline_pass_ends ON offline_pass (ends_at)",
    "CREATE INDEX offline_pass_revoked ON offline_pass (status_index) WHERE revoked_at IS NOT NULL",
    "ALTER TABLE offline_pass ADD CHECK (octet_length(use) = 32 AND octet_length(device_key) = 33)",
    "ALTER TABLE offline_pass ADD CHECK (octet_length(attestation) = 109)",
    "ALTER TABLE offline_pass ADD CHECK (subject_id IS NOT NULL OR revoked_at IS NOT NULL)",
    "CREATE UNIQUE INDEX offline_use_redemption ON offline_use (redemption_id)",
    "CREATE UNIQUE INDEX risk_case_use ON risk_case (use)",
    "CREATE INDEX risk_case_device ON risk_case (device_id)",
    "CREATE INDEX risk_case_subject ON risk_case (subject_id)",
    f"CREATE INDEX risk_case_waiting ON risk_case (id) WHERE state NOT IN ({_FINAL})",
    "ALTER TABLE risk_case ADD CHECK (state IN (" + ", ".join(f"'{state}'" for state in RiskState) + "))",
    f"ALTER TABLE risk_case ADD CHECK ((state IN ({_FINAL})) = (decided_by IS NOT NULL AND decided_at IS NOT NULL))",
    "ALTER TABLE risk_case ADD CHECK (state = 'open' OR (proposed_by IS NOT NULL AND reason IS NOT NULL))",
    "ALTER TABLE risk_case ADD CHECK (decided_by IS NULL OR decided_by <> proposed_by)",
)
