"""SQL of the codes room."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from backend.codes.messages import Burning
from backend.platform.access import Access
from backend.platform.database import Connection, Row
from backend.platform.questions import Question


async def add(
    connection: Connection,
    handles: Mapping[bytes, int],
    account_id: UUID,
    subject_id: UUID,
    slot: int,
    issued_at: datetime,
    expires_at: datetime,
    enterprise_id: UUID | None,
) -> list[bytes]:
    """Writes fresh tickets (id -> handle) in one statement; gives the ids of those whose handle was free."""
    rows = await connection.impersonal(
        "ids only, of tickets that are being made for the person who asks",
        "INSERT INTO code_ticket (id, handle, account_id, subject_id, slot, issued_at, expires_at, enterprise_id) "
        "SELECT fresh.id, fresh.handle, $3, $4, $5, $6, $7, $8 FROM unnest($1::bytea[], $2::bigint[]) AS fresh(id, handle) "
        "ON CONFLICT DO NOTHING RETURNING id",
        list(handles),
        list(handles.values()),
        account_id,
        subject_id,
        slot,
        issued_at,
        expires_at,
        enterprise_id,
    )
    return [row["id"] for row in rows]


async def by_handle(connection: Connection, handle: int, now: datetime) -> Row | None:
    """The id and slot of the live ticket with that keypad handle."""
    rows = await connection.impersonal(
        "ids only, to check what was typed; says nothing about whose ticket it is",
        "SELECT id, slot FROM code_ticket WHERE handle = $1 AND expires_at > $2",
        handle,
        now,
    )
    return rows[0] if rows else None


async def burn(
    connection: Connection, ticket_id: bytes, slot: int, partner_id: UUID, verification_id: UUID, now: datetime
) -> Row | None:
    """Burns a live ticket; None if it is unknown, expired, revoked or burned already."""
    asked = burns([Burning(ticket_id, slot, partner_id, verification_id)], now)
    return (await connection.ask(asked))[asked].get(ticket_id)


def burns(burnings: Sequence[Burning], now: datetime) -> Question[dict[bytes, Row]]:
    """Burns live tickets, by their ids; what is unknown, expired, revoked or burned already is not there.

    A second burn waits for the first on the unique key and then finds nothing to insert. In the order of the ids: two
    workers that burn the same ones wait for each other in turn, never crosswise.
    """
    return Question.impersonal(
        "ids only, and whose code it is; the verification that follows in this transaction writes the access row",
        lambda rows: {row["ticket_id"]: row for row in rows},
        ("ticket_id", "account_id", "subject_id", "verification_id", "issued_at", "enterprise_id"),
        "INSERT INTO code_burn (ticket_id, account_id, subject_id, partner_id, verification_id, burned_at) "
        "SELECT id, account_id, subject_id, shown.partner_id, shown.verification_id, $5 FROM code_ticket "
        "JOIN unnest($1::bytea[], $2::smallint[], $3::uuid[], $4::uuid[]) "
        "AS shown(ticket_id, slot, partner_id, verification_id) ON id = shown.ticket_id AND code_ticket.slot = shown.slot "
        "WHERE expires_at > $5 ORDER BY id, shown.verification_id ON CONFLICT (ticket_id) DO NOTHING "
        "RETURNING ticket_id, account_id, subject_id, verification_id, "
        "(SELECT issued_at FROM code_ticket WHERE id = code_burn.ticket_id) AS issued_at, "
        "(SELECT enterprise_id FROM code_ticket WHERE id = code_burn.ticket_id) AS enterprise_id",
        [each.ticket_id for each in burnings],
        [each.slot for each in burnings],
        [each.partner_id for each in burnings],
        [each.verification_id for each in burnings],
        now,
    )


async def holder(connection: Connection, access: Access, ticket_id: bytes) -> Row | None:
    """Whose ticket it is, also when it can no longer be used."""
    return await connection.read_one(
        access, "SELECT subject_id, account_id, expires_at FROM code_ticket WHERE id = $1", ticket_id
    )


async def owned(connection: Connection, access: Access, ticket_id: bytes, account_id: UUID, now: datetime) -> bool:
    """Whether a live ticket belongs to this account."""
    row = await connection.read_one(
        access,
        "SELECT subject_id FROM code_ticket WHERE id = $1 AND account_id = $2 AND expires_at > $3",
        ticket_id,
        account_id,
        now,
    )
    return row is not None


async def forget(connection: Connection, account_id: UUID, subject_id: UUID | None) -> int:
    """Deletes every ticket of a subject, and those that the account fetched for enterprises, and with them every burn; gives the
    number of tickets."""
    return await connection.execute(
        "DELETE FROM code_ticket WHERE subject_id = $2 OR (account_id = $1 AND enterprise_id IS NOT NULL)",
        account_id,
        subject_id,
    )


async def forget_expired(connection: Connection, before: datetime) -> int:
    """Deletes tickets that expired before an instant; gives their number."""
    return await connection.execute("DELETE FROM code_ticket WHERE expires_at < $1", before)
