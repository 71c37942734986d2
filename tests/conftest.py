"""Real services for every test: one embedded PostgreSQL and Valkey for each process, a fresh database for each test."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple, cast
from urllib.parse import urlsplit, urlunsplit

import httpx2
import pytest
from litestar import Litestar

from backend.app import build, door
from backend.platform.clock import SettableClock
from backend.platform.embedded import EmbeddedServices, create_database, drop_database
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.keys import ensure_first_keys
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from backend.schema import create_declared
from tests.builders.books import require_agreeing_books
from tests.builders.deliveries import RememberedDelivery
from tests.builders.people import PersonBuilder

TODAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MASTER_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PUBLIC_URL = "https://xinyi.test"

RunDue = Callable[[], Awaitable[int]]


class Services(NamedTuple):
    """Addresses of the real servers: `template` is a database with the whole schema and nothing in it."""

    database_url: str
    redis_url: str
    template: str


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """PostgreSQL (without fsync: nothing here outlives the test) and Valkey, both real."""
    with EmbeddedServices(Path(tmp_path_factory.mktemp("services")), fsync=False) as running:
        template = "xinyi_template"

        async def prepare() -> None:
            await create_database(running.database_url, template)
            await create_declared(database_named(running.database_url, template))

        asyncio.run(prepare())
        yield Services(running.database_url, running.redis_url, template)


def database_named(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture
async def database_url(services: Services) -> AsyncIterator[str]:
    """A fresh database with the whole schema."""
    name = f"test_{secrets.token_hex(6)}"
    await create_database(services.database_url, name, template=services.template)
    yield database_named(services.database_url, name)
    await drop_database(services.database_url, name)


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands still at 2026-11-23 16:00 in Shanghai until the test moves it."""
    return SettableClock(TODAY)


@pytest.fixture
def delivery() -> RememberedDelivery:
    """The phones of the test."""
    return RememberedDelivery()


@pytest.fixture
def settings(services: Services, database_url: str, tmp_path: Path) -> Settings:
    """Settings of a server for this test alone."""
    return Settings(
        data_directory=tmp_path,
        database_url=database_url,
        redis_url=services.redis_url,
        master_key=MASTER_KEY,
        public_url=PUBLIC_URL,
        log_level="warning",
    )


@cache
def shared_door() -> Litestar:
    """The routes, once for each process: to build them takes longer than most tests."""
    return door()


@asynccontextmanager
async def held_open(application: Litestar) -> AsyncIterator[None]:
    """The application's lifespan in a task of its own: it may not be left in another task than it was entered in."""
    ready, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with application.lifespan():
            ready.set()
            await done.wait()

    task = asyncio.create_task(hold())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        await task
    try:
        yield
    finally:
        done.set()
        await task


@pytest.fixture
async def application(
    request: pytest.FixtureRequest, settings: Settings, clock: SettableClock, delivery: RememberedDelivery
) -> AsyncIterator[Litestar]:
    """The whole application over an empty database and an empty cache; background work runs when the test says so."""
    built = build(
        settings, behind=shared_door(), clock=clock, delivery=delivery, background=False, maximum_connections=8
    )
    platform: Platform = built.state.platform
    await platform.database.open()
    await platform.cache.flushall()
    async with platform.database.transaction() as connection:
        await ensure_first_keys(connection, platform.cipher, clock.now())
    await platform.database.close()
    async with held_open(built):
        yield built
        if request.node.get_closest_marker("books_broken") is None:
            await require_agreeing_books(platform)


@pytest.fixture
def platform(application: Litestar) -> Platform:
    """The ports behind the application."""
    opened: Platform = application.state.platform
    return opened


@pytest.fixture
async def client(application: Litestar) -> AsyncIterator[httpx2.AsyncClient]:
    """A caller over ASGI, at the server's public address; answers 500 instead of raising, as a server would."""
    transport = httpx2.ASGITransport(app=Telemetry(cast(Application, application)), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as caller:
        yield caller


@pytest.fixture
def person(client: httpx2.AsyncClient, platform: Platform, delivery: RememberedDelivery) -> PersonBuilder:
    """`await person()` is a signed-in resident with both consents."""
    return PersonBuilder(client, platform, delivery)


@pytest.fixture
def run_due(application: Litestar) -> RunDue:
    """Does everything that is due by the test's clock."""
    run: RunDue = application.state.due_queue.run_due
    return run
