"""Runs one server in the foreground, starts it again when it is killed, and never outlives its parent.

A process of its own, started by `child.py` by path: standard library only. Its order comes as JSON in the first
argument, its parent's life as a pipe on standard input, the server's log as standard error.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

_PR_SET_PDEATHSIG = 1
_PARENT_CHECK_SECONDS = 1.0
# After a crash the first new start may meet the last processes of the old one, so it is tried for a while.
_RESTARTS = 20
_PAUSE_SECONDS = 0.25
_SETTLED_SECONDS = 5.0


class Guard:
    """Watches one server until the parent closes the pipe, dies, or SIGTERM arrives."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._command: list[str] = order["command"]
        self._directory: str = order["directory"]
        self._environment: dict[str, str] = order["environment"]
        self._parent: int = order["parent"]
        self._lock: int = order["lock"]
        self._user: int | None = order["user"]
        self._group: int | None = order["group"]
        self._stop_signals: list[tuple[int, float]] = order["stop_signals"]
        self._terminated = False
        self._wake, wake_write = os.pipe()
        for descriptor in (self._wake, wake_write):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        # Handlers, not SIG_IGN: an ignored signal would stay ignored in the server.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, lambda *_: None)
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_terminate)
        self._prepare = _death_signal(self._stop_signals[0][0])

    def _on_terminate(self, *_: object) -> None:
        self._terminated = True

    def run(self) -> int:
        """The exit code: 0 after a stop, the server's own when it cannot be kept running."""
        patience = 0
        while True:
            began = time.monotonic()
            server = self._start()
            while server.poll() is None:
                if self._released(_PARENT_CHECK_SECONDS):
                    self._stop(server)
                    return 0
            if server.returncode < 0 or time.monotonic() - began > _SETTLED_SECONDS:
                patience = _RESTARTS
            if patience == 0:
                return server.returncode or 1
            patience -= 1
            # A signal may cut the pause short; that costs one try of many.
            if self._released(_PAUSE_SECONDS):
                return 0

    def _start(self) -> subprocess.Popen[bytes]:
        server = subprocess.Popen(  # noqa: S603 - the order comes from our own parent
            self._command,
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            stderr=sys.stderr.fileno(),
            # Whoever finds this lock free knows that no process of the server is left.
            pass_fds=(self._lock,),
            user=self._user,
            group=self._group,
            extra_groups=None if self._user is None else [],
            preexec_fn=self._prepare,
        )
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, b"%d\n" % server.pid, 0)
        return server

    def _released(self, seconds: float) -> bool:
        """Waits for a signal or the end of the pipe, at most `seconds`; says whether the server has to go."""
        readable, _, _ = select.select([sys.stdin.fileno(), self._wake], [], [], seconds)
        if self._wake in readable:
            os.read(self._wake, 1024)
        # A fork of the parent may hold the pipe open, so its process id is looked at too.
        return sys.stdin.fileno() in readable or self._terminated or os.getppid() != self._parent

    def _stop(self, server: subprocess.Popen[bytes]) -> None:
        for number, seconds in self._stop_signals:
            server.send_signal(number)
            try:
                server.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return
        server.kill()
        server.wait()


def _death_signal(number: int) -> Callable[[], None] | None:
    """On Linux: what the server does before it starts, so that the kernel ends it when this guard is killed."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    guard = os.getpid()

    def prepare() -> None:
        library.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != guard:
            os.kill(os.getpid(), number)

    return prepare


if __name__ == "__main__":
    try:
        sys.exit(Guard(json.loads(sys.argv[1])).run())
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"guard: {error}\n")
        sys.exit(126)
