"""SQL of the sandbox room. Nothing here is about a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.platform.database import Connection, Row

_REDEMPTION = (
    "id, verification_id, benefit_id, amount_fen, reversed_fen, state, partner_ref, receipt, redeemed_at, sandbox_id"
)


class NewVerification(msgspec.Struct, frozen=True, kw_only=True):
    """The row of a dry verification."""

    id: UUID
    sandbox_id: UUID
    persona: str
    benefit_id: str
    benefit_version: int
    result: str
    amount_fen: int | None
    answer: Any
    settles_at: datetime
    confirm_by: datetime
    expires_at: datetime


async def ahead(connection: Connection, sandbox_id: UUID) -> int:
    """How many seconds a sandbox's clock is ahead."""
    seconds = await connection.fetch_value("SELECT ahead_seconds FROM sandbox_clock WHERE sandbox_id = $1", sandbox_id)
    return int(seconds or 0)


async def forward(connection: Connection, sandbox_id: UUID, seconds: int, most: int) -> int | None:
    """Moves a clock forward; gives how far it is ahead now, none if that were more than `most`."""
    moved: int | None = await connection.fetch_value(
        "INSERT INTO sandbox_clock (sandbox_id, ahead_seconds) VALUES ($1, $2) ON CONFLICT (sandbox_id) DO UPDATE "
        "SET ahead_seconds = sandbox_clock.ahead_seconds + $2 WHERE sandbox_clock.ahead_seconds + $2 <= $3 "
        "RETURNING ahead_seconds",
        sandbox_id,
        seconds,
        most,
    )
    return moved


async def clear(connection: Connection, sandbox_id: UUID) -> None:
    """Everything dry of a sandbox goes, and its clock is the platform's again."""
    for table in ("sandbox_verification", "sandbox_code", "sandbox_clock"):
        await connection.execute(f"DELETE FROM {table} WHERE sandbox_id = $1", sandbox_id)


async def add_code(
    connection: Connection, code_id: bytes, handle: int, sandbox_id: UUID, persona: str, now: datetime
) -> bool:
    """Writes a code; False if the sandbox has one of these digits."""
    added = await connection.execute(
        "INSERT INTO sandbox_code (id, sandbox_id, persona, handle, created_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING",
        code_id,
        sandbox_id,
        persona,
        handle,
        now,
    )
    return added == 1


async def code_by_handle(connection: Connection, sandbox_id: UUID, handle: int) -> bytes | None:
    """The code whose digits begin so."""
    found: bytes | None = await connection.fetch_value(
        "SELECT id FROM sandbox_code WHERE sandbox_id = $1 AND handle = $2", sandbox_id, handle
    )
    return found


async def burn(connection: Connection, code_id: bytes, sandbox_id: UUID, now: datetime) -> str | None:
    """Uses a code up; gives its persona, none if it is not this sandbox's or was used."""
    persona: str | None = await connection.fetch_value(
        "UPDATE sandbox_code SET used_at = $3 WHERE id = $1 AND sandbox_id = $2 AND used_at IS NULL RETURNING persona",
        code_id,
        sandbox_id,
        now,
    )
    return persona


async def add_verification(connection: Connection, row: NewVerification, now: datetime) -> None:
    """Writes a dry verification."""
    await connection.execute(
        "INSERT INTO sandbox_verification (id, sandbox_id, persona, benefit_id, benefit_version, result, amount_fen, "
        "answer, state, settles_at, confirm_by, expires_at, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'answered', $9, $10, $11, $12)",
        row.id,
        row.sandbox_id,
        row.persona,
        row.benefit_id,
        row.benefit_version,
        row.result,
        row.amount_fen,
        row.answer,
        row.settles_at,
        row.confirm_by,
        row.expires_at,
        now,
    )


async def verification(connection: Connection, sandbox_id: UUID, verification_id: UUID) -> Row | None:
    """A dry verification of one's own, locked. The market's rules read `subject_id`, which is nobody's here."""
    return await connection.fetch_one(
        "SELECT id, persona, benefit_id, benefit_version, result, amount_fen, answer, state, settles_at, confirm_by, "
        "expires_at, sandbox_id AS subject_id FROM sandbox_verification WHERE sandbox_id = $1 AND id = $2 FOR UPDATE",
        sandbox_id,
        verification_id,
    )


async def add_redemption(connection: Connection, sandbox_id: UUID, answer: Any, key: str, now: datetime) -> None:
    """Writes a dry redemption and marks its verification."""
    await connection.execute(
        "WITH used AS (UPDATE sandbox_verification SET state = 'redeemed' WHERE id = $3) "
        "INSERT INTO sandbox_redemption (id, sandbox_id, verification_id, benefit_id, amount_fen, reversed_fen, state, "
        "partner_ref, idempotency_key, receipt, redeemed_at, created_at) "
        "VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11)",
        answer.redemption_id,
        sandbox_id,
        answer.verification_id,
        answer.benefit,
        answer.amount_fen,
        answer.state,
        answer.partner_ref,
        key,
        answer.receipt,
        answer.redeemed_at,
        now,
    )


async def redemption_by_key(connection: Connection, sandbox_id: UUID, key: str) -> Row | None:
    """What was redeemed under an idempotency key."""
    return await connection.fetch_one(
        f"SELECT {_REDEMPTION} FROM sandbox_redemption WHERE sandbox_id = $1 AND idempotency_key = $2", sandbox_id, key
    )


async def redemption(connection: Connection, sandbox_id: UUID, redemption_id: UUID) -> Row | None:
    """A dry redemption of one's own, locked."""
    return await connection.fetch_one(
        f"SELECT {_REDEMPTION} FROM sandbox_redemption WHERE sandbox_id = $1 AND id = $2 FOR UPDATE",
        sandbox_id,
        redemption_id,
    )


async def take_back(connection: Connection, redemption_id: UUID, amount_fen: int, state: str) -> None:
    """Takes back so much of a dry redemption."""
    await connection.execute(
        "UPDATE sandbox_redemption SET reversed_fen = reversed_fen + $2, state = $3 WHERE id = $1",
        redemption_id,
        amount_fen,
        state,
    )


async def forget_before(connection: Connection, before: datetime) -> int:
    """Drops what is older; gives how many codes and verifications."""
    gone = await connection.execute("DELETE FROM sandbox_verification WHERE created_at < $1", before)
    return gone + await connection.execute("DELETE FROM sandbox_code WHERE created_at < $1", before)
