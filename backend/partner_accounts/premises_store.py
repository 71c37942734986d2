"""SQL of stores, posts at tills and invitations. Of whoever has a post nothing leaves but a random id."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.database import Connection, Row

_STORE = "id, partner_id, name, district, state, because"
_INVITATION = "id, store_id, shown_as, position, expires_at"


async def lock_partner(connection: Connection, partner_id: UUID) -> None:
    """What a partner changes about its premises is done one after the other until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"premises {partner_id}")


async def of_partner(connection: Connection, partner_id: UUID) -> list[Row]:
    """Every store of a partner, oldest first."""
    return await connection.fetch(f"SELECT {_STORE} FROM store WHERE partner_id = $1 ORDER BY id", partner_id)


async def ask_for(connection: Connection, store_id: UUID, partner_id: UUID, district: str, name: str) -> Row:
    """Writes a store that waits to be opened."""
    [row] = await connection.fetch(
        "INSERT INTO store (id, partner_id, district, name, state) VALUES ($1, $2, $3, $4, 'asked') "
        f"RETURNING {_STORE}",
        store_id,
        partner_id,
        district,
        name,
    )
    return row


async def lock_store(connection: Connection, store_id: UUID) -> Row | None:
    """A store, locked until the transaction ends."""
    return await connection.fetch_one(f"SELECT {_STORE} FROM store WHERE id = $1 FOR UPDATE", store_id)


async def set_state(connection: Connection, store_id: UUID, state: str, because: str | None) -> None:
    """Writes where a store is."""
    await connection.execute("UPDATE store SET state = $2, because = $3 WHERE id = $1", store_id, state, because)


async def waiting(connection: Connection, state: str, limit: int) -> list[Row]:
    """Up to `limit` stores in a state with their partners' names, oldest first."""
    return await connection.fetch(
        "SELECT store.id, partner_id, store.name, district, store.state, because, partner.name AS partner_name FROM store "
        "JOIN partner ON partner.id = store.partner_id WHERE store.state = $1 ORDER BY store.id LIMIT $2",
        state,
        limit,
    )


async def posts(connection: Connection, partner_id: UUID, store_id: UUID | None) -> list[Row]:
    """The posts at a partner's tills, or at those of one store, oldest first."""
    return await connection.fetch(
        "SELECT post_id AS id, store_id, shown_as, position, added_at FROM clerk WHERE partner_id = $1 "
        "AND ($2::uuid IS NULL OR store_id = $2) ORDER BY added_at, post_id",
        partner_id,
        store_id,
    )


async def dismiss(
    connection: Connection, partner_id: UUID, store_id: UUID | None, post_id: UUID | None, positions: Sequence[str]
) -> list[UUID]:
    """Ends the posts of a partner that fit, of one store, of one id, of these positions; gives whose they were."""
    rows = await connection.fetch(
        "DELETE FROM clerk WHERE partner_id = $1 AND ($2::uuid IS NULL OR store_id = $2) "
        "AND ($3::uuid IS NULL OR post_id = $3) AND position = ANY($4::text[]) RETURNING account_id",
        partner_id,
        store_id,
        post_id,
        list(positions),
    )
    return [row["account_id"] for row in rows]


async def add_invitation(
    connection: Connection,
    invitation_id: UUID,
    partner_id: UUID,
    store_id: UUID,
    shown_as: str,
    position: str,
    digest: bytes,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Writes an invitation."""
    await connection.execute(
        "INSERT INTO clerk_invitation (id, partner_id, store_id, shown_as, position, code_digest, made_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        invitation_id,
        partner_id,
        store_id,
        shown_as,
        position,
        digest,
        now,
        expires_at,
    )


async def invitations(connection: Connection, partner_id: UUID, store_id: UUID | None, now: datetime) -> list[Row]:
    """The invitations of a partner that can be used now, or those to one store, oldest first."""
    return await connection.fetch(
        f"SELECT {_INVITATION} FROM clerk_invitation WHERE partner_id = $1 AND ($2::uuid IS NULL OR store_id = $2) "
        "AND ended_at IS NULL AND expires_at > $3 ORDER BY made_at, id",
        partner_id,
        store_id,
        now,
    )


async def use_invitation(connection: Connection, digest: bytes, now: datetime) -> Row | None:
    """Uses an invitation up; None if there is none with this code that can be used now."""
    rows = await connection.fetch(
        "UPDATE clerk_invitation SET ended_at = $2 WHERE code_digest = $1 AND ended_at IS NULL AND expires_at > $2 "
        f"RETURNING {_INVITATION}",
        digest,
        now,
    )
    return rows[0] if rows else None


async def end_invitations(
    connection: Connection,
    partner_id: UUID,
    store_id: UUID | None,
    invitation_id: UUID | None,
    positions: Sequence[str],
    now: datetime,
) -> int:
    """Revokes the invitations of a partner that fit; gives how many."""
    return await connection.execute(
        "UPDATE clerk_invitation SET ended_at = $5 WHERE partner_id = $1 AND ($2::uuid IS NULL OR store_id = $2) "
        "AND ($3::uuid IS NULL OR id = $3) AND position = ANY($4::text[]) AND ended_at IS NULL",
        partner_id,
        store_id,
        invitation_id,
        list(positions),
        now,
    )
