"""Both embedded servers for as long as a block lasts."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from backend.platform.embedded.folder import DataFolder
from backend.platform.embedded.postgres import PostgresServer
from backend.platform.embedded.refusals import unwritable
from backend.platform.embedded.valkey import ValkeyServer


class EmbeddedServices:
    """PostgreSQL and Valkey with everything they need in one folder, as a context manager, asynchronous or not.

    `fsync=False` gives up durability for speed, for tests. `postgres=False` or `valkey=False` leaves that server out,
    when `DATABASE_URL` or `REDIS_URL` names one that exists. Addresses may change from one start to the next.

    Entering raises Refusal, one sentence, when the folder cannot be written, another instance uses it, the disk is
    full, no port is free, or a server does not start. The servers are started again when they are killed, and end with
    the calling process also when that is killed.
    """

    def __init__(self, data_directory: Path, *, fsync: bool = True, postgres: bool = True, valkey: bool = True) -> None:
        self._folder = DataFolder(data_directory)
        self._fsync = fsync
        self._with_postgres = postgres
        self._with_valkey = valkey
        self._postgres: PostgresServer | None = None
        self._valkey: ValkeyServer | None = None

    @property
    def database_url(self) -> str:
        """The address of the application's database, with its password. Raises RuntimeError if it is not running."""
        if self._postgres is None:
            raise RuntimeError("the embedded PostgreSQL is not running")
        return self._postgres.url

    @property
    def redis_url(self) -> str:
        """The address of the cache, with its password. Raises RuntimeError if it is not running."""
        if self._valkey is None:
            raise RuntimeError("the embedded Valkey is not running")
        return self._valkey.url

    def process_ids(self) -> dict[str, int]:
        """The running servers' process ids by name: `postgres`, `valkey`."""
        servers = [server for server in (self._postgres, self._valkey) if server is not None]
        return {server.child.name: process for server in servers if (process := server.child.process_id) is not None}

    def start(self) -> None:
        """Starts the servers and waits until they are ready; on any failure nothing stays behind. Raises Refusal."""
        self._folder.open()
        try:
            if self._with_postgres:
                self._postgres = PostgresServer(self._folder, fsync=self._fsync)
                self._postgres.launch()
            if self._with_valkey:
                self._valkey = ValkeyServer(self._folder)
                self._valkey.launch()
            for server in (self._postgres, self._valkey):
                if server is not None:
                    server.wait()
        except OSError as error:
            self.stop()
            raise unwritable(self._folder.path, error) from None
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the servers cleanly and lets the folder go; calling it twice is harmless."""
        postgres, self._postgres = self._postgres, None
        valkey, self._valkey = self._valkey, None
        for server in (valkey, postgres):
            if server is not None:
                server.child.stop()
        self._folder.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)
