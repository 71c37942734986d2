"""The database schema: Piccolo's migrations, run once at a time, and the schema as the rooms declare it, to check them against."""

import contextlib
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.table import Table

from backend.platform.refusal import Refusal
from backend.rooms import CONSTRAINTS, TABLES

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x6D696772617465
_OLDEST_POSTGRESQL = 150000


@contextlib.asynccontextmanager
async def engine(url: str) -> AsyncIterator[tuple[PostgresEngine, Any]]:
    """Piccolo's engine, with everything it runs inside one transaction on one connection under the migration lock."""
    from backend import piccolo_conf

    try:
        raw = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reason = type(error).__name__
        raise Refusal(
            f"连接不上数据库（{reason}），请检查 DATABASE_URL 和数据库是否在运行。",
            f"The database cannot be reached ({reason}): check DATABASE_URL and whether the server runs.",
        ) from None
    try:
        if raw.get_server_version().major * 10000 < _OLDEST_POSTGRESQL:
            raise Refusal("需要 PostgreSQL 15 或更高版本。", "PostgreSQL 15 or later is needed.")
        os.environ["PICCOLO_CONF"] = "backend.piccolo_conf"
        opened = PostgresEngine({"dsn": url})
        piccolo_conf.DB = opened
        # Piccolo's tables remember the first engine they met, which in this process may have been another database's.
        remembered: list[type[Table]] = [Migration, *TABLES]
        for table in remembered:
            table._meta.db = opened
        async with raw.transaction():
            await raw.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            # Piccolo's own transaction leaks its connection when a COMMIT fails; it joins this one instead.
            token = opened.current_transaction.set(cast(PostgresTransaction, _OuterTransaction(raw)))
            try:
                yield opened, raw
            finally:
                opened.current_transaction.reset(token)
    finally:
        await raw.close()


class _OuterTransaction(SimpleNamespace):
    """What Piccolo asks of a transaction it finds itself in: the connection, and nesting that does nothing."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection=connection, _parent=None)

    def get_parent(self) -> "_OuterTransaction":
        return self


async def migrate(url: str) -> str:
    """Brings the database to the newest schema; safe to run from several processes at once. Gives Piccolo's report.

    Raises Refusal if the database cannot be reached or is older than PostgreSQL 15.
    """
    report = io.StringIO()
    async with engine(url):
        with contextlib.redirect_stdout(report):
            result = await run_forwards("xinyi")
        if not result.success:
            raise Refusal(f"数据库迁移失败：{result.message}", f"The migration failed: {result.message}")
    return report.getvalue()


async def pending_migrations(url: str) -> list[str]:
    """The migrations that have not run on this database. Raises Refusal if it cannot be reached."""
    wanted = sorted(path.stem for path in MIGRATIONS.glob("xinyi_*.py"))
    async with engine(url) as (_, raw):
        if await raw.fetchval("SELECT to_regclass('migration')") is None:
            return wanted
        done = {row["name"] for row in await raw.fetch("SELECT name FROM migration WHERE app_name = 'xinyi'")}
    return [name for name in wanted if name.replace("xinyi_", "", 1) not in {_plain(each) for each in done}]


def _plain(migration: str) -> str:
    """A migration's name as its file writes it: Piccolo's ids are timestamps with other separators."""
    return "".join(character if character.isalnum() else "_" for character in migration.lower())


async def create_declared(url: str) -> None:
    """The schema as the rooms declare it, in an empty database: what the migrations must add up to."""
    async with engine(url) as (_, raw):
        for table in TABLES:
            await table.create_table(if_not_exists=False).run()  # type: ignore[no-untyped-call]
        for statement in CONSTRAINTS:
            await raw.execute(statement)
