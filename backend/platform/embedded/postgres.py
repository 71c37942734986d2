"""The embedded PostgreSQL: made once, started in the foreground, reached over loopback with a password."""

import os
import shutil
import signal
from pathlib import Path
from typing import BinaryIO

from backend.platform.embedded.accounts import account_for, give
from backend.platform.embedded.binaries import postgres_folder
from backend.platform.embedded.child import Child, enterable, run_to_end, runs_in
from backend.platform.embedded.folder import DataFolder, sync_folder, write_durably
from backend.platform.embedded.refusals import disk_full, held_by, not_started, password_lost, unwritable

NAME = "xinyi"

_PASSWORD_FILE = "postgres.password"
_SPACE_FOR_NEW_CLUSTER = 200_000_000
# Fast shutdown; then the immediate one, which the next start recovers from.
_STOP_SIGNALS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "cluster_name": NAME,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A statement's error goes to its caller, who knows what may be written down; values must not reach the log file.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_WITHOUT_DURABILITY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """PostgreSQL with its data in `<data>/postgres`."""

    def __init__(self, folder: DataFolder, *, fsync: bool) -> None:
        self._folder = folder
        self._fsync = fsync
        self._cluster = folder.path / "postgres"
        self._account = account_for(self._cluster)
        self._port = 0
        self.child = Child("postgres", folder, self._cluster, _STOP_SIGNALS)

    @property
    def url(self) -> str:
        """The address of the application's database."""
        return f"postgresql://{NAME}:{self._folder.secret(_PASSWORD_FILE)}@127.0.0.1:{self._port}/{NAME}"

    def launch(self) -> None:
        """Makes the cluster if there is none, and starts the server. Raises Refusal."""
        with self.child.claim() as lock:
            programs = postgres_folder(self._account)
            if not self._cluster.exists():
                self._create(programs, lock)
            elif not (self._folder.secrets / _PASSWORD_FILE).exists():
                raise password_lost(self._folder.secrets / _PASSWORD_FILE)
            self._refuse_stranger()
            self._port = self._folder.port("postgres")
            settings = _SETTINGS | {"port": str(self._port)} | ({} if self._fsync else _WITHOUT_DURABILITY)
            command = [str(programs / "postgres"), "-D", enterable(self._cluster, self._account)]
            for name, value in settings.items():
                command += ["-c", f"{name}={value}"]
            self.child.start(command, self._account, lock)

    def wait(self) -> None:
        """Waits until the server accepts connections. Raises Refusal with the cause if it ends instead."""
        self.child.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        lines = self._pid_file_lines()
        return len(lines) >= 8 and lines[0] == str(self.child.process_id) and lines[7].strip() == "ready"

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _refuse_stranger(self) -> None:
        """Refuses data that a server started by other means uses; forgets a dead server whose number another process has.

        PostgreSQL itself forgets a dead server only as long as no process of the same account has its number.
        """
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdigit():
            return
        process = int(lines[0])
        if runs_in(process, self._cluster):
            raise held_by("PostgreSQL", process, self._cluster)
        if _is_alive(process):
            (self._cluster / "postmaster.pid").unlink()

    def _create(self, programs: Path, lock: BinaryIO) -> None:
        """Makes the cluster beside its place and moves it there whole, so that an interruption leaves nothing half made."""
        path = self._folder.path
        if shutil.disk_usage(path).free < _SPACE_FOR_NEW_CLUSTER:
            raise disk_full(path)
        partial = path / "postgres.partial"
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(mode=0o700)
            give(partial, self._account)
            self._fill(partial, programs, lock)
            partial.rename(self._cluster)
            sync_folder(path)
        except OSError as error:
            raise unwritable(path, error) from None

    def _fill(self, partial: Path, programs: Path, lock: BinaryIO) -> None:
        here = enterable(partial, self._account)
        initdb = [str(programs / "initdb"), "-D", here, "-U", NAME, "--auth=reject", "--encoding=UTF8", "--locale=C"]
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        initdb += [] if self._fsync else ["--no-sync"]
        code, output = run_to_end(initdb, partial, self._account, lock)
        if code != 0:
            raise not_started("initdb", output, self._folder.path, self._keep_output("initdb", output))
        # The password goes through a pipe: an argument or a file of the other account could be read by strangers.
        statements = (
            f"ALTER ROLE {NAME} PASSWORD '{self._folder.secret(_PASSWORD_FILE)}';\n"
            f"CREATE DATABASE {NAME} TEMPLATE template0;\n"
        )
        single = [str(programs / "postgres"), "--single", "-D", here, *([] if self._fsync else ["-F"]), "postgres"]
        code, output = run_to_end(single, partial, self._account, lock, statements)
        if code != 0 or "ERROR:" in output or "FATAL:" in output:
            raise not_started("initdb", output, self._folder.path, self._keep_output("initdb", output))
        access = partial / "pg_hba.conf"
        write_durably(access, "host all all 127.0.0.1/32 scram-sha-256")
        give(access, self._account)

    def _keep_output(self, name: str, output: str) -> Path:
        log = self._folder.log(name)
        log.write_text(output, encoding="utf-8")
        return log


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
