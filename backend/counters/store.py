"""SQL of the counters room. Every read of a person takes an access context."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.counters.messages import CounterUseOrder
from backend.platform.access import Access
from backend.platform.database import Connection, Row

_COLUMNS = "id, token, partner_id, store_id, benefit_id, made_at"


async def put_up(
    connection: Connection,
    counter_id: UUID,
    token: str,
    partner_id: UUID,
    store_id: UUID,
    benefit_id: str,
    now: datetime,
) -> Row | None:
    """Writes a sign, or finds the one that hangs there; none only if it was taken down at this very moment."""
    await connection.execute(
        f"INSERT INTO counter_code ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (store_id, benefit_id) WHERE revoked_at IS NULL DO NOTHING",
        counter_id,
        token,
        partner_id,
        store_id,
        benefit_id,
        now,
    )
    return await connection.fetch_one(
        f"SELECT {_COLUMNS} FROM counter_code WHERE store_id = $1 AND benefit_id = $2 AND revoked_at IS NULL",
        store_id,
        benefit_id,
    )


async def of_partner(connection: Connection, partner_id: UUID, store_id: UUID | None, limit: int) -> list[Row]:
    """The signs of a partner that hang now, or of one of its stores, newest first."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM counter_code WHERE partner_id = $1 AND ($2::uuid IS NULL OR store_id = $2) "
        "AND revoked_at IS NULL ORDER BY id DESC LIMIT $3",
        partner_id,
        store_id,
        limit,
    )


async def take_down(connection: Connection, partner_id: UUID, counter_id: UUID, now: datetime) -> bool:
    """Takes a sign of this partner down for good; twice changes nothing. False if it has none of that id."""
    touched = await connection.execute(
        "UPDATE counter_code SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND partner_id = $2",
        counter_id,
        partner_id,
        now,
    )
    return touched == 1


async def hanging(connection: Connection, token: str) -> Row | None:
    """The sign of a token, if it was not taken down."""
    return await connection.fetch_one(
        f"SELECT {_COLUMNS} FROM counter_code WHERE token = $1 AND revoked_at IS NULL", token
    )


async def claim_use(
    connection: Connection, order: CounterUseOrder, counter_id: UUID, subject_id: UUID, shown_as: str, now: datetime
) -> bool:
    """Writes a use; False if there is one of its id. Whoever comes second waits for the first."""
    added = await connection.execute(
        "INSERT INTO counter_use (id, subject_id, counter_id, device_id, created, signature, shown_as, used_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        order.use,
        subject_id,
        counter_id,
        order.device_id,
        order.created,
        order.signature,
        shown_as,
        now,
    )
    return added == 1


async def answered_use(connection: Connection, access: Access, subject_id: UUID, use: UUID) -> Row | None:
    """A use of this person's that was made before."""
    return await connection.read_one(
        access,
        "SELECT subject_id, counter_id, created, answer FROM counter_use WHERE id = $1 AND subject_id = $2",
        use,
        subject_id,
    )


async def answer_use(connection: Connection, use: UUID, verification_id: UUID | None, answer: object) -> None:
    """Keeps the answer beside the use."""
    await connection.execute(
        "UPDATE counter_use SET verification_id = $2, answer = $3 WHERE id = $1", use, verification_id, answer
    )


async def recent(connection: Connection, counter_ids: Sequence[UUID], since: datetime) -> list[Row]:
    """The verifications that came of signs since an instant, with the digits on the screens, newest first."""
    return await connection.impersonal(
        "ids of verifications that the partner was told of; whose they are is not read",
        "SELECT verification_id, shown_as FROM counter_use WHERE counter_id = ANY($1::uuid[]) AND used_at >= $2 "
        "AND verification_id IS NOT NULL ORDER BY used_at DESC LIMIT 100",
        list(counter_ids),
        since,
    )


async def forget(connection: Connection, subject_id: UUID) -> None:
    """Deletes every use of a person."""
    await connection.execute("DELETE FROM counter_use WHERE subject_id = $1", subject_id)
