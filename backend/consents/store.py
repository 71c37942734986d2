"""SQL of the consents room."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row
from backend.platform.questions import Question


async def close_open(
    connection: Connection, subject_id: UUID, kinds: Sequence[str], because: str, now: datetime
) -> int:
    """Ends the open consents of these kinds; gives their number."""
    return await connection.execute(
        "UPDATE consent SET ended_at = $3, ended_because = $4 "
        "WHERE subject_id = $1 AND kind = ANY($2) AND ended_at IS NULL",
        subject_id,
        list(kinds),
        now,
        because,
    )


async def add(
    connection: Connection,
    consent_id: UUID,
    subject_id: UUID,
    kind: str,
    text_version: int,
    starts_at: datetime,
    expires_at: datetime,
) -> None:
    """Writes a consent that starts now."""
    await connection.execute(
        "INSERT INTO consent (id, subject_id, kind, text_version, starts_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        consent_id,
        subject_id,
        kind,
        text_version,
        starts_at,
        expires_at,
    )


async def copy_consents(connection: Connection, rows: Iterable[tuple[object, ...]]) -> int:
    """COPY of consents: id, subject, kind, text version, start, expiry."""
    return await connection.copy_in(
        "consent", ("id", "subject_id", "kind", "text_version", "starts_at", "expires_at"), rows
    )


async def of_subject(connection: Connection, access: Access, subject_id: UUID) -> list[Row]:
    """Every consent of a subject, newest first."""
    return await connection.read(
        access,
        "SELECT subject_id, id, kind, text_version, starts_at, expires_at, ended_at, ended_because "
        "FROM consent WHERE subject_id = $1 ORDER BY starts_at DESC, id DESC",
        subject_id,
    )


async def subjects_in_force(
    connection: Connection, kind: str, subject_ids: Sequence[UUID], now: datetime
) -> dict[UUID, datetime]:
    """Which of these subjects have consented to `kind` now, and until when."""
    rows = await connection.impersonal(
        "whether the processing that follows is allowed at all; decides before anything about the person is read",
        "SELECT subject_id, expires_at FROM consent "
        "WHERE kind = $1 AND subject_id = ANY($2) AND ended_at IS NULL AND starts_at <= $3 AND expires_at > $3",
        kind,
        list(subject_ids),
        now,
    )
    return {row["subject_id"]: row["expires_at"] for row in rows}


async def was_in_force(connection: Connection, kind: str, subject_id: UUID, at: datetime) -> bool:
    """Whether a subject consented to `kind` at a past instant, also if that consent has ended since."""
    rows = await connection.impersonal(
        "whether the processing that follows is allowed at all; decides before anything about the person is read",
        "SELECT 1 FROM consent WHERE kind = $1 AND subject_id = $2 AND starts_at <= $3 "
        "AND LEAST(expires_at, COALESCE(ended_at, expires_at)) > $3 LIMIT 1",
        kind,
        subject_id,
        at,
    )
    return bool(rows)


def given(subject_ids: Sequence[UUID], now: datetime) -> Question[dict[UUID, dict[str, datetime]]]:
    """The kinds to which each of these subjects consents now, and when each consent was given."""

    def read(rows: list[Row]) -> dict[UUID, dict[str, datetime]]:
        found: dict[UUID, dict[str, datetime]] = {subject_id: {} for subject_id in subject_ids}
        for row in rows:
            found[row["subject_id"]][row["kind"]] = row["starts_at"]
        return found

    return Question.impersonal(
        "whether the processing that follows is allowed at all; decides before anything about the person is read",
        read,
        ("subject_id", "kind", "starts_at"),
        "SELECT subject_id, kind, starts_at FROM consent "
        "WHERE subject_id = ANY($1::uuid[]) AND ended_at IS NULL AND starts_at <= $2 AND expires_at > $2",
        list(subject_ids),
        now,
    )


async def forget(connection: Connection, subject_id: UUID) -> None:
    """Deletes every consent of a subject."""
    await connection.execute("DELETE FROM consent WHERE subject_id = $1", subject_id)
