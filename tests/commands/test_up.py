"""`xinyi up` from the first start to the one after everything was killed, with the demonstration in between."""

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import httpx2

from tests.builders.server import Server, free_port
from tests.commands.conftest import Xinyi


def processes_of(data: Path) -> list[int]:
    """Every process that has the data folder in its arguments or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(data).encode() in told:
            found.append(int(entry.name))
    return found


def children_of(process: int) -> list[int]:
    """The processes that a process started and that still run."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_a_city_is_started_used_stopped_killed_and_started_again(serve: Callable[[], Server], xinyi: Xinyi) -> None:
    first = serve().ready()
    said = first.said()
    for wanted in ("/resident", "/till", "/reference", "15400000001", "partner-new-bookshop.pem", "keyid", "▀"):
        assert wanted in said, wanted
    for actor in ("居民", "商户", "企业经办人", "信源", "办案人员"):
        assert actor in said, actor

    told = xinyi("demo")
    assert told.returncode == 0, told.stdout + told.stderr
    keys = httpx2.get(f"{first.url}/.well-known/jwks.json").json()
    healthy = xinyi("doctor", "--json")
    assert healthy.returncode == 0, healthy.stdout
    assert all(finding["good"] for finding in json.loads(healthy.stdout))
    scores = xinyi("score", "reconcile", "--json")
    assert (scores.returncode, json.loads(scores.stdout)["differences"]) == (0, 0)

    books = xinyi("audit", "--json")
    assert (books.returncode, json.loads(books.stdout)) == (0, []), books.stdout + books.stderr
    # Nothing was posted before the city was built.
    assert "新出具 0 张" in xinyi("ledger", "statements", "--month", "2026-01").stdout

    key = str(first.data / "demo" / "partner-new-bookshop.pem")
    till = ("--key", key, "--url", first.url, "--store", str(first.data.parent / "till.db"))
    assert "可离线办理" in xinyi("partner", "fetch", *till).stdout
    resident = {"authorization": f"Bearer {first.sign_in('15400000001')['access_token']}"}
    code = httpx2.get(f"{first.url}/v1/me/code?scene=shopping", headers=resident).json()["text"]
    scanned = xinyi("partner", "simulate", "bookshop-discount", code, *till)
    assert "✓ 符合 eligible" in scanned.stdout, scanned.stdout + scanned.stderr
    assert "code-unusable" in xinyi("partner", "simulate", "bookshop-discount", code, *till).stdout

    # Ctrl-C reaches the group of the terminal's program, and the workers hear of it once: from their parent.
    children = children_of(first.process.pid)
    assert len(children) >= 4
    assert first.process.pid not in {os.getpgid(child) for child in children}

    twice = serve()
    assert twice.process.wait(60) == 3
    assert "已有一个信易在运行" in twice.said()
    assert "Traceback" not in twice.said()

    assert first.stop() == 0
    assert processes_of(first.data) == []
    assert "信易已停止" in first.said()
    assert "Traceback" not in first.said()

    second = serve().ready()
    assert httpx2.get(f"{second.url}/.well-known/jwks.json").json() == keys
    shown = second.fetched_pass("15400000002", "shop-allowance")
    for process in processes_of(second.data):
        os.kill(process, signal.SIGKILL)
    second.process.wait(60)

    # The server is cut off: the till says yes once to the phone that fetched its pass before, and to nobody else.
    code = shown.shown()
    assert "✓ 有效" in xinyi("partner", "simulate", "shop-allowance", code, *till).stdout
    assert "本终端已受理过" in xinyi("partner", "simulate", "shop-allowance", code, *till).stdout
    assert "仍在队列中" in xinyi("partner", "upload", *till).stdout

    third = serve().ready()
    assert httpx2.get(f"{third.url}/.well-known/jwks.json").json() == keys
    assert "settled" in xinyi("partner", "upload", *till[:3], third.url, *till[4:]).stdout
    assert "没有待上传" in xinyi("partner", "upload", *till[:3], third.url, *till[4:]).stdout
    again = xinyi("demo")
    assert again.returncode == 0, again.stdout + again.stderr
    # Servers were killed in between: the books agree all the same.
    assert (books := xinyi("audit")).returncode == 0, books.stdout + books.stderr
    assert third.stop() == 0


def test_a_port_in_use_is_one_sentence(xinyi: Xinyi) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104
        taken.listen()
        refused = xinyi("up", "--port", str(taken.getsockname()[1]))
    assert refused.returncode == 3
    assert "换一个端口" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 2


def test_a_folder_that_cannot_be_written_is_one_sentence(xinyi: Xinyi, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = xinyi("up", "--port", str(free_port()), data=tmp_path / "file" / "data")
    assert refused.returncode == 3
    assert "不可写" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 2


def test_a_wrong_address_is_one_sentence(xinyi: Xinyi) -> None:
    nobody = free_port()
    for name, value in (
        ("DATABASE_URL", f"postgresql://127.0.0.1:{nobody}/xinyi"),
        ("DATABASE_URL", "mysql://127.0.0.1/xinyi"),
        ("REDIS_URL", f"redis://127.0.0.1:{nobody}"),
        ("REDIS_URL", "127.0.0.1"),
        ("XINYI_PROT", "8000"),
        ("XINYI_PORT", "many"),
        ("XINYI_WORKING_DAYS", "/nowhere/days.yaml"),
    ):
        refused = xinyi("up", "--port", str(free_port()), **{name: value})
        assert refused.returncode == 3, (name, value, refused.stderr)
        assert name in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 2, refused.stderr
