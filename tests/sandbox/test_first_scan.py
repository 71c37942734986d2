"""A partner joins: applies, is approved, and has a verified scan from a clean machine long before five minutes are over."""

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backend.commands.first_scan import Scan, first_scan
from backend.platform.refusal import Refusal
from tests.builders.server import REPOSITORY, Server, environment, free_port

LONGEST_SECONDS = 300
ORDER = {
    "name_en": "Taohua Bakery",
    "scenes": ["shopping"],
    "stores": [{"name": "总店", "district": "taoyuan"}],
    "benefits": ["bookshop-discount"],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`xinyi up` with a city of twenty."""
    running = Server(Path(tmp_path_factory.mktemp("first-scan")) / "data", free_port())
    try:
        yield running.ready()
    finally:
        running.stop()


def test_from_an_application_to_a_verified_scan(server: Server, tmp_path: Path) -> None:
    began = time.monotonic()
    known = server.sign_ins()
    tokens = {
        actor: server.sign_in(known[actor].phone)["access_token"] for actor in ("agent", "operator", "second-operator")
    }

    def ask(actor: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {tokens[actor]}"}
        answer = httpx2.request(method, server.url + path, headers=headers, json=body, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()

    [enterprise, *_] = ask("agent", "GET", "/v1/me/enterprises")
    applied = ask("agent", "POST", f"/v1/enterprises/{enterprise['id']}/partner-application", ORDER)
    staff = f"/v1/staff/partner-applications/{applied['partner_id']}"
    ask("operator", "POST", f"{staff}/proposal", {"proposal": "approve", "because": "资料齐全"})
    ask("second-operator", "POST", f"{staff}/decision", {"confirm": True})

    scan = subprocess.run(
        [
            sys.executable, "-m", "backend.cli", "partner", "first-scan", "bookshop-discount",
            "--url", server.url, "--key", str(tmp_path / "test.pem"), "--enterprise", enterprise["id"],
        ],
        cwd=REPOSITORY,
        env=environment(tmp_path, XINYI_TOKEN=tokens["agent"]),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )  # fmt: skip
    assert scan.returncode == 0, scan.stderr
    assert [line[0] for line in scan.stdout.splitlines()[:-1]] == ["✓"] * 4, scan.stdout
    assert "eligible" in scan.stdout
    assert re.search(r"took \d+\.\d s$", scan.stdout.strip())
    assert stat.S_IMODE(os.stat(tmp_path / "test.pem").st_mode) == 0o600
    assert time.monotonic() - began < LONGEST_SECONDS


def test_a_test_key_that_is_registered_already_is_used(server: Server) -> None:
    key = Path(server.sign_ins()["partner-test"].key_file)
    lines = list(first_scan(Scan(url=server.url, key=key, benefit="bookshop-discount", persona="level-none")))
    assert "declined" in lines[1]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("key", "benefit", "said"),
    [
        ("partner-test", "nobody-knows-it", "benefit-not-granted"),
        ("partner", "bookshop-discount", "not-allowed"),
        ("none", "bookshop-discount", "--token"),
    ],
)
def test_what_goes_wrong_is_said_with_the_servers_reason(
    server: Server, tmp_path: Path, key: str, benefit: str, said: str
) -> None:
    known = server.sign_ins()
    file = Path(known[key].key_file) if key in known else tmp_path / "none.pem"
    with pytest.raises(Refusal) as refused:
        list(first_scan(Scan(url=server.url, key=file, benefit=benefit)))
    assert said in str(refused.value)


def test_a_server_that_is_not_there_is_said(server: Server) -> None:
    key = Path(server.sign_ins()["partner-test"].key_file)
    scan = Scan(url=f"http://127.0.0.1:{free_port()}", key=key, benefit="bookshop-discount")
    with pytest.raises(Refusal, match="没有应答"):
        list(first_scan(scan, sleep=lambda _: None))
