"""SQL of the records room."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row

_STAGED = (
    "id, subject_id, subject_kind, item, record_key, sequence, occurred_on, ends_on, retained_until, published_until, "
    "grade, amount, state, content_mark, sealed"
)
_CHANGED = (
    "sequence",
    "occurred_on",
    "ends_on",
    "retained_until",
    "published_until",
    "grade",
    "amount",
    "content_mark",
    "sealed",
)
_RECORD = (
    "record.subject_id, record.id, record.subject_kind, record.source_id, record.item, record.record_key, record.sequence, "
    "record.occurred_on, record.ends_on, record.retained_until, record.published_until, record.grade, record.amount, "
    "record.state, record.sealed, record.received_at, record.updated_at, record.corrected_at, source.name AS source_name"
)
# A later version, or the same version with other content, of the same subject's document. What an objection decided stands:
# nothing replaces a withdrawn record, and only a later version a corrected one.
_REPLACES = (
    "{stored}.subject_id = {given}.subject_id AND {stored}.state <> 'withdrawn' "
    "AND {stored}.content_mark <> {given}.content_mark AND ({given}.sequence > {stored}.sequence "
    "OR ({given}.sequence = {stored}.sequence AND {stored}.corrected_at IS NULL))"
)


async def add_source(
    connection: Connection, source_id: UUID, code: str, name: str, name_en: str, items: Sequence[str], now: datetime
) -> None:
    """Writes an active source."""
    await connection.execute(
        "INSERT INTO source (id, code, name, name_en, items, state, created_at) VALUES ($1, $2, $3, $4, $5, 'active', $6)",
        source_id,
        code,
        name,
        name_en,
        list(items),
        now,
    )


async def source(connection: Connection, source_id: UUID) -> Row | None:
    """One source."""
    return await connection.fetch_one("SELECT id, code, name, items, state FROM source WHERE id = $1", source_id)


async def sources(connection: Connection) -> list[Row]:
    """Every active source, by code."""
    return await connection.fetch(
        "SELECT id, code, name, name_en, items FROM source WHERE state = 'active' ORDER BY code"
    )


async def lock_source(connection: Connection, source_id: UUID) -> None:
    """Deliveries of one source follow each other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"delivery {source_id}")


async def stage(connection: Connection, delivery_id: UUID, rows: Iterable[Sequence[object]]) -> None:
    """COPY of rows in the order of the staging columns."""
    await connection.copy_in(
        "record_staging",
        ["delivery_id", *_STAGED.split(", ")],
        ((delivery_id, *row) for row in rows),
    )


async def merge_staged(connection: Connection, delivery_id: UUID, source_id: UUID, now: datetime) -> list[Row]:
    """Inserts new records and replaces older versions in one statement; gives key, subject and whether it is new.

    A record that is marked or hidden stays so: a new version changes what it says, not what was decided about it.
    """
    changes = ", ".join(f"{column} = excluded.{column}" for column in _CHANGED)
    return await connection.impersonal(
        "what a source's own delivery changed: keys and ids, no content",
        f"INSERT INTO record AS stored (source_id, received_at, updated_at, {_STAGED}) "
        f"SELECT $2, $3, $3, {_STAGED} FROM record_staging WHERE delivery_id = $1 ORDER BY record_key "
        f"ON CONFLICT (source_id, record_key) DO UPDATE SET {changes}, updated_at = excluded.updated_at, "
        "corrected_at = NULL, "
        "state = CASE WHEN stored.state IN ('active', 'archived') THEN excluded.state ELSE stored.state END "
        f"WHERE {_REPLACES.format(stored='stored', given='excluded')} "
        "RETURNING record_key, subject_id, subject_kind, retained_until, xmax = 0 AS is_new",
        delivery_id,
        source_id,
        now,
    )


async def verdicts(connection: Connection, delivery_id: UUID, source_id: UUID) -> list[Row]:
    """For the staged rows that replaced nothing, why: key and `moved` (of another subject), `older`, `same`, `withdrawn` or
    `corrected`. The rows that did replace something are `same` by now."""
    return await connection.impersonal(
        "compares a delivery with what the same source delivered before; no content is read",
        "SELECT record_staging.record_key, CASE WHEN record.subject_id <> record_staging.subject_id THEN 'moved' "
        "WHEN record.content_mark = record_staging.content_mark THEN 'same' "
        "WHEN record.sequence > record_staging.sequence THEN 'older' "
        "WHEN record.state = 'withdrawn' THEN 'withdrawn' ELSE 'corrected' END AS verdict "
        "FROM record_staging JOIN record ON record.source_id = $2 AND record.record_key = record_staging.record_key "
        "WHERE record_staging.delivery_id = $1",
        delivery_id,
        source_id,
    )


async def clear_staging(connection: Connection, delivery_id: UUID) -> None:
    """Empties the staging table of a delivery."""
    await connection.execute("DELETE FROM record_staging WHERE delivery_id = $1", delivery_id)


async def add_delivery(connection: Connection, values: Sequence[object]) -> None:
    """Writes a delivery: id, source, reference, time, and the counts of rows in the order of the table."""
    await connection.execute(
        "INSERT INTO delivery (id, source_id, reference, received_at, rows, accepted, replaced, unchanged, stale, returned) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        *values,
    )


async def add_returned_rows(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """COPY of returned rows: delivery, row number, item, key, reasons."""
    await connection.copy_in("returned_row", ("delivery_id", "row", "item", "record_key", "reasons"), rows)


async def delivery(connection: Connection, source_id: UUID, delivery_id: UUID) -> Row | None:
    """A delivery of a source."""
    return await connection.fetch_one("SELECT * FROM delivery WHERE id = $1 AND source_id = $2", delivery_id, source_id)


async def returned_rows(connection: Connection, delivery_id: UUID, after: int, limit: int) -> list[Row]:
    """Returned rows of a delivery with a number above `after`."""
    return await connection.fetch(
        'SELECT "row", item, record_key, reasons FROM returned_row WHERE delivery_id = $1 AND "row" > $2 '
        'ORDER BY "row" LIMIT $3',
        delivery_id,
        after,
        limit,
    )


async def facts(connection: Connection, access: Access, subject_ids: Sequence[UUID]) -> list[Row]:
    """What rules may know of the records of these subjects."""
    return await connection.read(
        access,
        "SELECT record.subject_id, record.id, record.item, record.occurred_on, "
        "LEAST(record.ends_on, record.retained_until) AS ends_on, record.state, record.grade, record.amount, source.name AS source_name FROM record JOIN source ON source.id = record.source_id "
        "WHERE record.subject_id = ANY($1)",
        list(subject_ids),
    )


async def facts_as_known(
    connection: Connection, access: Access, subject_ids: Sequence[UUID], at: datetime
) -> list[Row]:
    """The same as it was known at an instant: present records that have not changed since, and the versions of that instant."""
    columns = "item, occurred_on, LEAST(ends_on, retained_until) AS ends_on, state, grade, amount"
    return await connection.read(
        access,
        "SELECT known.*, source.name AS source_name FROM ("
        f"SELECT subject_id, id, source_id, {columns} FROM record WHERE subject_id = ANY($1) AND updated_at <= $2 UNION ALL "
        "SELECT version.subject_id, version.record_id, record.source_id, version.item, version.occurred_on, "
        "LEAST(version.ends_on, version.retained_until), version.state, version.grade, version.amount "
        "FROM record_version AS version JOIN record ON record.id = version.record_id WHERE version.subject_id = ANY($1) "
        "AND version.since <= $2 AND version.replaced_at > $2 AND version.item IS NOT NULL"
        ") AS known JOIN source ON source.id = known.source_id",
        list(subject_ids),
        at,
    )


async def records_of(
    connection: Connection, access: Access, subject_id: UUID, before: tuple[date, UUID] | None, limit: int
) -> list[Row]:
    """Records of a subject, newest act first, after a position."""
    day, record_id = before or (date.max, UUID(int=2**128 - 1))
    return await connection.read(
        access,
        f"SELECT {_RECORD} FROM record JOIN source ON source.id = record.source_id WHERE record.subject_id = $1 "
        "AND (record.occurred_on, record.id) < ($2, $3) ORDER BY record.occurred_on DESC, record.id DESC LIMIT $4",
        subject_id,
        day,
        record_id,
        limit,
    )


async def disclosed(
    connection: Connection, subject_id: UUID, items: Sequence[str], states: Sequence[str], today: date, limit: int
) -> list[Row]:
    """Records of an organisation inside their publicity period, newest act first."""
    return await connection.impersonal(
        "what the law opens to everybody about an organisation; never a record of a natural person",
        f"SELECT {_RECORD} FROM record JOIN source ON source.id = record.source_id WHERE record.subject_id = $1 "
        "AND record.subject_kind <> 'natural' AND record.item = ANY($2) AND record.state = ANY($3) "
        "AND record.published_until > $4 ORDER BY record.occurred_on DESC, record.id DESC LIMIT $5",
        subject_id,
        list(items),
        list(states),
        today,
        limit,
    )


async def record(connection: Connection, access: Access, record_id: UUID, *, lock: bool = False) -> Row | None:
    """One record; locked until the transaction ends if `lock`."""
    return await connection.read_one(
        access,
        f"SELECT {_RECORD} FROM record JOIN source ON source.id = record.source_id WHERE record.id = $1"
        + (" FOR UPDATE OF record" if lock else ""),
        record_id,
    )


async def own_record(
    connection: Connection, access: Access, subject_id: UUID, record_id: UUID, *, lock: bool = False
) -> Row | None:
    """A record of this subject and no other; locked until the transaction ends if `lock`."""
    return await connection.read_one(
        access,
        f"SELECT {_RECORD} FROM record JOIN source ON source.id = record.source_id "
        "WHERE record.id = $1 AND record.subject_id = $2" + (" FOR UPDATE OF record" if lock else ""),
        record_id,
        subject_id,
    )


async def move(connection: Connection, record_id: UUID, states: Sequence[str], state: str, now: datetime) -> bool:
    """Sets the state if the present one is among `states`."""
    touched = await connection.execute(
        "UPDATE record SET state = $3, updated_at = $4 WHERE id = $1 AND state = ANY($2)",
        record_id,
        list(states),
        state,
        now,
    )
    return touched == 1


async def rewrite(connection: Connection, record_id: UUID, values: Sequence[object], now: datetime) -> None:
    """Writes a corrected version: occurred, ends, retained, published, grade, amount, sealed, state."""
    await connection.execute(
        "UPDATE record SET occurred_on = $2, ends_on = $3, retained_until = $4, published_until = $5, grade = $6, "
        "amount = $7, sealed = $8, state = $9, updated_at = $10, corrected_at = $10 WHERE id = $1",
        record_id,
        *values,
        now,
    )


async def archive_due(
    connection: Connection, subject_ids: Sequence[UUID], states: Sequence[str], day: date, now: datetime
) -> set[UUID]:
    """Archives the records of these subjects whose time has passed; gives the natural persons among the subjects."""
    rows = await connection.impersonal(
        "ids only, for the scores that must be looked at again",
        "WITH due AS MATERIALIZED (SELECT id FROM record WHERE subject_id = ANY($1) AND state = ANY($2) "
        "AND retained_until <= $3 ORDER BY id FOR UPDATE) "
        "UPDATE record SET state = 'archived', updated_at = $4 FROM due WHERE record.id = due.id "
        "RETURNING record.subject_id, record.subject_kind",
        list(subject_ids),
        list(states),
        day,
        now,
    )
    return {row["subject_id"] for row in rows if row["subject_kind"] == "natural"}


async def next_retention(
    connection: Connection, subject_ids: Sequence[UUID], states: Sequence[str]
) -> dict[UUID, date]:
    """The next day on which a record of each subject is to be archived."""
    rows = await connection.impersonal(
        "dates for the due queue; nothing is shown to anybody",
        "SELECT subject_id, min(retained_until) AS day FROM record WHERE subject_id = ANY($1) AND state = ANY($2) "
        "GROUP BY subject_id",
        list(subject_ids),
        list(states),
    )
    return {row["subject_id"]: row["day"] for row in rows}
