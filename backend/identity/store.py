"""SQL of the identity room."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row


async def upsert_account(
    connection: Connection, account_id: UUID, phone_index: bytes, phone_sealed: bytes, channel: str, now: datetime
) -> UUID:
    """The account of a phone number, made if there is none."""
    found: UUID = await connection.fetch_value(
        "INSERT INTO account (id, phone_index, phone_sealed, channel, created_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (phone_index) WHERE phone_index IS NOT NULL DO UPDATE SET phone_index = excluded.phone_index "
        "RETURNING id",
        account_id,
        phone_index,
        phone_sealed,
        channel,
        now,
    )
    return found


async def copy_accounts(connection: Connection, rows: Iterable[tuple[object, ...]]) -> int:
    """COPY of proven accounts: id, subject, sealed phone, its index, sealed name, sealed number, district, channel, created, proven."""
    return await connection.copy_in(
        "account",
        (
            "id",
            "subject_id",
            "phone_sealed",
            "phone_index",
            "name_sealed",
            "identity_number_sealed",
            "district",
            "channel",
            "created_at",
            "proven_at",
        ),
        rows,
    )


async def account(connection: Connection, access: Access, account_id: UUID) -> Row | None:
    """One account with its sealed fields."""
    return await connection.read_one(
        access,
        "SELECT id, subject_id, phone_index, phone_sealed, name_sealed, identity_number_sealed, district, channel, "
        "created_at, proven_at FROM account WHERE id = $1 AND left_at IS NULL",
        account_id,
    )


async def subject_with_phone(connection: Connection, access: Access, phone_index: bytes) -> Row | None:
    """The subject of the account with this phone, if its identity is proven."""
    return await connection.read_one(
        access,
        "SELECT subject_id FROM account WHERE phone_index = $1 AND left_at IS NULL AND subject_id IS NOT NULL",
        phone_index,
    )


async def groups(connection: Connection, access: Access, subject_ids: Sequence[UUID]) -> list[Row]:
    """What the statistical groups of these subjects are found from; the number still sealed."""
    return await connection.read(
        access,
        "SELECT subject_id, id, identity_number_sealed, district, channel FROM account "
        "WHERE subject_id = ANY($1) AND left_at IS NULL",
        list(subject_ids),
    )


async def choose_district(connection: Connection, account_id: UUID, district: str) -> None:
    """Writes the district that a person chose."""
    await connection.execute("UPDATE account SET district = $2 WHERE id = $1 AND left_at IS NULL", account_id, district)


async def subject_of_account(connection: Connection, account_id: UUID) -> Row | None:
    """Only the pseudonymous subject id and whether the account still exists: for issuing tokens."""
    rows = await connection.impersonal(
        "ids only, of the person who is signing in",
        "SELECT subject_id FROM account WHERE id = $1 AND left_at IS NULL",
        account_id,
    )
    return rows[0] if rows else None


async def prove(
    connection: Connection, account_id: UUID, subject_id: UUID, name: bytes, identity_number: bytes, now: datetime
) -> bool:
    """Writes the proven identity once; False if it was proven before."""
    touched = await connection.execute(
        "UPDATE account SET subject_id = $2, name_sealed = $3, identity_number_sealed = $4, proven_at = $5 "
        "WHERE id = $1 AND proven_at IS NULL AND left_at IS NULL",
        account_id,
        subject_id,
        name,
        identity_number,
        now,
    )
    return touched == 1


async def subject_taken(connection: Connection, subject_id: UUID) -> bool:
    """Whether a live account holds this subject already."""
    rows = await connection.impersonal(
        "existence only, of the account of the person who proves their identity",
        "SELECT 1 FROM account WHERE subject_id = $1 AND left_at IS NULL",
        subject_id,
    )
    return bool(rows)


async def leave(connection: Connection, account_id: UUID, now: datetime) -> None:
    """Removes every personal field and every key by which the account could be found."""
    await connection.execute(
        "UPDATE account SET left_at = $2, phone_sealed = NULL, phone_index = NULL, name_sealed = NULL, "
        "identity_number_sealed = NULL, subject_id = NULL, district = DEFAULT, channel = DEFAULT WHERE id = $1",
        account_id,
        now,
    )
    await connection.execute("DELETE FROM account_role WHERE account_id = $1", account_id)


async def roles(connection: Connection, account_id: UUID) -> list[str]:
    """The granted roles of an account."""
    return [
        row["role"] for row in await connection.fetch("SELECT role FROM account_role WHERE account_id = $1", account_id)
    ]


async def grant_role(connection: Connection, account_id: UUID, role: str, now: datetime) -> None:
    """Grants a role; doing it twice changes nothing."""
    await connection.execute(
        "INSERT INTO account_role (account_id, role, granted_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        account_id,
        role,
        now,
    )


async def take_role(connection: Connection, account_id: UUID, role: str) -> None:
    """Takes a role away; doing it twice changes nothing."""
    await connection.execute("DELETE FROM account_role WHERE account_id = $1 AND role = $2", account_id, role)


async def open_session(
    connection: Connection, session_id: UUID, account_id: UUID, now: datetime, expires_at: datetime
) -> None:
    """A new family of refresh tokens."""
    await connection.execute(
        "INSERT INTO session (id, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        session_id,
        account_id,
        now,
        expires_at,
    )


async def add_refresh_token(connection: Connection, token_hash: bytes, session_id: UUID, now: datetime) -> None:
    """The next refresh token of a session."""
    await connection.execute(
        "INSERT INTO refresh_token (hash, session_id, issued_at) VALUES ($1, $2, $3)", token_hash, session_id, now
    )


async def refresh_token(connection: Connection, token_hash: bytes) -> Row | None:
    """A refresh token with its session, locked until the transaction ends."""
    return await connection.fetch_one(
        "SELECT refresh_token.session_id, refresh_token.used_at, session.account_id, session.expires_at, session.ended_at "
        "FROM refresh_token JOIN session ON session.id = refresh_token.session_id "
        "WHERE refresh_token.hash = $1 FOR UPDATE",
        token_hash,
    )


async def use_refresh_token(connection: Connection, token_hash: bytes, now: datetime) -> None:
    """Marks it as used."""
    await connection.execute("UPDATE refresh_token SET used_at = $2 WHERE hash = $1", token_hash, now)


async def end_session(connection: Connection, session_id: UUID, because: str, now: datetime) -> None:
    """Ends one session."""
    await connection.execute(
        "UPDATE session SET ended_at = $2, ended_because = $3 WHERE id = $1 AND ended_at IS NULL",
        session_id,
        now,
        because,
    )


async def end_all_sessions(connection: Connection, account_id: UUID, because: str, now: datetime) -> int:
    """Ends every session of an account; gives their number."""
    return await connection.execute(
        "UPDATE session SET ended_at = $2, ended_because = $3 WHERE account_id = $1 AND ended_at IS NULL",
        account_id,
        now,
        because,
    )


async def forget_old_sessions(connection: Connection, before: datetime) -> int:
    """Drops sessions that ended or expired before an instant, with their refresh tokens."""
    return await connection.execute("DELETE FROM session WHERE expires_at < $1 OR ended_at < $1", before)
