"""An adapter of the conformance kit around this library, and the example for one around yours.

    xinyi partner conformance -- python -m partners.sdk.conformance_adapter

Reads one instruction from standard input, does what it says with the integration under test, and writes one verdict to standard
output (docs/partners.md, section 14). An adapter only translates: what it decides itself is not tested.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec

from partners.codes.ic3 import NO_CHALLENGE
from partners.sdk import (
    AnswerNotTrusted,
    OfflineBenefit,
    OfflineStore,
    OfflineTill,
    OutcomeUnknown,
    PartnerClient,
    ServerProblem,
    load_signing_key,
)
from partners.sdk.conformance.contract import (
    Instruction,
    OfflineCheck,
    OnlineInstruction,
    Redeem,
    Till,
    Verdict,
    Verify,
)


def respond(instruction: Instruction) -> Verdict:
    """The verdict of this library on one instruction."""
    if isinstance(instruction, OfflineCheck):
        return Verdict(outcome="judged", judged=tuple(_judged(instruction, till) for till in instruction.tills))
    try:
        return _done(instruction)
    except ServerProblem as problem:
        return Verdict(outcome="problem", code=problem.code)
    except AnswerNotTrusted:
        return Verdict(outcome="refused")
    except OutcomeUnknown:
        return Verdict(outcome="unknown")


def _done(instruction: OnlineInstruction) -> Verdict:
    client = PartnerClient(instruction.url, load_signing_key(Path(instruction.key_file).read_bytes()))
    amount_fen, partner_ref = instruction.amount_fen, instruction.partner_ref
    if isinstance(instruction, Verify):
        verification = client.verify(
            instruction.code,
            instruction.benefit,
            terminal=instruction.terminal,
            partner_ref=partner_ref,
            amount_fen=amount_fen,
        )
        return Verdict(outcome=verification.result, id=str(verification.verification_id))
    if isinstance(instruction, Redeem):
        redemption = client.redeem(UUID(instruction.verification_id), partner_ref=partner_ref, amount_fen=amount_fen)
        return Verdict(outcome="done", id=str(redemption.redemption_id))
    reversal = client.reverse(UUID(instruction.redemption_id), partner_ref=partner_ref, amount_fen=amount_fen)
    return Verdict(outcome="done", id=str(reversal.reversal_id))


def _judged(instruction: OfflineCheck, till: Till) -> tuple[str, ...]:
    """One till, from an empty file: it fetches at `fetched_at`, then its clock goes on from scan to scan."""
    clock = till.fetched_at
    with TemporaryDirectory() as folder:
        store = OfflineStore(Path(folder) / "till.db")
        judge = OfflineTill(store, instruction.status_list_url, now=lambda: clock)
        judge.install_keys(msgspec.json.encode(till.jwks))
        judge.install_status_list(till.status_list)
        judge.install_benefits(
            OfflineBenefit(each.number, each.id, each.lifetime_seconds) for each in instruction.benefits
        )
        outcomes = []
        for scan in till.scans:
            clock = scan.now
            challenge = NO_CHALLENGE if scan.challenge is None else bytes.fromhex(scan.challenge)
            outcomes.append(judge.verify(scan.code, scan.benefit, challenge).outcome.value)
        store.close()
    return tuple(outcomes)


def main() -> None:
    """One instruction, one verdict."""
    instruction = msgspec.json.decode(sys.stdin.buffer.read(), type=Instruction)
    sys.stdout.buffer.write(msgspec.json.encode(respond(instruction)))


if __name__ == "__main__":
    main()
