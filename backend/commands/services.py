"""The servers a command works on: those named by the environment, those of a running `xinyi up`, or embedded ones of its own."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from backend import rooms
from backend.platform import platform as ports
from backend.platform.embedded import EmbeddedServices
from backend.platform.platform import Platform
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
        yield _addressed(settings, running.database_url, running.redis_url)
        return
    with EmbeddedServices(
        settings.data_directory, postgres=not settings.database_url, valkey=not settings.redis_url
    ) as embedded:
        yield _addressed(settings, embedded.database_url, embedded.redis_url)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Platform]:
    """The platform of a command, over servers that run. Raises Refusal."""
    platform = ports.build(settings, rooms.PERSONAL_TABLES, maximum_connections=4)
    await platform.open(listen=False)
    try:
        yield platform
    finally:
        await platform.close()


def _addressed(settings: Settings, database_url: str, redis_url: str) -> Settings:
    return msgspec.structs.replace(
        settings,
        database_url=settings.database_url or database_url,
        redis_url=settings.redis_url or redis_url,
    )
