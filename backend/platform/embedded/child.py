"""One server under its guard: claimed, started, awaited, stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from backend.platform.embedded.accounts import Account
from backend.platform.embedded.folder import DataFolder, locks_within
from backend.platform.embedded.refusals import held_by, not_started, private_folder

# Nothing of the caller's environment reaches the servers: no PG*, no LD_*, no locale that this machine lacks.
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_GUARD = Path(__file__).with_name("guard.py")
_POLL_SECONDS = 0.01
# A server whose parent was killed ends by itself; one whose guard was killed too, where the kernel does not help, is told.
_ENDS_BY_ITSELF_SECONDS = 5.0
_ENDS_WHEN_TOLD_SECONDS = 60.0
_ENDS_WHEN_KILLED_SECONDS = 5.0


class Child:
    """A server process that dies with us. `stop_signals` are sent in turn, each with the seconds it is given."""

    def __init__(
        self, name: str, folder: DataFolder, directory: Path, stop_signals: Sequence[tuple[signal.Signals, float]]
    ) -> None:
        self.name = name
        self.directory = directory
        self._folder = folder
        self._stop_signals = stop_signals
        self._lock_file = folder.run / f"{name}.lock"
        self._guard: subprocess.Popen[bytes] | None = None
        self._log = folder.logs / f"{name}.log"
        self._log_start = 0

    def claim(self) -> BinaryIO:
        """The server's lock, which every process of an earlier server holds until it has ended.

        Close it once the server is started, which holds it from then on. Raises Refusal if an earlier one does not end.
        """
        lock = self._lock_file.open("a+b")
        steps: tuple[tuple[float, int | None], ...] = (
            (_ENDS_BY_ITSELF_SECONDS, None),
            (_ENDS_WHEN_TOLD_SECONDS, self._stop_signals[0][0]),
            (_ENDS_WHEN_KILLED_SECONDS, signal.SIGKILL),
        )
        for seconds, number in steps:
            process = self.process_id
            if number is not None and process is not None and runs_in(process, self.directory):
                os.kill(process, number)
            if locks_within(lock, seconds):
                lock.truncate(0)
                return lock
        lock.close()
        raise held_by(self.name, self.process_id or 0, self._folder.path)

    @property
    def process_id(self) -> int | None:
        """The server's process id as its guard wrote it, None before the first start."""
        try:
            return int(self._lock_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def start(self, command: Sequence[str], account: Account, lock: BinaryIO) -> None:
        """Starts the server under the claimed `lock`; `wait_until` says when it is ready."""
        log = self._folder.log(self.name)
        self._log_start = log.stat().st_size
        order = {
            "command": list(command),
            "directory": str(self.directory),
            "environment": dict(ENVIRONMENT),
            "parent": os.getpid(),
            "lock": lock.fileno(),
            "user": account.user,
            "group": account.group,
            "stop_signals": [(int(number), seconds) for number, seconds in self._stop_signals],
        }
        with log.open("ab") as output:
            self._guard = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-S", str(_GUARD), json.dumps(order)],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(lock.fileno(),),
                # Ctrl-C at the terminal reaches us alone; we stop the servers after our own work has ended.
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Waits as long as the server lives, since recovery after a crash takes what it takes.

        Raises Refusal with the cause if the server ends instead.
        """
        guard = self._guard
        if guard is None:
            raise RuntimeError(f"{self.name} was not started")
        while not ready():
            if guard.poll() is not None:
                with self._log.open("rb") as log:
                    log.seek(self._log_start)
                    output = log.read().decode("utf-8", "replace")
                raise not_started(self.name, output, self._folder.path, self._log)
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Ends the server and waits for it; calling it twice is harmless."""
        if self._guard is not None:
            guard, self._guard = self._guard, None
            # The signal as well as the end of the pipe, which a fork of ours may still hold open.
            guard.terminate()
            guard.communicate()


def enterable(directory: Path, account: Account) -> str:
    """A name of `directory` for a process that runs inside it, also when it may not pass the folders above.

    On Linux the name is a link of the kernel to the working directory. Raises Refusal elsewhere if the account
    cannot enter the folder.
    """
    if sys.platform.startswith("linux"):
        return "/proc/self/cwd"
    if account.user is not None and not all(step.stat().st_mode & 0o001 for step in directory.parents):
        raise private_folder(directory)
    return str(directory)


def runs_in(process: int, directory: Path) -> bool:
    """Whether `process` is a server that works in `directory`, and not a stranger who got the number of a dead one."""
    if sys.platform.startswith("linux"):
        try:
            return Path(f"/proc/{process}/cwd").readlink() == directory.resolve()
        except OSError:
            return False
    listing = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-o", "command=", "-p", str(process)], capture_output=True, encoding="utf-8", check=False
    )
    return str(directory) in listing.stdout


def run_to_end(
    command: Sequence[str], directory: Path, account: Account, lock: BinaryIO, text: str = ""
) -> tuple[int, str]:
    """Runs a preparing program as `account` in `directory` with `text` as its input; gives exit code and output.

    The program keeps the claimed `lock` too, so that the next start waits for it if we are killed meanwhile.
    """
    try:
        done = subprocess.run(  # noqa: S603 - programs of the wheel
            list(command),
            cwd=directory,
            env=dict(ENVIRONMENT),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=(lock.fileno(),),
            user=account.user,
            group=account.group,
            extra_groups=None if account.user is None else [],
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        return 126, str(error)
    return done.returncode, done.stdout
