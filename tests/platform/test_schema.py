"""The migrations add up to what the rooms declare, and run once however often they are asked to."""

import asyncio
import multiprocessing
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import asyncpg
import pytest

from backend.platform.embedded import create_database, drop_database
from backend.platform.refusal import Refusal
from backend.schema import migrate, pending_migrations
from tests.conftest import Services, database_named

SHAPES = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default IS NOT NULL, is_identity "
    "FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "tables": "SELECT relname, relpersistence::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
}


@pytest.fixture
async def empty_database(services: Services) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"test_{secrets.token_hex(6)}"
    await create_database(services.database_url, name)
    yield database_named(services.database_url, name)
    await drop_database(services.database_url, name)


async def shape_of(url: str) -> dict[str, set[tuple[Any, ...]]]:
    """What there is in a database, Piccolo's own list of migrations left out."""
    connection = await asyncpg.connect(url)
    try:
        found = {name: {tuple(row) for row in await connection.fetch(query)} for name, query in SHAPES.items()}
    finally:
        await connection.close()
    return {name: {row for row in rows if row[0] != "migration"} for name, rows in found.items()}


def migrate_alone(url: str) -> None:
    """What one process does."""
    asyncio.run(migrate(url))


async def test_the_migrations_add_up_to_what_the_rooms_declare(empty_database: str, database_url: str) -> None:
    assert await pending_migrations(empty_database) != []
    await migrate(empty_database)
    assert await pending_migrations(empty_database) == []
    migrated, declared = await shape_of(empty_database), await shape_of(database_url)
    for name in SHAPES:
        assert migrated[name] == declared[name], f"{name}: {migrated[name] ^ declared[name]}"


async def test_four_processes_that_migrate_at_once_all_succeed(empty_database: str) -> None:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as processes:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(processes, migrate_alone, empty_database) for _ in range(4)))
    assert await pending_migrations(empty_database) == []


async def test_one_process_migrates_two_databases(empty_database: str, services: Services) -> None:
    name = f"test_{secrets.token_hex(6)}"
    await migrate(await create_database(services.database_url, name))
    await drop_database(services.database_url, name)
    await migrate(empty_database)
    assert await pending_migrations(empty_database) == []


async def test_a_database_that_is_not_there_is_refused_in_one_sentence(services: Services) -> None:
    with pytest.raises(Refusal) as refused:
        await migrate(database_named(services.database_url, "nowhere"))
    assert "DATABASE_URL" in refused.value.chinese
