"""SQL of the devices room."""

from datetime import datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row

_COLUMNS = "subject_id, id, account_id, name, public_key, registered_at, revoked_at"


async def of_account(connection: Connection, access: Access, account_id: UUID, limit: int) -> list[Row]:
    """The devices of an account, newest first, live ones before those that were revoked."""
    return await connection.read(
        access,
        f"SELECT {_COLUMNS} FROM device WHERE account_id = $1 ORDER BY revoked_at IS NOT NULL, id DESC LIMIT $2",
        account_id,
        limit,
    )


async def lock_account(connection: Connection, account_id: UUID) -> None:
    """Holds the devices of an account until the transaction ends: two registrations at once would both see room for one."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"devices {account_id}")


async def add(
    connection: Connection,
    device_id: UUID,
    account_id: UUID,
    subject_id: UUID,
    name: str,
    public_key: bytes,
    now: datetime,
) -> bool:
    """Writes a device; False if its key was registered before, by whomever."""
    added = await connection.execute(
        "INSERT INTO device (id, account_id, subject_id, name, public_key, registered_at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (public_key) DO NOTHING",
        device_id,
        account_id,
        subject_id,
        name,
        public_key,
        now,
    )
    return added == 1


async def live(connection: Connection, access: Access, account_id: UUID, device_id: UUID) -> Row | None:
    """A device of this account that was not revoked."""
    return await connection.read_one(
        access,
        f"SELECT {_COLUMNS} FROM device WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL",
        device_id,
        account_id,
    )


async def revoke(connection: Connection, access: Access, account_id: UUID, device_id: UUID, now: datetime) -> bool:
    """Revokes a device of this account; False if it has none of that id. Twice changes nothing."""
    row = await connection.read_one(
        access,
        "UPDATE device SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND account_id = $2 RETURNING subject_id",
        device_id,
        account_id,
        now,
    )
    return row is not None


async def forget(connection: Connection, account_id: UUID) -> None:
    """Deletes every device of an account."""
    await connection.execute("DELETE FROM device WHERE account_id = $1", account_id)
