"""Runs the cases against an adapter, and reports."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from partners.sdk.conformance import offline, online
from partners.sdk.conformance.adapters import Adapter, AdapterFailed
from partners.sdk.conformance.answers import AMOUNT_FEN, BENEFIT, REDEMPTIONS, VERIFICATIONS
from partners.sdk.conformance.checks import Record
from partners.sdk.conformance.contract import CONTRACT, OnlineInstruction, Redeem, Reverse, Verify
from partners.sdk.conformance.form import Caller, Expected
from partners.sdk.conformance.offline import OfflineCase
from partners.sdk.conformance.online import SCENES, Act, Case, Level
from partners.sdk.conformance.platform import Platform, served
from partners.signatures.keys import PrivateKey, jwk_of, thumbprint
from partners.signatures.requests import SigningKey

CODE = "IC1:CONFORMANCE"
AT_ONCE = 8

KeyKind = Literal["ed25519", "p256"]
Result = Literal["passed", "failed", "not-applicable"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One case: what was expected, and if it failed what was seen."""

    id: str
    level: Level
    result: Result
    zh: str
    en: str
    saw: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `conforms`: no case that must pass failed."""

    contract: int
    conforms: bool
    passed: int
    failed: int
    not_applicable: int
    cases: tuple[Finding, ...]


class UnknownCase(ValueError):
    """There is no case with this id."""


class _Played(msgspec.Struct, frozen=True):
    """A scene that was played: its record, or why there is none."""

    record: Record | None = None
    failure: str | None = None


def every_case() -> tuple[Case | OfflineCase, ...]:
    """All cases, online ones first."""
    return (*online.CASES, *offline.cases())


def run(adapter: Adapter, *, only: Collection[str] = (), key_kind: KeyKind = "ed25519") -> Report:
    """Plays every scene that the chosen cases need, once, and judges. Raises UnknownCase for an id in `only` that is none."""
    chosen = [case for case in every_case() if not only or case.id in only]
    for missing in set(only) - {case.id for case in chosen}:
        raise UnknownCase(missing)
    key = _throw_away(key_kind)
    with TemporaryDirectory(prefix="conformance-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        key_file = Path(folder) / "key.pem"
        key_file.touch(mode=0o600)
        key_file.write_bytes(key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        needed = dict.fromkeys(scene for case in chosen if isinstance(case, Case) for scene in case.scenes)
        waiting = {name: pool.submit(_play, adapter, name, key, key_file) for name in needed}
        without_network = [case for case in chosen if isinstance(case, OfflineCase)]
        judged = _judge_offline(adapter, without_network) if without_network else {}
        played = {name: future.result() for name, future in waiting.items()}
    findings = [_judge(case, played) if isinstance(case, Case) else judged[case.id] for case in chosen]
    return _report(findings)


def lines(report: Report) -> list[str]:
    """The report for people: a line for each case, what was seen under those that failed, and a summary."""
    marks: Mapping[Result, str] = {"passed": "✓", "failed": "✗", "not-applicable": "–"}
    said = []
    for finding in report.cases:
        said.append(f"{marks[finding.result]} {finding.level:6} {finding.id}  {finding.zh}。 {finding.en}.")
        if finding.saw is not None:
            said.append(f"    所见 saw: {finding.saw}")
    verdict = "符合 conforms" if report.conforms else "不符合 does not conform"
    counts = (
        f"通过 passed {report.passed}, 未通过 failed {report.failed}, 不适用 not applicable {report.not_applicable}"
    )
    return [*said, f"{verdict}: {counts}"]


def _report(findings: Sequence[Finding]) -> Report:
    counted = Counter(finding.result for finding in findings)
    return Report(
        contract=CONTRACT,
        conforms=not any(finding.result == "failed" and finding.level == "must" for finding in findings),
        passed=counted["passed"],
        failed=counted["failed"],
        not_applicable=counted["not-applicable"],
        cases=tuple(findings),
    )


def _throw_away(kind: KeyKind) -> SigningKey:
    private_key: PrivateKey = (
        Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    )
    return SigningKey(thumbprint(jwk_of(private_key.public_key())), private_key)


def _play(adapter: Adapter, name: str, key: SigningKey, key_file: Path) -> _Played:
    """One scene, on a platform of its own."""
    scene = SCENES[name]
    with served(Platform(scene.replies)) as platform:
        instruction = _instruction(scene.act, platform, key, key_file)
        try:
            verdict = adapter(instruction)
        except AdapterFailed as failure:
            return _Played(failure=str(failure))
        wanted = {"verify": platform.verification_id, "redeem": platform.redemption_id, "reverse": platform.reversal_id}
        return _Played(
            Record(
                instruction=instruction,
                verdict=verdict,
                caller=Caller(key.key_id, key.private_key.public_key()),
                expected=Expected(platform.url + _path(instruction), instruction.body()),
                wanted_id=wanted[scene.act],
                received=tuple(platform.received),
                elsewhere=tuple(platform.elsewhere),
                taken_bytes=platform.taken_bytes,
            )
        )


def _instruction(act: Act, platform: Platform, key: SigningKey, key_file: Path) -> OnlineInstruction:
    common = {"contract": CONTRACT, "url": platform.url, "key_file": str(key_file), "key_id": key.key_id}
    given: dict[str, Any] = {**common, "partner_id": platform.partner_id, "amount_fen": AMOUNT_FEN}
    if act == "verify":
        return Verify(code=CODE, benefit=BENEFIT, terminal="till-1", partner_ref="visit-1", **given)
    if act == "redeem":
        return Redeem(verification_id=platform.verification_id, partner_ref="order-1", **given)
    return Reverse(redemption_id=platform.redemption_id, partner_ref="refund-1", **given)


def _path(instruction: OnlineInstruction) -> str:
    if isinstance(instruction, Verify):
        return VERIFICATIONS
    return REDEMPTIONS if isinstance(instruction, Redeem) else f"{REDEMPTIONS}/{instruction.redemption_id}/reversals"


def _judge(case: Case, played: Mapping[str, _Played]) -> Finding:
    """A case from the scenes that it is about; those whose act the integration does not have are left out."""
    scenes = [played[name] for name in case.scenes]
    failures = [each.failure for each in scenes if each.failure is not None]
    if failures:
        return _found(case, "failed", failures[0])
    records = [each.record for each in scenes if each.record is not None and not _left_out(each.record)]
    if not records:
        return _found(case, "not-applicable")
    saw = next(_faults(case, records), None)
    return _found(case, "passed" if saw is None else "failed", saw)


def _left_out(record: Record) -> bool:
    """Whoever verifies need not redeem: orders without deposit go another way."""
    return record.verdict.outcome == "unsupported" and not isinstance(record.instruction, Verify)


def _faults(case: Case, records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        yield from (saw for check in case.checks if (saw := check(record)) is not None)
    if case.of_all is not None and (saw := case.of_all(records)) is not None:
        yield saw


def _judge_offline(adapter: Adapter, cases: Sequence[OfflineCase]) -> dict[str, Finding]:
    """The offline cases in one run of the adapter; if it stumbles, each in a run of its own, to say over which."""
    try:
        verdict = adapter(offline.instruction(cases))
    except AdapterFailed as failure:
        if len(cases) > 1:
            return {name: found for case in cases for name, found in _judge_offline(adapter, [case]).items()}
        return {case.id: _found(case, "failed", str(failure)) for case in cases}
    if verdict.outcome == "unsupported":
        return {case.id: _found(case, "not-applicable") for case in cases}
    said, found = verdict.judged or (), {}
    for case in cases:
        own, said = said[: len(case.tills)], said[len(case.tills) :]
        saw = offline.fault(case, own) if verdict.outcome == "judged" else f"outcome={verdict.outcome}"
        found[case.id] = _found(case, "passed" if saw is None else "failed", saw)
    return found


def _found(case: Case | OfflineCase, result: Result, saw: str | None = None) -> Finding:
    return Finding(id=case.id, level=case.level, result=result, zh=case.zh, en=case.en, saw=saw)
