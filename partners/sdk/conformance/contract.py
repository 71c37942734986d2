"""The contract between the kit and an adapter, version 1: one JSON object in, one JSON object out.

The kit starts the adapter's command once for each scene, writes an instruction to its standard input and reads a verdict from
its standard output (docs/partners.md, section 14). Members may be added within a version: both sides pass over what they
do not know. Bytes are hexadecimal, instants Unix seconds, amounts fen.
"""

from typing import Any, Literal

import msgspec

CONTRACT = 1


class _Online(msgspec.Struct, frozen=True, kw_only=True, tag_field="act"):
    """What every online act is told: where the platform is, and with which throw-away key to sign."""

    contract: int
    url: str
    key_file: str
    key_id: str
    partner_id: str


class Verify(_Online, frozen=True, kw_only=True, tag="verify"):
    """核验: ask about this code, and say what the till is to do."""

    code: str
    benefit: str
    terminal: str
    partner_ref: str
    amount_fen: int

    def body(self) -> dict[str, Any]:
        """The members of the request."""
        members = ("code", "benefit", "terminal", "partner_ref", "amount_fen")
        return {member: getattr(self, member) for member in members}


class Redeem(_Online, frozen=True, kw_only=True, tag="redeem"):
    """核销: redeem this verification once."""

    verification_id: str
    partner_ref: str
    amount_fen: int

    def body(self) -> dict[str, Any]:
        """The members of the request."""
        return {member: getattr(self, member) for member in ("verification_id", "partner_ref", "amount_fen")}


class Reverse(_Online, frozen=True, kw_only=True, tag="reverse"):
    """冲正: take back so much of this redemption."""

    redemption_id: str
    partner_ref: str
    amount_fen: int

    def body(self) -> dict[str, Any]:
        """The members of the request; the redemption stands in the path."""
        return {member: getattr(self, member) for member in ("partner_ref", "amount_fen")}


class Benefit(msgspec.Struct, frozen=True):
    """A benefit that the till gives offline: its number in codes, and how long a pass for it lives."""

    id: str
    number: int
    lifetime_seconds: int


class Scan(msgspec.Struct, frozen=True):
    """One scanned text, for a benefit, at an instant; `challenge` is what the till showed the phone, if it did."""

    code: str
    benefit: str
    now: int
    challenge: str | None = None


class Till(msgspec.Struct, frozen=True):
    """A till that knows nothing but what it fetched at `fetched_at`: key set and status list; its scans come in this order."""

    fetched_at: int
    jwks: dict[str, Any]
    status_list: str
    scans: tuple[Scan, ...]


class OfflineCheck(msgspec.Struct, frozen=True, kw_only=True, tag_field="act", tag="offline-check"):
    """离线核验: judge every scan of every till, without a network and by the instants given, not by the machine's clock."""

    contract: int
    status_list_url: str
    benefits: tuple[Benefit, ...]
    tills: tuple[Till, ...]


OnlineInstruction = Verify | Redeem | Reverse
Instruction = OnlineInstruction | OfflineCheck

Outcome = Literal[
    "eligible", "declined", "done", "problem", "refused", "unknown", "pending", "judged", "unsupported"
]  # fmt: skip


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the integration would do.

    outcome: `eligible`, `declined` of a verification; `done` of a redemption or reversal; `problem`, the platform refused and
    signed it, `code` says what; `refused`, the answer is not believed and nothing is done; `unknown`, no final answer came;
    `pending`, the holder has not confirmed yet; `judged`, of offline scans; `unsupported`, this integration has no such act.
    id: of the verification, redemption or reversal. judged: for each till the outcome of each scan (docs/protocol.md, section 8).
    """

    outcome: Outcome
    id: str | None = None
    code: str | None = None
    judged: tuple[tuple[str, ...], ...] | None = None
