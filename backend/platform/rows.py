"""Rows as mappings, column -> value: written, changed, and their history read. Table and columns are named by code, never by a caller."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backend.platform.database import Connection


async def insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    """Writes a row. Raises what its constraints raise. One round trip."""
    await connection.execute(_insert(table, row), *row.values())


async def insert_new(connection: Connection, table: str, row: Mapping[str, Any]) -> bool:
    """Writes a row unless a unique key says that it is there; gives whether it was written. One round trip."""
    return await connection.execute(f"{_insert(table, row)} ON CONFLICT DO NOTHING", *row.values()) == 1


async def change(connection: Connection, table: str, row_id: UUID, changes: Mapping[str, Any]) -> None:
    """Writes columns of the row of an id. One round trip."""
    settings = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, start=2))
    await connection.execute(f"UPDATE {table} SET {settings} WHERE id = $1", row_id, *changes.values())


def history(table: str, of: str, key: str, *columns: str) -> str:
    """A column `history` for a SELECT from `of`: the rows of `table` whose `key` is its id, oldest first, as JSON objects of `columns`."""
    pairs = ", ".join(f"'{column}', {column}" for column in columns)
    return (
        f"(SELECT COALESCE(jsonb_agg(jsonb_build_object({pairs}) ORDER BY id), '[]') "
        f"FROM {table} WHERE {table}.{key} = {of}.id) AS history"
    )


def _insert(table: str, row: Mapping[str, Any]) -> str:
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"
