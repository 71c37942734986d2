"""The server as an operator starts it, `xinyi up` with its workers, over servers that a test can kill."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from backend.platform.embedded import EmbeddedServices, create_database
from backend.platform.keys import ensure_first_keys
from backend.platform.settings import Settings
from backend.schema import migrate
from tests.builders.server import REPOSITORY, environment, free_port
from tests.conftest import MASTER_KEY, database_named
from tests.faults import parts

PATIENCE_SECONDS = 60
AS_BUILT = "as built"
# The name of the build for the workers of a broken one.
BUILD = "FAULTS_BUILD"


async def database_for(services: EmbeddedServices, directory: Path, name: str, public_port: int = 0) -> Settings:
    """Settings of a server on a new database with the whole schema and first keys; it is addressed at `public_port`,
    or at the port where it listens."""
    await create_database(services.database_url, name)
    port = free_port()
    settings = Settings(
        data_directory=directory,
        database_url=database_named(services.database_url, name),
        redis_url=services.redis_url,
        master_key=MASTER_KEY,
        port=port,
        public_url=f"http://127.0.0.1:{public_port or port}",
        log_level="critical",
        message_delivery="silent",
    )
    await migrate(settings.database_url)
    async with parts.opened(settings) as platform, platform.database.transaction() as connection:
        await ensure_first_keys(connection, platform.cipher, platform.clock.now())
    return settings


@contextmanager
def served(settings: Settings, build: str = AS_BUILT) -> Iterator[int]:
    """`xinyi up` on these settings; gives its process id. Its workers are children of it.

    A `build` other than as built is the same server with a defence taken out of its workers (`broken_servers.BUILDS`).
    """
    named = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "XINYI_MASTER_KEY": settings.master_key,
        "XINYI_PUBLIC_URL": settings.public_url,
        "XINYI_LOG_LEVEL": "warning",
        BUILD: build,
    }
    module = "backend.cli" if build == AS_BUILT else "tests.faults.broken_servers"
    log = settings.data_directory.parent / f"{settings.data_directory.name}-server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "up", "--no-city", "--port", str(settings.port)],
            cwd=REPOSITORY,
            env=environment(settings.data_directory, **named),
            stdout=output,
            stderr=output,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def workers_of(server: int) -> list[int]:
    """The processes that serve, the oldest first: each is in a group of its own."""
    try:
        children = [int(child) for child in Path(f"/proc/{server}/task/{server}/children").read_text().split()]
        workers = [child for child in children if os.getpgid(child) == child]
        return sorted(workers, key=_started)
    except (FileNotFoundError, ProcessLookupError):
        # One of them ended while it was looked at.
        return []


def _started(process: int) -> int:
    """Ticks of the system clock at which a process began."""
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[19])


async def ready(url: str) -> None:
    """Waits until the server at `url` serves. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS), httpx2.AsyncClient(base_url=url) as client:
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)
