"""Servers as in production: every commit is on the disk."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backend.platform.embedded import EmbeddedServices, create_database, drop_database
from backend.platform.keys import ensure_first_keys
from backend.platform.settings import Settings
from backend.schema import create_declared
from tests.conftest import MASTER_KEY, PUBLIC_URL, database_named
from tests.faults import parts


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServices]:
    """PostgreSQL with fsync, and Valkey."""
    with EmbeddedServices(Path(tmp_path_factory.mktemp("durable"))) as running:
        yield running


@pytest.fixture
async def fault_settings(durable: EmbeddedServices, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings on a database with the whole schema and first keys."""
    name = f"fault_{secrets.token_hex(6)}"
    await create_database(durable.database_url, name)
    settings = Settings(
        data_directory=tmp_path,
        database_url=database_named(durable.database_url, name),
        redis_url=durable.redis_url,
        master_key=MASTER_KEY,
        public_url=PUBLIC_URL,
        log_level="critical",
        message_delivery="silent",
    )
    await create_declared(settings.database_url)
    async with parts.opened(settings) as platform, platform.database.transaction() as connection:
        await ensure_first_keys(connection, platform.cipher, platform.clock.now())
    yield settings
    await drop_database(durable.database_url, name)
