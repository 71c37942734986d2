"""PostgreSQL: the pool, transactions, and the one way to read a person's data.

Piccolo declares the schema and runs its migrations; statements are plain SQL on asyncpg. A statement that returns rows
of a personal table goes through `Connection.read`, which writes the access log in the same statement; any other way
raises `AccessContextMissing`, so that an endpoint, a job or a store cannot forget it.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from backend.platform.access import Access, AccessContextMissing
from backend.platform.clock import Clock
from backend.platform.questions import Answers, Door, Question, composed
from backend.platform.refusal import Refusal

Row = Mapping[str, Any]

# The server is gone, going or not yet back: worth another try later, unlike a statement that is wrong.
CONNECTION_ERRORS = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    # A connection whose server died while it was handed out: "protocol is in the failed state".
    asyncpg.InternalClientError,
)

# Somebody else holds what this needs, or waits for what this holds: rolled back, and worth another try at once.
CONTENTION_ERRORS = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

# A word after a comma may be one more table of a FROM list; a column of that name is refused too, which errs on the safe side.
_SOURCE_TABLE = re.compile(
    r"(?:\b(?:from|join|using|update|table)\s+(?:only\s+)?|,\s*)(?:\"?public\"?\.)?\"?([a-z_]+)\b(?!\s*\.)",
    re.IGNORECASE,
)

_LOG_COLUMNS = "subject_id, at, actor_kind, actor, actor_name, action, purpose, ground, fields, outcome, request_id"


@lru_cache(maxsize=4096)
def source_tables(sql: str) -> frozenset[str]:
    """The tables that a statement may read rows from: after FROM, JOIN, USING, UPDATE, TABLE and commas."""
    return frozenset(name.lower() for name in _SOURCE_TABLE.findall(sql))


@lru_cache(maxsize=4096)
def _logged(sql: str, arguments: int) -> str:
    """`sql` wrapped so that the same statement writes one access row for every subject among its rows."""
    at = arguments + 1
    values = ", ".join(f"${number}" for number in range(at, at + 10))
    return (
        f"WITH read_rows AS MATERIALIZED ({sql}), "
        f"logged_rows AS (INSERT INTO access_entry ({_LOG_COLUMNS}) "
        f"SELECT subjects.subject_id, {values} FROM "
        f"(SELECT subject_id FROM read_rows UNION SELECT ${at + 10}::uuid) AS subjects "
        "WHERE subjects.subject_id IS NOT NULL) "
        "SELECT * FROM read_rows"
    )


@lru_cache(maxsize=1024)
def _logging(logged: tuple[int, ...], before: int) -> str:
    """What writes the access rows of composed questions: one for each subject and the access context at the row's `number`."""
    if not logged:
        return ""
    at = before + 1
    contexts = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate((*["text"] * 7, "uuid"), at + 3))
    names = "actor_kind, actor, actor_name, action, purpose, ground, request_id, subject, number"
    subjects = " UNION ".join(f"SELECT subject_id, number FROM question_{number}" for number in logged)
    return (
        f", contexts AS MATERIALIZED (SELECT * FROM unnest({contexts}) WITH ORDINALITY AS given({names})), "
        f"logged_rows AS (INSERT INTO access_entry ({_LOG_COLUMNS}) "
        f"SELECT seen.subject_id, ${at}, actor_kind, actor, actor_name, action, purpose, ground, ${at + 1}, ${at + 2}, "
        f"request_id FROM ({subjects} UNION SELECT subject, number FROM contexts) AS seen "
        "JOIN contexts USING (number) WHERE seen.subject_id IS NOT NULL ORDER BY number)"
    )


def _log_values(access: Access, at: datetime, outcome: str) -> tuple[Any, ...]:
    return (
        at,
        access.actor_kind.value,
        access.actor,
        access.actor_name,
        access.action,
        access.purpose,
        access.ground.value,
        list(access.fields),
        outcome,
        access.request_id,
    )


def _contexts(accesses: Sequence[Access], at: datetime) -> list[Any]:
    """The arguments of `_logging`. Raises ValueError for contexts that name different fields."""
    [fields] = {access.fields for access in accesses}
    return [
        at,
        list(fields),
        "ok",
        [access.actor_kind.value for access in accesses],
        [access.actor for access in accesses],
        [access.actor_name for access in accesses],
        [access.action for access in accesses],
        [access.purpose for access in accesses],
        [access.ground.value for access in accesses],
        [access.request_id for access in accesses],
        [access.subject for access in accesses],
    ]


class Connection:
    """One connection of the pool, inside a transaction or not; handed to every store function."""

    def __init__(self, connection: Any, clock: Clock, personal_tables: frozenset[str]) -> None:
        self._connection = connection
        self._clock = clock
        self._personal_tables = personal_tables
        self.reads: list[tuple[Access, frozenset[UUID]]] = []

    def now(self) -> datetime:
        """The present instant of the clock port."""
        return self._clock.now()

    async def read(self, access: Access, sql: str, *arguments: Any) -> list[Row]:
        """Rows of personal tables, and in the same statement one access row for each subject among them.

        The statement must return a column `subject_id`: whose data was read is taken from the rows, not from the caller.
        It may be a SELECT (also FOR UPDATE) or an INSERT, UPDATE or DELETE with RETURNING.
        """
        values = _log_values(access, self._clock.now(), "ok")
        rows: list[Row] = await self._connection.fetch(
            _logged(sql, len(arguments)), *arguments, *values, access.subject
        )
        subjects = {row["subject_id"] for row in rows} | {access.subject}
        self.reads.append((access, frozenset(subject for subject in subjects if subject is not None)))
        return rows

    async def read_one(self, access: Access, sql: str, *arguments: Any) -> Row | None:
        """The first row of `read`, or None."""
        rows = await self.read(access, sql, *arguments)
        return rows[0] if rows else None

    async def ask(self, *questions: Question[Any], accesses: Sequence[Access] = ()) -> Answers:
        """The answers to questions of several rooms, on behalf of one caller or of many. One round trip.

        A row of a logged question is read under the access context at its `number`, and in the same statement each
        context leaves one access row for each subject that was read under it. One statement reads the same fields for all
        callers. Raises AccessContextMissing if a personal table is read without a context.
        """
        logged = tuple(at for at, question in enumerate(questions) if question.door is Door.LOGGED)
        for question in questions:
            if question.door is Door.OPEN:
                self._refuse_personal(question.sql)
            elif question.door is Door.LOGGED and not accesses:
                raise AccessContextMissing(question.sql)
        arguments = [argument for question in questions for argument in question.arguments]
        sql = composed(
            tuple((question.sql, len(question.arguments)) for question in questions), _logging(logged, len(arguments))
        )
        if logged:
            arguments += _contexts(accesses, self._clock.now())
        row = await self._connection.fetchrow(sql, *arguments)
        found: dict[Question[Any], list[Row]] = {
            question: [dict(zip(question.columns, each, strict=True)) for each in row[at] or ()]
            for at, question in enumerate(questions)
        }
        self._remember(accesses, [each for at in logged for each in found[questions[at]]])
        return Answers(found)

    def _remember(self, accesses: Sequence[Access], rows: Iterable[Row]) -> None:
        """What was read of whom, should the transaction fail."""
        seen: list[set[UUID]] = [set() if access.subject is None else {access.subject} for access in accesses]
        for row in rows:
            if row["subject_id"] is not None:
                seen[row["number"] - 1].add(row["subject_id"])
        self.reads += [(access, frozenset(subjects)) for access, subjects in zip(accesses, seen, strict=True)]

    async def fetch(self, sql: str, *arguments: Any) -> list[Row]:
        """Rows of tables that hold nothing about a person.

        Raises AccessContextMissing if the statement reads a personal table.
        """
        self._refuse_personal(sql)
        rows: list[Row] = await self._connection.fetch(sql, *arguments)
        return rows

    async def fetch_one(self, sql: str, *arguments: Any) -> Row | None:
        """The first row of `fetch`, or None."""
        self._refuse_personal(sql)
        row: Row | None = await self._connection.fetchrow(sql, *arguments)
        return row

    async def fetch_value(self, sql: str, *arguments: Any) -> Any:
        """The first column of the first row of `fetch`, or None."""
        self._refuse_personal(sql)
        return await self._connection.fetchval(sql, *arguments)

    async def impersonal(self, reason: str, sql: str, *arguments: Any) -> list[Row]:
        """Rows drawn from personal tables that say nothing about one person: counts, or row ids for a job.

        `reason` says why no access row is due; a test lists every use of this door.
        """
        if not reason:
            raise AccessContextMissing(sql)
        rows: list[Row] = await self._connection.fetch(sql, *arguments)
        return rows

    async def execute(self, sql: str, *arguments: Any) -> int:
        """Runs a statement whose rows, if any, are not returned; gives the number of rows it touched."""
        status: str = await self._connection.execute(sql, *arguments)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def execute_many(self, sql: str, arguments: Iterable[Sequence[Any]]) -> None:
        """Runs one statement for each tuple of arguments, in one pipelined exchange."""
        if rows := list(arguments):
            await self._connection.executemany(sql, rows)

    async def copy_in(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """COPY of rows into a table; gives their number."""
        status: str = await self._connection.copy_records_to_table(table, columns=list(columns), records=rows)
        return int(status.rsplit(" ", 1)[-1])

    async def record_failed_reads(self, reads: list[tuple[Access, frozenset[UUID]]]) -> None:
        """Writes the access rows of an act that was rolled back after it had read: failed attempts are logged too."""
        at = self._clock.now()
        rows = [
            (subject, *_log_values(access, at, "failed")) for access, subjects in reads for subject in sorted(subjects)
        ]
        # asyncpg leaves a connection on which it executed nothing many times inside an implicit transaction.
        if rows:
            await self._connection.executemany(
                f"INSERT INTO access_entry ({_LOG_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", rows
            )

    def _refuse_personal(self, sql: str) -> None:
        touched = source_tables(sql) & self._personal_tables
        if touched:
            raise AccessContextMissing(f"{', '.join(sorted(touched))}: {sql}")


async def _keep_session(_: Any) -> None:
    """The pool's reset does nothing: no room uses SET or session advisory locks, and the reset query costs half a fetch."""


def _encode_json(value: Any) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _decode_json(value: bytes) -> Any:
    return msgspec.json.decode(value[1:])


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_json, decoder=_decode_json, format="binary"
    )


class Database:
    """The pool of connections to one PostgreSQL database.

    Every commit waits for the disk, unless `durable` is false: then a machine that fails loses the last moments, which only
    a simulation may.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        personal_tables: frozenset[str],
        maximum_connections: int = 16,
        *,
        durable: bool = True,
    ) -> None:
        self.url = url
        self.clock = clock
        self.personal_tables = personal_tables
        self.maximum_connections = maximum_connections
        self._durable = durable
        self._pool: Any = None

    async def open(self) -> None:
        """Opens the pool. Raises Refusal in one sentence if the server cannot be reached or does not let us in."""
        server_settings = {"application_name": "xinyi", "lock_timeout": "5000", "timezone": "UTC"}
        if not self._durable:
            server_settings["synchronous_commit"] = "off"
        try:
            self._pool = await asyncpg.create_pool(
                self.url,
                min_size=1,
                max_size=self.maximum_connections,
                init=_prepare,
                reset=_keep_session,
                timeout=10,
                server_settings=server_settings,
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ValueError) as error:
            reason = type(error).__name__
            raise Refusal(
                f"连接不上数据库（{reason}），请检查 DATABASE_URL 和数据库是否在运行。",
                f"The database cannot be reached ({reason}): check DATABASE_URL and whether the server runs.",
            ) from None

    async def close(self) -> None:
        """Closes the pool; calling it twice is harmless."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside a transaction: each statement commits by itself."""
        async with self._pool.acquire() as raw:
            yield Connection(raw, self.clock, self.personal_tables)

    @asynccontextmanager
    async def transaction(self, *, snapshot: bool = False, tentative: bool = False) -> AsyncIterator[Connection]:
        """One act, one transaction: commits at the end, rolls back on any exception.

        With `snapshot` all its statements see the database as it was at the first of them.
        What the act had read of a person before it failed stays in that person's log as a failed attempt; unless it is
        `tentative`: then nobody was told anything, and whoever opened it does the same again, act by act.
        """
        async with self._pool.acquire() as raw:
            connection = Connection(raw, self.clock, self.personal_tables)
            try:
                async with raw.transaction(isolation="repeatable_read" if snapshot else None):
                    yield connection
            except BaseException:
                if connection.reads and not tentative and not raw.is_closed():
                    await connection.record_failed_reads(connection.reads)
                raise

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[Any]:
        """A raw asyncpg connection of its own, for LISTEN and for session advisory locks."""
        raw = await asyncpg.connect(self.url, server_settings={"application_name": "xinyi-listener", "timezone": "UTC"})
        try:
            yield raw
        finally:
            await raw.close()
