"""Rows as mappings: written once, changed by their id, and read back with their history."""

from uuid import UUID

import asyncpg
import pytest

from backend.platform import rows
from backend.platform.access import AccessContextMissing
from backend.platform.database import Database
from backend.platform.platform import Platform

FIRST, SECOND = UUID(int=1), UUID(int=2)


async def test_a_row_is_written_once_changed_and_read_with_its_history(platform: Platform) -> None:
    async with platform.database.transaction() as connection:
        await connection.execute("CREATE TEMP TABLE thing (id uuid PRIMARY KEY, name text, size bigint) ON COMMIT DROP")
        await connection.execute(
            "CREATE TEMP TABLE thing_history (id bigserial, thing_id uuid, event text, note text) ON COMMIT DROP"
        )
        assert await rows.insert_new(connection, "thing", {"id": FIRST, "name": "one", "size": 1})
        assert not await rows.insert_new(connection, "thing", {"id": FIRST, "name": "another", "size": 2})
        await rows.insert(connection, "thing", {"size": 7, "id": SECOND, "name": "two"})
        await rows.change(connection, "thing", FIRST, {"size": 3, "name": "first"})
        for event in ("made", "moved"):
            await rows.insert(connection, "thing_history", {"thing_id": FIRST, "event": event, "note": None})
        history = rows.history("thing_history", "thing", "thing_id", "event", "note")
        found = await connection.fetch(f"SELECT name, size, {history} FROM thing ORDER BY name")
        assert [dict(row) for row in found] == [
            {
                "name": "first",
                "size": 3,
                "history": [{"event": "made", "note": None}, {"event": "moved", "note": None}],
            },
            {"name": "two", "size": 7, "history": []},
        ]


async def test_a_row_that_is_there_breaks_its_key_and_a_personal_history_has_one_door(platform: Platform) -> None:
    async with platform.database.connection() as connection:
        await connection.execute("CREATE TEMP TABLE thing (id uuid PRIMARY KEY)")
        await rows.insert(connection, "thing", {"id": FIRST})
        with pytest.raises(asyncpg.UniqueViolationError):
            await rows.insert(connection, "thing", {"id": FIRST})
        await connection.execute("DROP TABLE thing")
    history = rows.history("objection_history", "objection", "objection_id", "event")
    async with platform.database.connection() as connection:
        with pytest.raises(AccessContextMissing):
            await connection.fetch(f"SELECT id, {history} FROM objection")


@pytest.mark.parametrize("durable", [True, False])
async def test_only_a_simulation_does_not_wait_for_the_disk(platform: Platform, durable: bool) -> None:
    database = Database(platform.database.url, platform.clock, frozenset(), 1, durable=durable)
    await database.open()
    try:
        async with database.connection() as connection:
            [row] = await connection.fetch("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")
    finally:
        await database.close()
    assert ((row["setting"], row["source"]) == ("off", "client")) is not durable
