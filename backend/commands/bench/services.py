"""A database and a cache of the bench's own, thrown away afterwards: whatever the environment names is left alone."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from backend.commands.bench.server import free_port
from backend.commands.http_server import most_workers
from backend.commands.serve import prepare_database
from backend.platform.embedded import EmbeddedServices
from backend.platform.settings import Settings


@contextmanager
def throw_away(workers: int | None = None) -> Iterator[tuple[Settings, asyncio.Runner]]:
    """Services with the schema and first keys, every commit on the disk, and a loop to work in. Raises Refusal."""
    with (
        tempfile.TemporaryDirectory(prefix="xinyi-bench-") as name,
        EmbeddedServices(Path(name) / "data") as services,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        settings = Settings(
            data_directory=Path(name) / "data",
            host="127.0.0.1",
            port=free_port(),
            database_url=services.database_url,
            redis_url=services.redis_url,
            workers=workers or most_workers(),
            message_delivery="silent",
        )
        runner.run(prepare_database(settings))
        yield settings, runner
