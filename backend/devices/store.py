"""SQL of the devices room."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row

_COLUMNS = "subject_id, id, account_id, name, public_key, registered_at, revoked_at, status_index"


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
    status_index: int,
    now: datetime,
) -> bool:
    """Writes a device; False if its key was registered before, by whomever."""
    added = await connection.execute(
        "INSERT INTO device (id, account_id, subject_id, name, public_key, status_index, registered_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (public_key) DO NOTHING",
        device_id,
        account_id,
        subject_id,
        name,
        public_key,
        status_index,
        now,
    )
    return added == 1


async def take_place(connection: Connection, status_index: int) -> bool:
    """Takes a place in the status list; False if it is somebody's, or was not long ago."""
    taken = await connection.execute(
        "INSERT INTO device_place (status_index) VALUES ($1) ON CONFLICT DO NOTHING", status_index
    )
    return taken == 1


async def mark_place(connection: Connection, status_index: int, marked_at: datetime) -> None:
    """Marks a place; a second time changes nothing."""
    await connection.execute(
        "UPDATE device_place SET marked_at = COALESCE(marked_at, $2) WHERE status_index = $1", status_index, marked_at
    )


async def marked_places(connection: Connection) -> dict[int, datetime | None]:
    """The places in the status list that are marked, and from when each is published."""
    rows = await connection.fetch("SELECT status_index, marked_at FROM device_place WHERE marked_at IS NOT NULL")
    return {row["status_index"]: row["marked_at"] for row in rows}


async def free_places(connection: Connection, before: datetime) -> int:
    """Frees the places that were marked before an instant; gives their number."""
    await connection.execute(
        "UPDATE device SET status_index = NULL FROM device_place "
        "WHERE device_place.status_index = device.status_index AND device_place.marked_at < $1",
        before,
    )
    return await connection.execute("DELETE FROM device_place WHERE marked_at < $1", before)


async def live(connection: Connection, access: Access, account_id: UUID, device_id: UUID) -> Row | None:
    """A device of this account that was not revoked."""
    return await connection.read_one(
        access,
        f"SELECT {_COLUMNS} FROM device WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL",
        device_id,
        account_id,
    )


async def revoke(
    connection: Connection, access: Access, account_id: UUID, device_id: UUID, now: datetime
) -> Row | None:
    """Revokes a device of this account and gives its place; None if it has none of that id. Twice changes nothing."""
    return await connection.read_one(
        access,
        "UPDATE device SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND account_id = $2 "
        "RETURNING subject_id, status_index",
        device_id,
        account_id,
        now,
    )


async def forget(connection: Connection, account_id: UUID, marks: Sequence[datetime]) -> None:
    """Deletes every device of an account. Their places stay, each marked from one of these instants on: one for each live device."""
    await connection.execute(
        "UPDATE device_place SET marked_at = drawn.at FROM "
        "(SELECT status_index, row_number() OVER (ORDER BY id) AS number FROM device "
        "WHERE account_id = $1 AND revoked_at IS NULL) AS live "
        "JOIN unnest($2::timestamptz[]) WITH ORDINALITY AS drawn(at, number) USING (number) "
        "WHERE device_place.status_index = live.status_index",
        account_id,
        list(marks),
    )
    await connection.execute("DELETE FROM device WHERE account_id = $1", account_id)
