"""SQL of applications. Nothing here is about a person but the accounts of staff who propose."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.platform.database import Connection, Row

_APPLICATION = (
    "SELECT partner.id AS partner_id, application.enterprise_id, name, name_en, credit_code, state, scenes, stores, "
    "benefits, proposal, proposed_by, because, report, applied_at, "
    "(SELECT COALESCE(jsonb_agg(jsonb_build_object('event', event, 'before', before, 'after', after, "
    "'because', partner_history.because, 'at', at) ORDER BY partner_history.id), '[]') FROM partner_history "
    "WHERE partner_id = partner.id) AS history "
    "FROM partner_application AS application JOIN partner ON partner.id = application.partner_id "
)


async def add(
    connection: Connection,
    partner_id: UUID,
    enterprise_id: UUID,
    stores: Any,
    benefits: Sequence[str],
    now: datetime,
) -> None:
    """Writes an application."""
    await connection.execute(
        "INSERT INTO partner_application (partner_id, enterprise_id, stores, benefits, applied_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        partner_id,
        enterprise_id,
        stores,
        list(benefits),
        now,
    )


async def of_enterprise(connection: Connection, enterprise_id: UUID) -> Row | None:
    """The application of an enterprise."""
    return await connection.fetch_one(f"{_APPLICATION} WHERE application.enterprise_id = $1", enterprise_id)


async def one(connection: Connection, partner_id: UUID) -> Row | None:
    """An application, locked with its partner."""
    return await connection.fetch_one(
        f"{_APPLICATION} WHERE partner.id = $1 FOR UPDATE OF application, partner", partner_id
    )


async def page(connection: Connection, state: str | None, before: UUID | None, limit: int) -> list[Row]:
    """Up to `limit` applications, newest first."""
    return await connection.fetch(
        f"{_APPLICATION} WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR partner.id < $2) "
        "ORDER BY partner.id DESC LIMIT $3",
        state,
        before,
        limit,
    )


async def propose(
    connection: Connection, partner_id: UUID, proposal: str | None, proposed_by: UUID | None, because: str | None
) -> None:
    """Writes what is proposed, or with None that nothing is any more."""
    await connection.execute(
        "UPDATE partner_application SET proposal = $2, proposed_by = $3, because = $4 WHERE partner_id = $1",
        partner_id,
        proposal,
        proposed_by,
        because,
    )


async def put_report(connection: Connection, partner_id: UUID, report: Any, now: datetime) -> bool:
    """Keeps the last report of a partner that applied; False without an application."""
    changed = await connection.execute(
        "UPDATE partner_application SET report = $2, reported_at = $3 WHERE partner_id = $1", partner_id, report, now
    )
    return changed == 1
