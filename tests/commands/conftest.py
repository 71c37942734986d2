"""The `xinyi` command as somebody types it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders.server import LONGEST_SECONDS, REPOSITORY, Server, environment, free_port

Xinyi = Callable[..., subprocess.CompletedProcess[str]]


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
