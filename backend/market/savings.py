"""What people saved 已节省: the worth of what they redeemed, net of reversals. A deposit that was waived is no money saved."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.market import savings_store
from backend.platform.access import Access
from backend.platform.database import Connection
from partners.benefits.terms import Text


class Saved(msgspec.Struct, frozen=True):
    """What one person saved by one benefit in a month (2026-11): how often it was used, and fen."""

    subject_id: UUID
    benefit_id: str
    month: str
    uses: int
    saved_fen: int


async def saved_by(connection: Connection, access: Access, subject_id: UUID) -> list[Saved]:
    """Everything one person saved, newest month first. One round trip."""
    rows = await savings_store.of_person(connection, access, subject_id)
    return [Saved(row["subject_id"], row["benefit_id"], row["month"], row["uses"], row["saved_fen"]) for row in rows]


async def saved_by_many(
    connection: Connection, access: Access, month: str, span: tuple[datetime, datetime], after: UUID, most: int
) -> list[Saved]:
    """What the next `most` people after a subject saved in a month, whose instants are `span`. One round trip, and a row in the
    access log of each of them."""
    rows = await savings_store.of_many(connection, access, *span, after, most)
    return [Saved(row["subject_id"], row["benefit_id"], month, row["uses"], row["saved_fen"]) for row in rows]


async def benefit_names(connection: Connection, benefit_ids: Sequence[str]) -> dict[str, Text]:
    """The names of benefits, by id. One round trip."""
    rows = await savings_store.names(connection, benefit_ids)
    return {row["benefit_id"]: msgspec.convert(row["names"], Text) for row in rows}
