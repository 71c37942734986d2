"""What is dry: codes of personas, their verifications and redemptions, for a day; and how far a sandbox's clock is ahead.

No person is in any of it, and nothing of it is counted anywhere.
"""

from piccolo.columns import JSONB, UUID, BigInt, Bytea, Text, Timestamptz
from piccolo.table import Table


class SandboxClock(Table, tablename="sandbox_clock"):
    """How many seconds the clock of a sandbox is ahead of the platform's."""

    sandbox_id = UUID(primary_key=True, default=None)
    ahead_seconds = BigInt(null=False, default=None)


class SandboxCode(Table, tablename="sandbox_code"):
    """A code of a persona: works once, in the sandbox it was made in. `handle` is its digits' beginning."""

    id = Bytea(primary_key=True, default=None)
    sandbox_id = UUID(null=False, default=None)
    persona = Text(null=False, default=None)
    handle = BigInt(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    used_at = Timestamptz(null=True, default=None)


class SandboxVerification(Table, tablename="sandbox_verification"):
    """A dry verification. `answer` is the whole answer, told from `settles_at` on: till then the persona's phone is asked.

    Instants are those of the sandbox's own clock, but for `created_at`.
    """

    id = UUID(primary_key=True, default=None)
    sandbox_id = UUID(null=False, default=None)
    persona = Text(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    benefit_version = BigInt(null=False, default=None)
    result = Text(null=False, default=None)
    amount_fen = BigInt(null=True, default=None)
    answer = JSONB(null=False, default=None)
    state = Text(null=False, default=None)
    settles_at = Timestamptz(null=False, default=None)
    confirm_by = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)


class SandboxRedemption(Table, tablename="sandbox_redemption"):
    """A dry redemption, and how much of it was taken back."""

    id = UUID(primary_key=True, default=None)
    sandbox_id = UUID(null=False, default=None)
    verification_id = UUID(null=False, default=None)
    benefit_id = Text(null=False, default=None)
    amount_fen = BigInt(null=False, default=None)
    reversed_fen = BigInt(null=False, default=0)
    state = Text(null=False, default=None)
    partner_ref = Text(null=False, default=None)
    idempotency_key = Text(null=False, default=None)
    receipt = Text(null=False, default=None)
    redeemed_at = Timestamptz(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)


TABLES = (SandboxClock, SandboxCode, SandboxVerification, SandboxRedemption)
PERSONAL: frozenset[str] = frozenset()
CONSTRAINTS = (
    "CREATE UNIQUE INDEX sandbox_code_handle ON sandbox_code (sandbox_id, handle)",
    "CREATE INDEX sandbox_code_created ON sandbox_code (created_at)",
    "CREATE INDEX sandbox_verification_sandbox ON sandbox_verification (sandbox_id)",
    "CREATE INDEX sandbox_verification_created ON sandbox_verification (created_at)",
    "CREATE UNIQUE INDEX sandbox_redemption_key ON sandbox_redemption (sandbox_id, idempotency_key)",
    "CREATE UNIQUE INDEX sandbox_redemption_verification ON sandbox_redemption (verification_id)",
    "ALTER TABLE sandbox_redemption ADD FOREIGN KEY (verification_id) REFERENCES sandbox_verification (id) ON DELETE CASCADE",
)
