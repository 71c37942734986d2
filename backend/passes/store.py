"""SQL of passes, settled uses and risk cases. Every read of a person takes an access context."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.platform.access import Access
from backend.platform.database import Connection, Row

_PASS = (
    "subject_id, id, account_id, device_id, benefit_id, benefit_version, use, device_key, attestation, "
    "issued_at, ends_at, revoked_at"
)


class NewPass(msgspec.Struct, frozen=True, kw_only=True):
    """The row of an attestation."""

    id: UUID
    account_id: UUID
    subject_id: UUID
    device_id: UUID
    benefit_id: str
    benefit_version: int
    use: bytes
    device_key: bytes
    attestation: bytes
    status_index: int
    issued_at: datetime
    ends_at: datetime


class SettledUse(msgspec.Struct, frozen=True, kw_only=True):
    """Who redeemed a use, where and when."""

    use: bytes
    partner_id: UUID
    terminal: str
    partner_ref: str
    accepted_at: datetime
    redemption_id: UUID


async def lock_issue(connection: Connection, subject_id: UUID, benefit_id: str) -> None:
    """Holds the issuing of one benefit to one person until the transaction ends: two at once would each see the same room."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"passes {subject_id} {benefit_id}"
    )


async def circumstances(
    connection: Connection,
    access: Access,
    subject_id: UUID,
    device_id: UUID,
    benefit_id: str,
    since: datetime,
) -> Row:
    """What bears on issuing: `issued` (passes of the benefit to this person since an instant) and `stopped` (whether a risk
    case stops the device). One statement."""
    [row] = await connection.read(
        access,
        "SELECT $1::uuid AS subject_id, "
        "(SELECT count(*) FROM offline_pass WHERE subject_id = $1 AND benefit_id = $3 AND issued_at >= $4) AS issued, "
        "EXISTS (SELECT 1 FROM risk_case WHERE device_id = $2 AND state <> 'cleared') AS stopped",
        subject_id,
        device_id,
        benefit_id,
        since,
    )
    return row


async def with_keys(
    connection: Connection, access: Access, subject_id: UUID, device_keys: Sequence[bytes]
) -> list[Row]:
    """The passes of this person that were issued to these keys: of a request whose answer was lost."""
    return await connection.read(
        access,
        f"SELECT {_PASS} FROM offline_pass WHERE subject_id = $1 AND device_key = ANY($2)",
        subject_id,
        list(device_keys),
    )


async def add(connection: Connection, row: NewPass) -> bool:
    """Writes a pass; False if its place in the status list or its key is taken."""
    added = await connection.execute(
        "INSERT INTO offline_pass (id, account_id, subject_id, device_id, benefit_id, benefit_version, use, "
        "device_key, attestation, status_index, issued_at, ends_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
        *msgspec.structs.astuple(row),
    )
    return added == 1


async def of_subject(connection: Connection, access: Access, subject_id: UUID, limit: int) -> list[Row]:
    """A person's passes, newest first, and whether each was used."""
    return await connection.read(
        access,
        "SELECT subject_id, id, device_id, benefit_id, issued_at, ends_at, revoked_at, "
        "EXISTS (SELECT 1 FROM offline_use WHERE offline_use.use = offline_pass.use) AS used "
        "FROM offline_pass WHERE subject_id = $1 ORDER BY id DESC LIMIT $2",
        subject_id,
        limit,
    )


async def revoke_one(
    connection: Connection, access: Access, subject_id: UUID, pass_id: UUID, now: datetime, marked_at: datetime
) -> bool:
    """Revokes a pass of this person; False if there is none of that id. Twice changes nothing."""
    row = await connection.read_one(
        access,
        "UPDATE offline_pass SET revoked_at = COALESCE(revoked_at, $3), "
        "marked_at = CASE WHEN revoked_at IS NULL THEN $4 ELSE marked_at END WHERE id = $1 AND subject_id = $2 "
        "RETURNING subject_id",
        pass_id,
        subject_id,
        now,
        marked_at,
    )
    return row is not None


async def lock_live_of_devices(connection: Connection, device_ids: Sequence[UUID]) -> list[UUID]:
    """The passes of these devices that are not revoked, locked until the transaction ends."""
    return await _lock_live(connection, "device_id = ANY($1)", list(device_ids))


async def lock_live_of_subjects(connection: Connection, subject_ids: Sequence[UUID]) -> list[UUID]:
    """The passes of these persons that are not revoked, locked until the transaction ends."""
    return await _lock_live(connection, "subject_id = ANY($1)", list(subject_ids))


async def _lock_live(connection: Connection, condition: str, ids: list[UUID]) -> list[UUID]:
    # In the order in which uploads lock them.
    rows = await connection.impersonal(
        "ids only, of passes that are about to be revoked",
        f"SELECT id FROM offline_pass WHERE {condition} AND revoked_at IS NULL ORDER BY use FOR UPDATE",
        ids,
    )
    return [row["id"] for row in rows]


async def revoke(connection: Connection, marks: Mapping[UUID, datetime], now: datetime) -> None:
    """Revokes passes that are locked: id -> from when its mark is published."""
    await connection.execute(
        "UPDATE offline_pass SET revoked_at = $3, marked_at = drawn.at "
        "FROM unnest($1::uuid[], $2::timestamptz[]) AS drawn(id, at) WHERE offline_pass.id = drawn.id",
        list(marks),
        list(marks.values()),
        now,
    )


async def revoked_places(connection: Connection) -> dict[int, datetime | None]:
    """The places in the status list that are marked, and from when each is published."""
    rows = await connection.impersonal(
        "random numbers that are published to everybody; they say nothing of whose passes they were",
        "SELECT status_index, marked_at FROM offline_pass WHERE revoked_at IS NOT NULL AND status_index IS NOT NULL",
    )
    return {row["status_index"]: row["marked_at"] for row in rows}


async def lock_uses(connection: Connection, access: Access, uses: Sequence[bytes]) -> list[Row]:
    """The passes of these uses, locked until the transaction ends, in one order for all callers."""
    return await connection.read(
        access, f"SELECT {_PASS} FROM offline_pass WHERE use = ANY($1) ORDER BY use FOR UPDATE", list(uses)
    )


async def settled(connection: Connection, uses: Sequence[bytes]) -> list[Row]:
    """Which of these uses were settled before, and for whom."""
    return await connection.fetch(
        "SELECT use, partner_id, terminal, partner_ref, accepted_at, redemption_id FROM offline_use WHERE use = ANY($1)",
        list(uses),
    )


async def settle(connection: Connection, rows: Iterable[SettledUse], now: datetime) -> None:
    """Writes that uses were settled; a second time breaks the primary key."""
    await connection.execute_many(
        "INSERT INTO offline_use (use, partner_id, terminal, partner_ref, accepted_at, redemption_id, settled_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [(*msgspec.structs.astuple(row), now) for row in rows],
    )


async def end_passes(connection: Connection, before: datetime) -> int:
    """Frees the places of passes that ended before an instant; gives their number."""
    return await connection.execute(
        "UPDATE offline_pass SET status_index = NULL WHERE ends_at < $1 AND status_index IS NOT NULL", before
    )


async def forget_ended(connection: Connection, before: datetime) -> int:
    """Deletes passes that ended before an instant, with their uses; the redemptions stay. Gives the number of passes."""
    await connection.execute(
        "DELETE FROM offline_use USING offline_pass WHERE offline_pass.use = offline_use.use AND offline_pass.ends_at < $1",
        before,
    )
    return await connection.execute("DELETE FROM offline_pass WHERE ends_at < $1", before)


async def forget(connection: Connection, subject_id: UUID) -> int:
    """Cuts every tie of passes, all of them revoked, and of risk cases to a person. What is left are places in the status list,
    marked, and uses."""
    await connection.execute(
        "UPDATE risk_case SET subject_id = NULL, device_id = NULL WHERE subject_id = $1", subject_id
    )
    return await connection.execute(
        "UPDATE offline_pass SET account_id = NULL, subject_id = NULL, device_id = NULL, device_key = NULL, "
        "attestation = NULL WHERE id IN (SELECT id FROM offline_pass WHERE subject_id = $1 ORDER BY use FOR UPDATE)",
        subject_id,
    )
