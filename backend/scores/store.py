"""SQL of the scores room."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row
from backend.platform.questions import Question


async def people_by_rank(connection: Connection) -> list[Row]:
    """How many people have a score, by the rank of its level."""
    return await connection.impersonal(
        "people counted by level, to assess changed terms before they are published; nobody is read",
        "SELECT level_rank, count(*) AS people FROM score GROUP BY level_rank",
    )


async def present(connection: Connection, access: Access, subject_id: UUID) -> Row | None:
    """The score of a subject, and whether work on it is due."""
    return await connection.read_one(
        access,
        "SELECT score.*, EXISTS (SELECT 1 FROM due_work WHERE due_work.topic = 'score' AND due_work.key = score.subject_id "
        "AND due_work.due_at <= $2) AS pending FROM score WHERE score.subject_id = $1",
        subject_id,
        connection.now(),
    )


def ranks(subject_ids: Sequence[UUID]) -> Question[list[int | None]]:
    """The level's rank alone of each of these subjects, read under the access context at its place."""

    def read(rows: list[Row]) -> list[int | None]:
        found = {row["number"]: int(row["level_rank"]) for row in rows}
        return [found.get(number) for number in range(1, len(subject_ids) + 1)]

    return Question.logged(
        read,
        ("number", "subject_id", "level_rank"),
        "SELECT asked.number, asked.subject_id, score.level_rank FROM unnest($1::uuid[]) WITH ORDINALITY "
        "AS asked(subject_id, number) JOIN score ON score.subject_id = asked.subject_id",
        list(subject_ids),
    )


async def history(
    connection: Connection, access: Access, subject_id: UUID, before: int | None, limit: int
) -> list[Row]:
    """Changes of a score, newest first."""
    return await connection.read(
        access,
        "SELECT subject_id, id, at, rule_set, version, before, after, level_rank FROM score_change "
        "WHERE subject_id = $1 AND id < COALESCE($2, 9223372036854775807) ORDER BY id DESC LIMIT $3",
        subject_id,
        before,
        limit,
    )


async def stored(connection: Connection, subject_ids: Sequence[UUID]) -> list[Row]:
    """The scores as they are stored, to be compared with new ones and never shown."""
    return await connection.impersonal(
        "compared with the recomputed score in the same transaction; the recomputation itself is logged",
        "SELECT subject_id, rule_set, version, millipoints, level_rank, lines, not_counted, as_of, next_change_on "
        "FROM score WHERE subject_id = ANY($1)",
        list(subject_ids),
    )


async def write_differences(
    connection: Connection,
    rule_set: str,
    version: str,
    day: date,
    now: datetime,
    scores: Sequence[Mapping[str, object]],
) -> int:
    """Writes the scores that differ from what is stored, and a change for those with other points; gives how many differed.

    A score has subject_id, millipoints, level_rank, lines, not_counted, held and next_change_on. One round trip.
    """
    [found] = await connection.impersonal(
        "compared with the recomputed score in the same statement; the recomputation itself is logged",
        "WITH differing AS MATERIALIZED (SELECT given.*, score.millipoints AS before FROM jsonb_to_recordset($5) AS given("
        "subject_id uuid, millipoints int, level_rank smallint, lines jsonb, not_counted jsonb, held jsonb, "
        "next_change_on date) "
        "LEFT JOIN score USING (subject_id) "
        "WHERE (score.rule_set, score.version, score.millipoints, score.level_rank, score.next_change_on, score.lines, "
        "score.not_counted, score.held) IS DISTINCT FROM ($1, $2, given.millipoints, given.level_rank, given.next_change_on, "
        "given.lines, given.not_counted, given.held)), "
        "written AS (INSERT INTO score (subject_id, rule_set, version, millipoints, level_rank, lines, not_counted, held, as_of, "
        "next_change_on, computed_at) SELECT subject_id, $1, $2, millipoints, level_rank, lines, not_counted, held, $3, "
        "next_change_on, $4 FROM differing "
        "ON CONFLICT (subject_id) DO UPDATE SET rule_set = excluded.rule_set, version = excluded.version, "
        "millipoints = excluded.millipoints, level_rank = excluded.level_rank, lines = excluded.lines, "
        "not_counted = excluded.not_counted, held = excluded.held, as_of = excluded.as_of, next_change_on = excluded.next_change_on, "
        "computed_at = excluded.computed_at), "
        "changes AS (INSERT INTO score_change (subject_id, at, rule_set, version, before, after, level_rank) "
        "SELECT subject_id, $4, $1, $2, before, millipoints, level_rank FROM differing "
        "WHERE before IS DISTINCT FROM millipoints) "
        "SELECT count(*) AS differing FROM differing",
        rule_set,
        version,
        day,
        now,
        list(scores),
    )
    return int(found["differing"])


async def forget(connection: Connection, subject_ids: Sequence[UUID]) -> None:
    """Deletes scores with explanation and history."""
    await connection.execute("DELETE FROM score WHERE subject_id = ANY($1)", list(subject_ids))
    await connection.execute("DELETE FROM score_change WHERE subject_id = ANY($1)", list(subject_ids))


async def all_subjects(connection: Connection, after: UUID, limit: int) -> list[UUID]:
    """Subject ids of people, in order, a page at a time."""
    rows = await connection.fetch(
        "SELECT id FROM subject WHERE kind = 'person' AND id > $1 ORDER BY id LIMIT $2", after, limit
    )
    return [row["id"] for row in rows]


async def computed_otherwise(
    connection: Connection, rule_set: str, version: str, after: UUID, limit: int
) -> list[UUID]:
    """Subjects whose score was computed by another version of the rules, in order, a page at a time."""
    rows = await connection.impersonal(
        "ids only, for the scores that must be looked at again",
        "SELECT subject_id FROM score WHERE subject_id > $3 AND (rule_set, version) IS DISTINCT FROM ($1, $2) "
        "ORDER BY subject_id LIMIT $4",
        rule_set,
        version,
        after,
        limit,
    )
    return [row["subject_id"] for row in rows]


async def count_people(connection: Connection) -> int:
    """How many people there are."""
    return int(await connection.fetch_value("SELECT count(*) FROM subject WHERE kind = 'person'"))


async def waiting(connection: Connection, topic: str, subject_ids: Sequence[UUID], until: datetime) -> set[UUID]:
    """Whose score the due queue computes by `until`; without those on whom it has failed, which nothing is about to change."""
    rows = await connection.fetch(
        "SELECT key FROM due_work WHERE topic = $1 AND key = ANY($2) AND due_at <= $3 AND attempts = 0",
        topic,
        list(subject_ids),
        until,
    )
    return {row["key"] for row in rows}


async def add_reconciliation(
    connection: Connection, started_at: datetime, checked: int, waiting: int, differences: int, subjects: Sequence[UUID]
) -> None:
    """Writes down how a reconciliation went; those of more than 90 days ago go."""
    await connection.execute(
        "INSERT INTO score_reconciliation (started_at, finished_at, checked, waiting, differences, subjects) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        started_at,
        connection.now(),
        checked,
        waiting,
        differences,
        list(subjects),
    )
    await connection.execute(
        "DELETE FROM score_reconciliation WHERE finished_at < $1::timestamptz - interval '90 days'", connection.now()
    )


async def last_reconciliation(connection: Connection) -> Row | None:
    """How the last reconciliation went."""
    return await connection.fetch_one(
        "SELECT finished_at, checked, waiting, differences, subjects FROM score_reconciliation ORDER BY id DESC LIMIT 1"
    )


async def forget_reconciled(connection: Connection, subject_id: UUID) -> None:
    """Takes the id of somebody who leaves out of the lists of differences."""
    await connection.execute(
        "UPDATE score_reconciliation SET subjects = array_remove(subjects, $1) WHERE $1 = ANY(subjects)", subject_id
    )
