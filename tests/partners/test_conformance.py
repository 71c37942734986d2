"""The conformance kit: an integration that is right passes every case, and one with a mistake fails the cases about it, and no other."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import httpx2
import msgspec
import pytest

from backend.market import messages
from partners.codes.ic3 import Outcome
from partners.decisions import Result
from partners.sdk import conformance_adapter
from partners.sdk.conformance import (
    Adapter,
    AdapterFailed,
    Report,
    Verdict,
    command,
    every_case,
    lines,
    offline,
    run,
)
from partners.sdk.conformance.contract import Instruction, OfflineCheck, Redeem, Reverse, Verify
from partners.sdk.conformance.platform import Platform, Reply, Sent
from partners.sdk.conformance.replies import confirmed, good, pending, problem
from tests.docs.snippets import REPOSITORY
from tests.partners.integration import Integration, Mistake
from tests.vectors import make_ic3

OUR_ADAPTER = [sys.executable, "-m", "partners.sdk.conformance_adapter"]
ONLINE = [case.id for case in every_case() if not case.id.startswith("offline-")]
OFFLINE = [case.id for case in every_case() if case.id.startswith("offline-")]

# What each mistake fails: the cases that are about it.
MISTAKES: dict[Mistake, set[str]] = {
    "none": set(),
    "believes any answer": {
        "answer-unsigned", "answer-signature", "answer-unknown-key", "answer-other-purpose", "answer-outdated",
        "answer-digest", "answer-altered", "answer-status", "answer-moved", "answer-unbound",
    },
    "believes an answer to an earlier sending": {"answer-moved"},
    "believes an answer to no request": {"answer-unbound"},
    "believes an old answer": {"answer-outdated"},
    "believes the digest in the header": {"answer-digest"},
    "believes keys of every purpose": {"answer-other-purpose"},
    "fetches the keys once": {"key-rotation"},
    "looks for the word": {"added-members"},
    "reads without end": {"endless-bounded"},
    "follows redirects": {"redirect"},
    "takes 202 for a yes": {"pending", "pending-polled"},
    "leaves 202 to others": {"pending-polled"},
    "new key at each sending": {
        "retry-same-key", "rate-limited", "in-progress", "gateway", "cut-verify", "cut-redeem", "cut-reverse",
    },
    "new body at each sending": {"retry-same-body"},
    "one nonce": {"retry-fresh-nonce"},
    "counts nonces": {"request-nonce-restart"},
    "one date": {"retry-fresh-created"},
    "does not wait": {"retry-waits", "rate-limited", "in-progress"},
    "tries for ever": {"gives-up"},
    "gives up at once": {
        "retry-unavailable", "retry-same-key", "retry-same-body", "retry-fresh-nonce", "retry-fresh-created",
        "retry-waits", "rate-limited", "in-progress", "gateway", "cut-verify", "cut-redeem", "cut-reverse",
        "key-rotation", "answer-moved",
    },
    "tries refusals again": {"code-unusable", "code-stale"},
    "sends everything twice": {
        "eligible", "declined", "redeem", "reverse", "code-unusable", "code-stale", "unknown-problem",
    },
    "no digest": {"request-digest"},
    "address not covered": {"request-components"},
    "a member too many": {"request-body"},
    "another type": {"request-content-type"},
    "old dates": {"request-created"},
    "short nonces": {"request-nonce"},
    "another tag": {"request-profile"},
    "text as idempotency key": {"request-idempotency-key"},
    "key under another name": {"request-key"},
    "signature of something else": {"request-signature"},
    "ignores the status list": {"offline-revoked", "offline-list-expired"},
    "keeps documents for ever": {"offline-list-expired"},
    "knows passes by their text": {"offline-new-proof"},
    "forgets passes": {"offline-seen", "offline-new-proof"},
    "trims codes": {"offline-malformed"},
    "ignores challenges": {"offline-wrong-challenge"},
}  # fmt: skip
ABOUT_OFFLINE: set[Mistake] = {
    mistake for mistake, failed in MISTAKES.items() if failed and all(case.startswith("offline-") for case in failed)
}


def failed(report: Report) -> set[str]:
    """The cases that failed."""
    return {finding.id for finding in report.cases if finding.result == "failed"}


def test_each_mistake_fails_the_cases_that_are_about_it_and_no_other() -> None:
    """Offline codes are judged apart from everything else: each mistake is put before its own half of the cases, none before all."""

    def failing(mistake: Mistake) -> set[str]:
        half = [*ONLINE, *OFFLINE] if mistake == "none" else OFFLINE if mistake in ABOUT_OFFLINE else ONLINE
        return failed(run(Integration(mistake), only=half))

    with ThreadPoolExecutor(6) as pool:
        found = dict(zip(MISTAKES, pool.map(failing, MISTAKES), strict=True))
    assert found == MISTAKES


def test_our_own_library_passes_every_case() -> None:
    report = run(conformance_adapter.respond)
    assert (failed(report), report.conforms, report.passed) == (set(), True, len(every_case()))


def test_our_own_library_signs_with_either_kind_of_key() -> None:
    formed = [case for case in ONLINE if case.startswith("request-")]
    assert failed(run(conformance_adapter.respond, only=formed, key_kind="p256")) == set()


def xinyi(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `xinyi partner conformance` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", "partner", "conformance", *arguments],
        cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=False, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def test_the_command_runs_an_adapter_in_a_process_and_reports_for_people() -> None:
    done = xinyi("--only", "gives-up", "--only", "eligible", "--only", "offline-revoked", "--", *OUR_ADAPTER)
    assert done.returncode == 0, done.stdout + done.stderr
    *cases, summary = done.stdout.splitlines()
    assert [line.split()[:3] for line in cases] == [
        ["✓", "must", "eligible"], ["✓", "should", "gives-up"], ["✓", "must", "offline-revoked"],
    ]  # fmt: skip
    assert summary == "符合 conforms: 通过 passed 3, 未通过 failed 0, 不适用 not applicable 0"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js 20")
def test_the_javascript_example_passes_every_online_case() -> None:
    example = ["node", str(REPOSITORY / "partners" / "examples" / "conformance_adapter.mjs")]
    report = run(command(example))
    assert failed(report) == set()
    assert {finding.id for finding in report.cases if finding.result == "passed"} == set(ONLINE)
    assert failed(run(command(example), only=["request-signature", "request-profile"], key_kind="p256")) == set()


def adapter(tmp_path: Path, text: str) -> list[str]:
    """An adapter in Python."""
    file = tmp_path / "adapter.py"
    file.write_text(text, encoding="utf-8")
    return [sys.executable, str(file)]


ALWAYS_YES = """print('{"outcome": "eligible", "id": "whatever"}')"""


def test_a_must_that_fails_is_exit_code_1_and_the_report_says_what_was_seen(tmp_path: Path) -> None:
    done = xinyi("--only", "declined", "--only", "gives-up", "--json", "--", *adapter(tmp_path, ALWAYS_YES))
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["conforms"], report["passed"], report["failed"]) == (False, 1, 1)
    assert [(case["id"], case["result"], case["saw"]) for case in report["cases"]] == [
        ("declined", "failed", "outcome=eligible, id=whatever"), ("gives-up", "passed", None),
    ]  # fmt: skip


def test_a_case_that_does_not_exist_is_named_and_nothing_is_run() -> None:
    done = xinyi("--only", "moved", "--", "false")
    assert (done.returncode, done.stdout) == (3, "")
    assert "There is no case moved" in done.stderr
    assert "answer-moved" in done.stderr


def test_a_should_that_fails_still_conforms() -> None:
    report = run(Integration("reads without end"), only=["endless", "endless-bounded"])
    assert (failed(report), report.conforms) == ({"endless-bounded"}, True)
    [_, _, saw, summary] = lines(report)
    assert saw.startswith("    所见 saw: 65536 KiB")
    assert summary.startswith("符合 conforms")


def without(*acts: type) -> Adapter:
    """A right integration that has no such acts."""
    right = Integration()

    def respond(instruction: Instruction) -> Verdict:
        return Verdict(outcome="unsupported") if isinstance(instruction, acts) else right(instruction)

    return respond


def test_who_neither_redeems_nor_works_offline_is_judged_by_the_rest() -> None:
    report = run(without(Redeem, Reverse, OfflineCheck))
    left_out = {finding.id for finding in report.cases if finding.result == "not-applicable"}
    assert report.conforms
    assert left_out == {
        *OFFLINE, "redeem", "reverse", "gateway", "cut-redeem", "cut-reverse", "in-progress", "unknown-problem",
    }  # fmt: skip


def test_everybody_verifies() -> None:
    report = run(without(Verify), only=["eligible", "answer-moved"])
    assert failed(report) == {"eligible", "answer-moved"}


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise SystemExit('no such key')", "exit code 1: no such key"),
        ("print('eligible')", "not one JSON object"),
        ("", "not one JSON object"),
        ("""print('{"outcome": "perhaps"}')""", "not a verdict"),
        ("""print('{"outcome": "eligible"} {}')""", "not one JSON object"),
    ],
)
def test_an_adapter_that_stumbles_fails_the_case_and_is_quoted(tmp_path: Path, program: str, said: str) -> None:
    report = run(command(adapter(tmp_path, program)), only=["eligible", "offline-valid"])
    assert failed(report) == {"eligible", "offline-valid"}
    assert all(said in str(finding.saw) for finding in report.cases)


def test_a_command_that_does_not_exist_is_named() -> None:
    [finding] = run(command(["./no-such-adapter"]), only=["eligible"]).cases
    assert "./no-such-adapter" in str(finding.saw)


def test_an_integration_that_falls_over_one_offline_code_fails_that_case_alone() -> None:
    right = Integration()

    def respond(instruction: Instruction) -> Verdict:
        if isinstance(instruction, OfflineCheck) and any(
            scan.code.startswith("HTTPS:") for till in instruction.tills for scan in till.scans
        ):
            raise AdapterFailed("opened an address")
        return right(instruction)

    report = run(respond, only=OFFLINE)
    assert failed(report) == {"offline-malformed"}


def test_the_throw_away_key_is_for_its_owner_only_and_gone_afterwards() -> None:
    seen: list[tuple[Path, int]] = []
    right = Integration()

    def respond(instruction: Instruction) -> Verdict:
        assert isinstance(instruction, Verify)
        file = Path(instruction.key_file)
        seen.append((file, file.stat().st_mode & 0o777))
        return right(instruction)

    assert run(respond, only=["eligible"]).conforms
    [(file, mode)] = seen
    assert mode == 0o600
    assert not file.exists()


def played(reply: Reply, method: str, path: str) -> Sent:
    """What a scene answers to one request."""
    platform = Platform([reply])
    platform.url = "http://127.0.0.1:1"
    path = path.replace("{redemption}", platform.redemption_id)
    answer = platform.answer(method, path, {"signature": "sig=:AA==:"}, b"{}")
    assert isinstance(answer, Sent)
    return answer


def test_a_yes_and_a_no_of_the_kit_have_the_same_length() -> None:
    yes, no = (played(good(result), "POST", "/v1/partner/verifications") for result in get_args(Result))
    assert len(yes.body) == len(no.body)
    assert yes.body != no.body


@pytest.mark.parametrize(
    ("reply", "path", "message", "status"),
    [
        (good(), "/v1/partner/verifications", messages.VerificationAnswer, 201),
        (good("declined"), "/v1/partner/verifications", messages.VerificationAnswer, 201),
        (confirmed("eligible"), "/v1/partner/verifications", messages.VerificationAnswerNow, 200),
        (pending, "/v1/partner/verifications", messages.HolderAsked, 202),
        (good(), "/v1/partner/redemptions", messages.RedemptionAnswer, 201),
        (good(), "/v1/partner/redemptions/{redemption}/reversals", messages.ReversalAnswer, 201),
    ],
)
def test_the_kit_answers_what_the_platform_answers(reply: Reply, path: str, message: type, status: int) -> None:
    """Whatever the contract gains, the kit must gain too: an integration would be judged by another platform's answers."""
    answer = played(reply, "POST", path)
    body = json.loads(answer.body)
    assert answer.status == status
    assert body.keys() == {field.encode_name for field in msgspec.structs.fields(message)}
    msgspec.convert(body, message)


async def test_the_kit_refuses_as_the_platform_refuses(client: httpx2.AsyncClient) -> None:
    theirs = await client.post("/v1/partner/verifications", json={})
    ours = played(problem(401, "signature-missing"), "POST", "/v1/partner/verifications")
    assert theirs.headers["content-type"] == ours.headers["content-type"]
    assert theirs.json().keys() == json.loads(ours.body).keys()


def test_every_case_says_what_and_why_in_both_languages_under_a_stable_id() -> None:
    cases = every_case()
    assert len({case.id for case in cases}) == len(cases)
    for case in cases:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", case.id)
        assert re.search(r"[\u4e00-\u9fff]", case.zh)
        assert re.fullmatch(r"[ -~]+", case.en)


def test_every_vector_of_ic3_that_is_scanned_is_among_the_offline_cases() -> None:
    vectors = json.loads(make_ic3.PATH.read_text(encoding="ascii"))
    put = {scan.code for case in offline.cases() for till in case.tills for scan in till.scans}
    assert {vector["text"] for vector in vectors["scanned"]} <= put
    results = {outcome for case in offline.cases() for till in case.expected for outcome in till}
    assert results == {outcome.value for outcome in Outcome}
