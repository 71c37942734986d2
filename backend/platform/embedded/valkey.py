"""The embedded Valkey: a cache and nothing else, so it keeps no file and starts empty."""

import signal
import socket

from backend.platform.embedded.accounts import account_for, give
from backend.platform.embedded.binaries import valkey_program
from backend.platform.embedded.child import Child, enterable
from backend.platform.embedded.folder import DataFolder, write_durably
from backend.platform.embedded.refusals import unwritable

_PASSWORD_FILE = "valkey.password"
_STOP_SIGNALS = ((signal.SIGTERM, 10.0),)


class ValkeyServer:
    """Valkey with its configuration in `<data>/valkey`."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._directory = folder.path / "valkey"
        self._account = account_for(self._directory)
        self._port = 0
        self.child = Child("valkey", folder, self._directory, _STOP_SIGNALS)

    @property
    def url(self) -> str:
        """The address of the cache."""
        return f"redis://:{self._folder.secret(_PASSWORD_FILE)}@127.0.0.1:{self._port}/0"

    def launch(self) -> None:
        """Writes the configuration and starts the server. Raises Refusal."""
        with self.child.claim() as lock:
            program, file = str(valkey_program(self._account)), self._configure()
            self.child.start([program, file], self._account, lock)

    def _configure(self) -> str:
        """Writes the configuration; gives its name as the server reaches it."""
        self._port = self._folder.port("valkey")
        here = enterable(self._directory, self._account)
        configuration = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "requirepass": self._folder.secret(_PASSWORD_FILE),
            "dir": f'"{here}"',
            "save": '""',
            "appendonly": "no",
            "always-show-logo": "no",
        }
        # A file, since arguments can be read by every account.
        file = self._directory / "valkey.conf"
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            give(self._directory, self._account)
            write_durably(file, "\n".join(f"{name} {value}" for name, value in configuration.items()))
            give(file, self._account)
        except OSError as error:
            raise unwritable(self._folder.path, error) from None
        return f"{here}/{file.name}"

    def wait(self) -> None:
        """Waits until the server answers to its password. Raises Refusal with the cause if it ends instead."""
        self.child.wait_until(self._answers)

    def _answers(self) -> bool:
        greeting = f"AUTH {self._folder.secret(_PASSWORD_FILE)}\r\nPING\r\n".encode("ascii")
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1.0) as connection:
                connection.sendall(greeting)
                answer = b""
                while answer.count(b"\r\n") < 2:
                    received = connection.recv(1024)
                    if not received:
                        return False
                    answer += received
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
