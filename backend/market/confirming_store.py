"""SQL of verifications that wait for their holder. Every read of a person takes an access context."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.market.store import NewVerification
from backend.platform.access import Access
from backend.platform.database import Connection, Row

_WAITING = (
    "SELECT subject_id, account_id, id, partner_id, terminal, benefit_id, benefit_version, result, reason, tier_value, "
    "amount_fen, partner_ref, ephemeral_ref, answered_at, confirm_by, request_mark, "
    "(SELECT terms FROM benefit WHERE benefit.benefit_id = verification.benefit_id "
    "AND benefit.version = verification.benefit_version) AS terms FROM verification WHERE state = 'pending-confirmation' "
)


async def waiting_of(connection: Connection, access: Access, subject_id: UUID, now: datetime) -> list[Row]:
    """What a person is asked now, oldest first."""
    return await connection.read(
        access, f"{_WAITING} AND subject_id = $1 AND confirm_by > $2 ORDER BY id", subject_id, now
    )


async def waiting_for_update(
    connection: Connection, access: Access, subject_id: UUID, verification_id: UUID, now: datetime
) -> Row | None:
    """One of them, locked until the transaction ends."""
    return await connection.read_one(
        access,
        f"{_WAITING} AND subject_id = $1 AND id = $2 AND confirm_by > $3 FOR UPDATE OF verification",
        subject_id,
        verification_id,
        now,
    )


async def overdue_for_update(connection: Connection, access: Access, ids: Sequence[UUID], now: datetime) -> list[Row]:
    """Those of `ids` whose time is over, in order, locked until the transaction ends. Their holders may have left."""
    return await connection.read(
        access,
        f"{_WAITING} AND id = ANY($1::uuid[]) AND confirm_by <= $2 ORDER BY id FOR UPDATE OF verification",
        ids,
        now,
    )


async def keep_signature(
    connection: Connection, verification_id: UUID, subject_id: UUID, device_id: UUID, signature: str, now: datetime
) -> None:
    """Keeps what the holder's device signed."""
    await connection.execute(
        "INSERT INTO confirmation (verification_id, subject_id, device_id, signature, signed_at) VALUES ($1, $2, $3, $4, $5)",
        verification_id,
        subject_id,
        device_id,
        signature,
        now,
    )


async def answer(
    connection: Connection, access: Access, answered: NewVerification, confirmed_at: datetime | None
) -> None:
    """Answers a verification that waited, and tells its holder so; of one who has left, no reason is kept."""
    await connection.read(
        access,
        "UPDATE verification SET state = 'answered', result = $2, reason = CASE WHEN subject_id IS NULL THEN NULL ELSE $3::jsonb END, "
        "tier_value = $4, receipt = $5, answered_at = $6, expires_at = $7, confirmed_at = $8, request_mark = NULL "
        "WHERE id = $1 RETURNING subject_id",
        answered.id,
        answered.result,
        answered.reason,
        answered.tier_value,
        answered.receipt,
        answered.answered_at,
        answered.expires_at,
        confirmed_at,
    )
