"""SQL of reviews and figures. Every read of a review takes an access context; figures are about nobody."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.platform import rows
from backend.platform.access import Access
from backend.platform.database import Connection, Row
from partners.reviews.figures import Figures

_REVIEW = (
    "subject_id, id, partner_id, benefit_id, verification_id, visited_at, stars, kept, waiting, words_sealed, filed_at"
)
_FIGURES = "partner_id, until_day, from_day, people, points, honoured, otherwise, refused, waited, rating_permille"


class NewReview(msgspec.Struct, frozen=True, kw_only=True):
    """The row of a review, its columns in the order in which they are written."""

    id: UUID
    subject_id: UUID
    partner_id: UUID
    benefit_id: str
    verification_id: UUID
    visited_at: datetime
    stars: int
    kept: str
    waiting: str
    words_sealed: bytes | None
    filed_at: datetime


async def add(connection: Connection, row: NewReview) -> bool:
    """Writes a review; False if there is one of that visit."""
    return await rows.insert_new(connection, "review", msgspec.structs.asdict(row))


async def of_subject(
    connection: Connection, access: Access, subject_id: UUID, before: UUID | None, limit: int
) -> list[Row]:
    """Up to `limit` reviews of a person, newest first."""
    return await connection.read(
        access,
        f"SELECT {_REVIEW} FROM review WHERE subject_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        subject_id,
        before,
        limit,
    )


async def withdraw(connection: Connection, subject_id: UUID, review_id: UUID) -> bool:
    """Deletes a person's own review; False if there is none."""
    deleted = await connection.execute("DELETE FROM review WHERE id = $1 AND subject_id = $2", review_id, subject_id)
    return deleted == 1


async def forget(connection: Connection, subject_id: UUID) -> None:
    """Deletes every review of a person."""
    await connection.execute("DELETE FROM review WHERE subject_id = $1", subject_id)


async def with_words(
    connection: Connection, access: Access, partner_id: UUID, before: UUID | None, limit: int
) -> list[Row]:
    """Up to `limit` reviews of a partner that have words, newest first."""
    return await connection.read(
        access,
        f"SELECT {_REVIEW} FROM review WHERE partner_id = $1 AND words_sealed IS NOT NULL "
        "AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        partner_id,
        before,
        limit,
    )


async def counted(
    connection: Connection, partner_id: UUID, since: datetime, until: datetime, new_from: datetime
) -> list[Row]:
    """What people wrote of a partner in a time, and how many wrote just that: each person's last review of that time. `fresh`
    is how many of them wrote it since `new_from`."""
    return await connection.impersonal(
        "how many people gave the same review; nothing is made of it unless they are ten together, and who they are is not read",
        "SELECT stars, kept, waiting, count(*) AS people, count(*) FILTER (WHERE filed_at >= $4) AS fresh FROM "
        "(SELECT DISTINCT ON (subject_id) stars, kept, waiting, filed_at FROM review WHERE partner_id = $1 "
        "AND filed_at >= $2 AND filed_at < $3 ORDER BY subject_id, filed_at DESC, id DESC) AS latest "
        "GROUP BY stars, kept, waiting",
        partner_id,
        since,
        until,
        new_from,
    )


async def reviewed(connection: Connection, since: datetime, until: datetime, until_day: date) -> list[UUID]:
    """Partners that have a review of a time, and no figures drawn for it."""
    found = await connection.impersonal(
        "which partners were reviewed at all",
        "SELECT DISTINCT partner_id FROM review WHERE filed_at >= $1 AND filed_at < $2 AND NOT EXISTS (SELECT FROM "
        "partner_figures WHERE partner_figures.partner_id = review.partner_id AND until_day = $3) ORDER BY partner_id",
        since,
        until,
        until_day,
    )
    return [row["partner_id"] for row in found]


async def add_figures(
    connection: Connection,
    partner_id: UUID,
    from_day: date,
    until_day: date,
    figures: Figures | None,
    rating: int | None,
    now: datetime,
) -> bool:
    """Writes what was counted for a month, or that nothing may be shown; False if the month was drawn before."""
    counts = (
        (None,) * 6
        if figures is None
        else (
            figures.people, figures.points, figures.honoured, figures.otherwise, figures.refused,
            {str(bucket): people for bucket, people in figures.waited.items()},
        )
    )  # fmt: skip
    written = await connection.execute(
        f"INSERT INTO partner_figures ({_FIGURES}, drawn_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
        "ON CONFLICT DO NOTHING",
        partner_id,
        until_day,
        from_day,
        *counts,
        rating,
        now,
    )
    return written == 1


async def latest_figures(connection: Connection, partner_ids: Sequence[UUID], since: date) -> list[Row]:
    """The last figures of each of these partners that may be shown, if they reach at least to `since`."""
    return await connection.fetch(
        f"SELECT DISTINCT ON (partner_id) {_FIGURES} FROM partner_figures WHERE partner_id = ANY($1::uuid[]) "
        "AND people IS NOT NULL AND until_day >= $2 ORDER BY partner_id, until_day DESC",
        list(partner_ids),
        since,
    )


async def every_figures(connection: Connection) -> list[Row]:
    """Everything that was ever drawn and may be shown, for the audit."""
    return await connection.fetch(f"SELECT {_FIGURES} FROM partner_figures WHERE people IS NOT NULL")


async def people_left(connection: Connection, partner_id: UUID, since: datetime, until: datetime) -> int:
    """How many people have a review of that time that still stands."""
    [row] = await connection.impersonal(
        "a count, to compare it with what was drawn; who they are is not read",
        "SELECT count(DISTINCT subject_id) AS people FROM review WHERE partner_id = $1 AND filed_at >= $2 AND filed_at < $3",
        partner_id,
        since,
        until,
    )
    return int(row["people"])
