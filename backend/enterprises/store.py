"""SQL of the enterprises room. Nothing here is about a person: agents are account ids."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.database import Connection, Row

_COLUMNS = (
    "enterprise.id, enterprise.subject_id, enterprise.code, enterprise.name, enterprise.state, enterprise.registered_at"
)


async def add(
    connection: Connection, enterprise_id: UUID, subject_id: UUID, code: str, name: str, state: str, now: datetime
) -> None:
    """Writes an enterprise; one whose code is known already stays as it is."""
    await connection.execute(
        "INSERT INTO enterprise (id, subject_id, code, name, state, registered_at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (code) DO NOTHING",
        enterprise_id,
        subject_id,
        code,
        name,
        state,
        now,
    )


async def by_code(connection: Connection, code: str) -> Row | None:
    """The enterprise of a code, locked until the transaction ends."""
    return await connection.fetch_one(f"SELECT {_COLUMNS} FROM enterprise WHERE code = $1 FOR UPDATE", code)


async def lock(connection: Connection, enterprise_id: UUID) -> Row | None:
    """An enterprise, locked until the transaction ends."""
    return await connection.fetch_one(f"SELECT {_COLUMNS} FROM enterprise WHERE id = $1 FOR UPDATE", enterprise_id)


async def present_agents(connection: Connection, enterprise_id: UUID) -> list[UUID]:
    """The accounts that act for an enterprise now."""
    rows = await connection.fetch(
        "SELECT account_id FROM enterprise_agent WHERE enterprise_id = $1 AND ended_at IS NULL", enterprise_id
    )
    return [row["account_id"] for row in rows]


async def put(connection: Connection, enterprise_id: UUID, name: str, state: str) -> None:
    """Writes name and state."""
    await connection.execute("UPDATE enterprise SET name = $2, state = $3 WHERE id = $1", enterprise_id, name, state)


async def add_agent(
    connection: Connection,
    agent_id: UUID,
    enterprise_id: UUID,
    account_id: UUID,
    agent_role: str,
    authorisation: str,
    now: datetime,
) -> None:
    """An account acts for an enterprise from now on."""
    await connection.execute(
        "INSERT INTO enterprise_agent (id, enterprise_id, account_id, agent_role, authorisation, since) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        agent_id,
        enterprise_id,
        account_id,
        agent_role,
        authorisation,
        now,
    )


async def end_agents(connection: Connection, enterprise_id: UUID, now: datetime) -> None:
    """Nobody acts for the enterprise any more."""
    await connection.execute(
        "UPDATE enterprise_agent SET ended_at = $2 WHERE enterprise_id = $1 AND ended_at IS NULL", enterprise_id, now
    )


async def of_agent(
    connection: Connection, account_id: UUID, enterprise_id: UUID | None = None, *, hold: bool = False
) -> list[Row]:
    """The registered enterprises that an account acts for now, or only that one, newest first; with `hold` they stay
    registered until the transaction ends."""
    return await connection.fetch(
        f"SELECT {_COLUMNS}, enterprise_agent.agent_role, enterprise_agent.since FROM enterprise_agent "
        "JOIN enterprise ON enterprise.id = enterprise_agent.enterprise_id "
        "WHERE enterprise_agent.account_id = $1 AND enterprise_agent.ended_at IS NULL "
        "AND ($2::uuid IS NULL OR enterprise.id = $2) AND enterprise.state = 'registered' "
        "ORDER BY enterprise_agent.since DESC, enterprise.id DESC" + (" FOR SHARE OF enterprise" if hold else ""),
        account_id,
        enterprise_id,
    )


async def profiles(connection: Connection, ids: Sequence[UUID]) -> list[Row]:
    """Enterprises by id, and since when somebody acts for each."""
    return await connection.fetch(
        f"SELECT {_COLUMNS}, (SELECT min(since) FROM enterprise_agent WHERE enterprise_id = enterprise.id "
        "AND ended_at IS NULL) AS acted_since FROM enterprise WHERE id = ANY($1)",
        list(ids),
    )


async def forget_agent(connection: Connection, account_id: UUID) -> None:
    """An account never acted for anybody."""
    await connection.execute("DELETE FROM enterprise_agent WHERE account_id = $1", account_id)
