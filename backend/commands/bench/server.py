"""The server that is measured: granian as `xinyi up` runs it, in a process of its own, with the ceilings beside the rest."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from backend.commands.http_server import obey_parent_only, serve
from backend.platform.http.telemetry import Application
from backend.platform.logging import configure_logging
from backend.platform.refusal import Refusal
from backend.platform.settings import ENVIRONMENT, Settings, read_settings

OURS = "backend.commands.bench.server"
_START_SECONDS = 60
_STOP_SECONDS = 20


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(settings: Settings, module: str = OURS, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """A server on these settings for as long as the block lasts. Its log, as wordy as in production, goes to a file.

    `module` is run: ours, or a peer's, with more of an environment. Raises Refusal when it does not come up.
    """
    folder = settings.data_directory / f"port-{settings.port}"
    metrics = folder / "metrics"
    metrics.mkdir(parents=True)
    log_file = folder / "server.log"
    whole = _environment(settings) | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)} | dict(environment or {})
    with log_file.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", module], env=whole, stdout=log, stderr=log)  # noqa: S603
    try:
        _wait(process, settings, log_file)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """This process' environment with these settings and none of its own, so that no real database can be meant."""
    values = {name: str(getattr(settings, field)) for name, field in ENVIRONMENT.items() if getattr(settings, field)}
    return {name: value for name, value in os.environ.items() if name not in ENVIRONMENT} | values


def _wait(process: subprocess.Popen[bytes], settings: Settings, log_file: Path) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < ends_at:
        try:
            if httpx2.get(f"{settings.external_url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    said = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["-"]
    raise Refusal(
        f"用于测量的服务器没有启动，它最后说：{said[-1]}",
        f"The server to be measured did not start; it said: {said[-1]}",
    )


def worker() -> Application:
    """One worker process, as `backend.commands.serve.worker` is one of `xinyi up`."""
    obey_parent_only()
    from backend.commands.bench.ceilings import application

    settings = read_settings()
    configure_logging(settings.log_level)
    return application(settings)


def main() -> None:
    """Serves until told to stop, with the same options as `xinyi up`: others would measure another server."""
    obey_parent_only()
    serve(read_settings(), "backend.commands.bench.server:worker")


if __name__ == "__main__":
    main()
