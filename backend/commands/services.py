"""The servers a command works on: those named by the environment, those of a running `xinyi up`, or embedded ones of its own."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from backend import rooms, schema
from backend.platform import platform as ports
from backend.platform.clock import Clock
from backend.platform.embedded import EmbeddedServices
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings


class Running(msgspec.Struct, frozen=True):
    """What a running `xinyi up` leaves beside its data, readable by its owner only."""

    pid: int
    url: str
    database_url: str
    redis_url: str


def running_file(settings: Settings) -> Path:
    """Where a running server says how to reach its parts."""
    return settings.data_directory / "running.json"


def find_running(settings: Settings) -> Running | None:
    """The server that runs on this data folder, or None."""
    try:
        running = msgspec.json.decode(running_file(settings).read_bytes(), type=Running)
        os.kill(running.pid, 0)
    except (OSError, msgspec.DecodeError):
        return None
    return running


@contextmanager
def announce(settings: Settings, running: Running) -> Iterator[None]:
    """Keeps the note of a running server for as long as it runs."""
    path = running_file(settings)
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(msgspec.to_builtins(running), file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def servers(settings: Settings) -> Iterator[Settings]:
    """Settings with the addresses of a database and a cache that run. Raises Refusal."""
    if settings.database_url and settings.redis_url:
        yield settings
        return
    running = find_running(settings)
    if running is not None:
        database_url = settings.database_url or running.database_url
        redis_url = settings.redis_url or running.redis_url
        yield msgspec.structs.replace(settings, database_url=database_url, redis_url=redis_url)
        return
    with EmbeddedServices(
        settings.data_directory, postgres=not settings.database_url, valkey=not settings.redis_url
    ) as embedded:
        # An embedded server that was not asked for has no address to be asked about.
        database_url = settings.database_url or embedded.database_url
        redis_url = settings.redis_url or embedded.redis_url
        yield msgspec.structs.replace(settings, database_url=database_url, redis_url=redis_url)


@asynccontextmanager
async def opened(
    settings: Settings, clock: Clock | None = None, maximum_connections: int = 4, *, durable: bool = True
) -> AsyncIterator[Platform]:
    """The platform of a command, over servers that run and a schema of today, by the machine's clock or another; `durable` as for
    `Database`. Raises Refusal."""
    if pending := await schema.pending_migrations(settings.database_url):
        raise Refusal(
            f"数据库结构不是最新的，有 {len(pending)} 项迁移未执行，请运行 xinyi migrate。",
            f"The database's schema is not of today ({len(pending)} migrations wait): run `xinyi migrate`.",
        )
    platform = ports.build(
        settings,
        rooms.PERSONAL_TABLES,
        rooms.REFERENCES,
        clock=clock,
        maximum_connections=maximum_connections,
        durable=durable,
    )
    await platform.open(listen=False)
    try:
        yield platform
    finally:
        await platform.close()
