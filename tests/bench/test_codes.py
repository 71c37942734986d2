"""What the codes bench measures without a server: two implementations that accept each other's requests, and valid codes only."""

import pytest

from backend.commands.bench.codes import alone
from backend.commands.bench.load import Wrong
from partners.codes import ic3
from partners.codes.ic3 import Outcome, Verdict


def test_both_implementations_accept_each_others_requests_and_give_a_ratio() -> None:
    lines = {line.name: line for line in alone.signatures(1)}
    assert lines["request_sign_http_message_signatures_of_xinyi_ratio"].unit == "ratio"
    assert all(line.found[0] > 0 for line in lines.values())


def test_a_refused_code_ends_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [line.name for line in alone.offline(1)] == ["offline_code_judged_p50", "offline_code_kept_p50"]
    monkeypatch.setattr(ic3, "verify", lambda *_: Verdict(Outcome.STALE))
    with pytest.raises(Wrong, match="refused"):
        list(alone.offline(1))
