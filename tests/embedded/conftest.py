"""Embedded services in a folder of the test's own, in this process or held by another that can be killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0


class Held(msgspec.Struct):
    """What the holder says about the services it holds."""

    database_url: str
    redis_url: str
    servers: dict[str, int]


class Holder:
    """A process that holds the embedded services of a folder."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.holder", str(folder)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ready(self) -> Held:
        """Waits until the services run."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1].decode()
        return msgspec.json.decode(line, type=Held)

    def refused(self) -> str:
        """Waits for the end of a holder that may not start; gives what it says."""
        _, said = self.process.communicate(timeout=PATIENCE_SECONDS)
        assert self.process.returncode == 2, said.decode()
        return said.decode()

    def guards(self, held: Held) -> list[int]:
        """The process ids of the servers' guards."""
        return [_parent_of(server) for server in held.servers.values()]


def _parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])


def is_alive(process: int) -> bool:
    """Whether a process exists and is more than an entry that nobody has collected."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def arguments_of(process: int) -> str:
    """What everyone on the machine can read of a process's command."""
    return Path(f"/proc/{process}/cmdline").read_text()


def program_of(process: int) -> Path:
    """The program that a process runs."""
    return Path(f"/proc/{process}/exe").readlink()


def account_of(process: int) -> int:
    """The user id a process runs under."""
    return Path(f"/proc/{process}").stat().st_uid


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether `holds` comes true within the patience of a test."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def hold() -> Iterator[Callable[[Path], Holder]]:
    """Starts holders, and ends those that the test leaves alive."""
    holders: list[Holder] = []

    def start(folder: Path) -> Holder:
        holders.append(Holder(folder))
        return holders[-1]

    yield start
    for holder in holders:
        holder.process.terminate()
        holder.process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a space and Chinese in its path, below a folder that nobody else may enter."""
    private = tmp_path / "私有 文件夹"
    private.mkdir(mode=0o700)
    return private / "数据"
