"""Databases made and dropped on a running server: one for each test, copied from a template in milliseconds."""

from urllib.parse import urlsplit, urlunsplit

import asyncpg

# Every cluster has it, and nothing of ours is in it.
_MAINTENANCE = "postgres"


async def create_database(url: str, name: str, template: str | None = None) -> str:
    """Creates database `name` on the server of `url`, as a copy of `template` if one is named; gives its address.

    The template must have no connections. Raises asyncpg.DuplicateDatabaseError if the name is taken.
    """
    source = f" TEMPLATE {_quoted(template)} STRATEGY FILE_COPY" if template else ""
    await _execute(url, f"CREATE DATABASE {_quoted(name)}{source}")
    return _address(url, name)


async def drop_database(url: str, name: str) -> None:
    """Drops database `name` on the server of `url` if it exists, ending its connections."""
    await _execute(url, f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(_address(url, _MAINTENANCE))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _address(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
