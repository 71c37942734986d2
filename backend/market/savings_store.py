"""SQL of what people saved: the worth of what they redeemed, less what was taken back, by month of Asia/Shanghai."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row


async def of_person(connection: Connection, access: Access, subject_id: UUID) -> list[Row]:
    """What one person redeemed of each benefit in each month: how often, and what of it stands, in fen."""
    return await connection.read(
        access,
        "SELECT subject_id, benefit_id, to_char(redeemed_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, "
        "count(*) FILTER (WHERE state <> 'reversed') AS uses, sum(amount_fen - reversed_fen)::bigint AS saved_fen "
        "FROM redemption WHERE subject_id = $1 GROUP BY 1, 2, 3 ORDER BY month DESC, benefit_id",
        subject_id,
    )


async def of_many(
    connection: Connection, access: Access, begins: datetime, ends: datetime, after: UUID, most: int
) -> list[Row]:
    """The same between two instants, of the next `most` people after a subject."""
    return await connection.read(
        access,
        "SELECT subject_id, benefit_id, count(*) AS uses, sum(amount_fen - reversed_fen)::bigint AS saved_fen "
        "FROM redemption WHERE redeemed_at >= $1 AND redeemed_at < $2 AND state <> 'reversed' AND subject_id IN "
        "(SELECT DISTINCT subject_id FROM redemption WHERE subject_id > $3 AND redeemed_at >= $1 AND redeemed_at < $2 "
        "AND state <> 'reversed' ORDER BY subject_id LIMIT $4) GROUP BY 1, 2 ORDER BY 1, 2",
        begins,
        ends,
        after,
        most,
    )


async def names(connection: Connection, benefit_ids: Sequence[str]) -> list[Row]:
    """The names of benefits by their latest version that was ever published."""
    return await connection.fetch(
        "SELECT DISTINCT ON (benefit_id) benefit_id, terms->'names' AS names FROM benefit "
        "WHERE benefit_id = ANY($1::text[]) AND state <> 'draft' ORDER BY benefit_id, version DESC",
        list(benefit_ids),
    )
