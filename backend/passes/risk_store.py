"""SQL of risk cases. Every read takes an access context."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row

_CASE = (
    "subject_id, id, device_id, benefit_id, first_partner_id, first_terminal, first_accepted_at, second_partner_id, "
    "second_terminal, second_accepted_at, state, reason, proposed_by, opened_at, decided_at"
)

Accepted = tuple[UUID, str, datetime]


async def add_case(
    connection: Connection, case_id: UUID, of_pass: Row, first: Accepted, second: Accepted, state: str, now: datetime
) -> None:
    """Writes a case over a pass that was accepted twice: by whom, at which till and when. One for each use."""
    await connection.execute(
        "INSERT INTO risk_case (id, subject_id, device_id, benefit_id, use, first_partner_id, first_terminal, "
        "first_accepted_at, second_partner_id, second_terminal, second_accepted_at, state, opened_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (use) DO NOTHING",
        case_id,
        of_pass["subject_id"],
        of_pass["device_id"],
        of_pass["benefit_id"],
        of_pass["use"],
        *first,
        *second,
        state,
        now,
    )


async def cases_of_subject(connection: Connection, access: Access, subject_id: UUID, limit: int) -> list[Row]:
    """A person's own cases, newest first."""
    return await connection.read(
        access, f"SELECT {_CASE} FROM risk_case WHERE subject_id = $1 ORDER BY id DESC LIMIT $2", subject_id, limit
    )


async def waiting_cases(
    connection: Connection, access: Access, final: Sequence[str], after: UUID | None, limit: int
) -> list[Row]:
    """Cases not yet decided, oldest first."""
    return await connection.read(
        access,
        f"SELECT {_CASE} FROM risk_case WHERE state <> ALL($1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        list(final),
        after,
        limit,
    )


async def lock_case(connection: Connection, access: Access, case_id: UUID) -> Row | None:
    """One case, locked until the transaction ends."""
    return await connection.read_one(access, f"SELECT {_CASE} FROM risk_case WHERE id = $1 FOR UPDATE", case_id)


async def propose(connection: Connection, case_id: UUID, state: str, proposed_by: UUID, reason: str) -> None:
    """Writes what an officer proposes."""
    await connection.execute(
        "UPDATE risk_case SET state = $2, proposed_by = $3, reason = $4 WHERE id = $1",
        case_id,
        state,
        proposed_by,
        reason,
    )


async def decide(
    connection: Connection, case_id: UUID, state: str, decided_by: UUID | None, decided_at: datetime | None
) -> None:
    """Writes what a second officer decided; None for what was sent back."""
    await connection.execute(
        "UPDATE risk_case SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1",
        case_id,
        state,
        decided_by,
        decided_at,
    )
