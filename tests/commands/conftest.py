"""The `xinyi` command as somebody types it: processes of their own, embedded servers of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 120

Xinyi = Callable[..., subprocess.CompletedProcess[str]]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment(data: Path, **more: str) -> dict[str, str]:
    """This machine's, with a data folder of its own and no server named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XINYI_")}
    kept.pop("DATABASE_URL", None)
    kept.pop("REDIS_URL", None)
    return {**kept, "XINYI_DATA": str(data), **more}


class Server:
    """`xinyi up` in a process group of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self._log = data.parent / f"{data.name}.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend.cli", "up", "--residents", "20", "--port", str(port)],
                cwd=REPOSITORY,
                env=environment(data),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> "Server":
        """Waits until it serves."""
        for _ in range(LONGEST_SECONDS * 10):
            if self.process.poll() is not None:
                break
            try:
                if httpx2.get(f"{self.url}/readyz").status_code == 200:
                    return self
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"it does not serve: {self.said()}")

    def said(self) -> str:
        """Everything it printed."""
        return self._log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """Ctrl-C; gives the exit code."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        return self.process.wait(LONGEST_SECONDS)


@pytest.fixture
def xinyi(tmp_path: Path) -> Xinyi:
    """Runs a command to its end."""

    def run(*arguments: str, data: Path = tmp_path / "data", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", *arguments],
            cwd=REPOSITORY,
            env=environment(data, **more),
            capture_output=True,
            encoding="utf-8",
            timeout=LONGEST_SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    """Starts a server on the test's data folder, always on the same port; whatever still runs at the end is stopped."""
    port, started = free_port(), []

    def start() -> Server:
        server = Server(tmp_path / "data", port)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
