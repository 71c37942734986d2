"""The data folder: who may use it, its secrets, its logs, and the ports it remembers."""

import fcntl
import os
import secrets
import socket
import time
from pathlib import Path
from typing import BinaryIO

from backend.platform.embedded.refusals import already_running, no_free_port, unwritable

# Below the ports that systems give to outgoing connections, so that a remembered port is still free next time.
_FIRST_PORT, _PORTS = 20_000, 12_000
_TRIES = 100
_LOG_BYTES = 5_000_000
# A process that was killed just now holds its lock until the kernel has buried it.
_BURIAL_SECONDS = 2.0
_POLL_SECONDS = 0.01


class DataFolder:
    """One folder holds everything; one process at a time uses it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.secrets = self.path / "secrets"
        self.logs = self.path / "logs"
        self.run = self.path / "run"
        self._instance: BinaryIO | None = None

    def open(self) -> None:
        """Makes the folder and takes it. Raises Refusal if it cannot be written or another process has it."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.secrets, self.logs, self.run):
                folder.mkdir(mode=0o700, exist_ok=True)
            instance = (self.path / "instance.lock").open("ab")
        except OSError as error:
            raise unwritable(self.path, error) from None
        if not locks_within(instance, _BURIAL_SECONDS):
            instance.close()
            raise already_running(self.path)
        self._instance = instance

    def close(self) -> None:
        """Lets the folder go; calling it twice is harmless."""
        if self._instance is not None:
            # A fork of ours may hold the file open, which alone would keep the lock.
            fcntl.flock(self._instance, fcntl.LOCK_UN)
            self._instance.close()
            self._instance = None

    def secret(self, name: str) -> str:
        """The password in `secrets/<name>`, made when there is none; readable by the owner alone."""
        file = self.secrets / name
        if not file.exists():
            write_durably(file, secrets.token_urlsafe(24))
        return file.read_text(encoding="ascii").strip()

    def port(self, name: str) -> int:
        """The port that `name` had last time if it is free, else a free one, remembered. Raises Refusal if none is."""
        file = self.run / f"{name}.port"
        try:
            remembered = int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            remembered = 0
        if 0 < remembered < 65536 and _is_free(remembered):
            return remembered
        for _ in range(_TRIES):
            port = _FIRST_PORT + secrets.randbelow(_PORTS)
            if _is_free(port):
                file.write_text(f"{port}\n", encoding="ascii")
                return port
        raise no_free_port()

    def log(self, name: str) -> Path:
        """The log file of `name`; a large one is put aside, and only the last one put aside is kept."""
        file = self.logs / f"{name}.log"
        if file.exists() and file.stat().st_size > _LOG_BYTES:
            file.rename(file.with_suffix(".log.1"))
        file.touch(mode=0o600)
        return file


def locks_within(file: BinaryIO, seconds: float) -> bool:
    """Takes the exclusive lock of `file` as soon as it is free; False if it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


def write_durably(file: Path, text: str) -> None:
    """Writes a small private file whole or not at all, also through a power cut."""
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(f"{text}\n")
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
