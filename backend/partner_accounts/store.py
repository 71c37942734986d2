"""SQL of the partner accounts room. Nothing here is about a person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.database import Connection, Row
from backend.platform.questions import Question


async def add_partner(
    connection: Connection,
    partner_id: UUID,
    name: str,
    name_en: str,
    credit_code: str,
    scenes: Sequence[str],
    state: str,
    now: datetime,
) -> None:
    """Writes a new partner."""
    await connection.execute(
        "INSERT INTO partner (id, name, name_en, credit_code, scenes, state, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        partner_id,
        name,
        name_en,
        credit_code,
        list(scenes),
        state,
        now,
    )


async def state_for_update(connection: Connection, partner_id: UUID) -> str | None:
    """The state of a partner, locked until the transaction ends."""
    state: str | None = await connection.fetch_value("SELECT state FROM partner WHERE id = $1 FOR UPDATE", partner_id)
    return state


async def move(
    connection: Connection,
    history_id: UUID,
    partner_id: UUID,
    event: str,
    before: str,
    after: str,
    actor: str,
    because: str,
    now: datetime,
) -> None:
    """Writes the new state and the history of the move."""
    await connection.execute("UPDATE partner SET state = $2 WHERE id = $1", partner_id, after)
    await connection.execute(
        "INSERT INTO partner_history (id, partner_id, event, before, after, actor, because, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        history_id,
        partner_id,
        event,
        before,
        after,
        actor,
        because,
        now,
    )


async def add_store(connection: Connection, store_id: UUID, partner_id: UUID, district: str, name: str) -> None:
    """Writes a store."""
    await connection.execute(
        "INSERT INTO store (id, partner_id, district, name) VALUES ($1, $2, $3, $4)",
        store_id,
        partner_id,
        district,
        name,
    )


async def grant_benefit(connection: Connection, partner_id: UUID, benefit_id: str, now: datetime) -> None:
    """Grants a benefit; doing it twice changes nothing."""
    await connection.execute(
        "INSERT INTO partner_benefit (partner_id, benefit_id, granted_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        partner_id,
        benefit_id,
        now,
    )


async def granted_benefits(connection: Connection, partner_id: UUID) -> list[Row]:
    """Which benefits a partner may honour."""
    return await connection.fetch("SELECT benefit_id FROM partner_benefit WHERE partner_id = $1", partner_id)


async def put_clerk(
    connection: Connection,
    account_id: UUID,
    partner_id: UUID,
    store_id: UUID,
    shown_as: str,
    position: str,
    now: datetime,
) -> None:
    """Places an account at a till; an account works at one till at a time."""
    await connection.execute(
        "INSERT INTO clerk (account_id, partner_id, store_id, shown_as, position, added_at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (account_id) DO UPDATE SET partner_id = excluded.partner_id, store_id = excluded.store_id, "
        "shown_as = excluded.shown_as, position = excluded.position, added_at = excluded.added_at",
        account_id,
        partner_id,
        store_id,
        shown_as,
        position,
        now,
    )


async def partner_of_store(connection: Connection, store_id: UUID) -> UUID | None:
    """Whose store it is; none of one that is not open."""
    partner_id: UUID | None = await connection.fetch_value(
        "SELECT partner_id FROM store WHERE id = $1 AND state = 'open'", store_id
    )
    return partner_id


async def stores(connection: Connection, store_ids: Sequence[UUID]) -> list[Row]:
    """Open stores by their ids."""
    return await connection.fetch(
        "SELECT id, partner_id, name, district FROM store WHERE id = ANY($1::uuid[]) AND state = 'open'",
        list(store_ids),
    )


def stores_among(store_ids: Sequence[UUID]) -> Question[dict[UUID, Row]]:
    """Stores by their ids: whose they are, and in which district."""
    return Question.open(
        lambda rows: {row["id"]: row for row in rows},
        ("id", "partner_id", "district"),
        "SELECT id, partner_id, district FROM store WHERE id = ANY($1::uuid[])",
        sorted(set(store_ids)),
    )


async def partner(connection: Connection, partner_id: UUID) -> Row | None:
    """A partner with its state."""
    asked = among([partner_id])
    return (await connection.ask(asked))[asked].get(partner_id)


def among(partner_ids: Sequence[UUID]) -> Question[dict[UUID, Row]]:
    """Partners by their id, with their state."""
    return Question.open(
        lambda rows: {row["id"]: row for row in rows},
        ("id", "name", "name_en", "credit_code", "state"),
        "SELECT id, name, name_en, credit_code, state FROM partner WHERE id = ANY($1::uuid[])",
        list(partner_ids),
    )


def partners(asked: Sequence[tuple[UUID, str]]) -> Question[dict[tuple[UUID, str], Row]]:
    """Partners by their id and a benefit, with their state and whether that benefit is granted to them."""
    wanted = sorted(set(asked))
    return Question.open(
        lambda rows: {(row["id"], row["benefit_id"]): row for row in rows},
        ("id", "name", "name_en", "credit_code", "state", "benefit_id", "granted"),
        "SELECT id, name, name_en, credit_code, state, asked.benefit_id, "
        "EXISTS (SELECT FROM partner_benefit WHERE partner_id = partner.id AND benefit_id = asked.benefit_id) AS granted "
        "FROM partner JOIN unnest($1::uuid[], $2::text[]) AS asked(partner_id, benefit_id) ON partner.id = asked.partner_id",
        [partner_id for partner_id, _ in wanted],
        [benefit_id for _, benefit_id in wanted],
    )


async def find(connection: Connection, credit_code: str) -> UUID | None:
    """The partner with this unified social credit code."""
    found: UUID | None = await connection.fetch_value("SELECT id FROM partner WHERE credit_code = $1", credit_code)
    return found


async def open_sandbox(connection: Connection, partner_id: UUID, sandbox_id: UUID) -> UUID | None:
    """The id of a partner's sandbox, which is `sandbox_id` if it had none; none without such a partner."""
    found: UUID | None = await connection.fetch_value(
        "UPDATE partner SET sandbox_id = COALESCE(sandbox_id, $2) WHERE id = $1 RETURNING sandbox_id",
        partner_id,
        sandbox_id,
    )
    return found


async def of_sandbox(connection: Connection, sandbox_id: UUID, benefit_id: str | None) -> Row | None:
    """The partner whose sandbox it is, with its state and whether `benefit_id` is granted to it."""
    return await connection.fetch_one(
        "SELECT id, name, name_en, credit_code, state, "
        "EXISTS (SELECT FROM partner_benefit WHERE partner_id = partner.id AND benefit_id = $2) AS granted "
        "FROM partner WHERE sandbox_id = $1",
        sandbox_id,
        benefit_id,
    )


async def names(connection: Connection, partner_ids: Sequence[UUID]) -> list[Row]:
    """Ids and names of partners."""
    return await connection.fetch("SELECT id, name, name_en FROM partner WHERE id = ANY($1)", list(partner_ids))


async def clerk(connection: Connection, account_id: UUID) -> Row | None:
    """Where an account works."""
    return await connection.fetch_one(
        "SELECT clerk.account_id, clerk.partner_id, partner.name AS partner_name, clerk.store_id, "
        "store.name AS store_name, clerk.shown_as, clerk.position FROM clerk JOIN partner ON partner.id = clerk.partner_id "
        "JOIN store ON store.id = clerk.store_id WHERE clerk.account_id = $1",
        account_id,
    )


async def drop_clerk(connection: Connection, account_id: UUID) -> None:
    """An account works nowhere any more."""
    await connection.execute("DELETE FROM clerk WHERE account_id = $1", account_id)


_STORES = (
    "(SELECT COALESCE(jsonb_agg(jsonb_build_object('id', store.id, 'name', store.name, 'district', store.district) "
    "ORDER BY store.id), '[]') FROM store WHERE store.partner_id = partner.id AND store.state = 'open') AS stores"
)
_BENEFITS = (
    "(SELECT COALESCE(array_agg(benefit_id ORDER BY benefit_id), '{}') FROM partner_benefit "
    "WHERE partner_benefit.partner_id = partner.id) AS benefits"
)
_IN_PLACE = (
    "($1::text IS NULL OR $1 = ANY(scenes)) AND ($2::text IS NULL OR EXISTS "
    "(SELECT FROM store WHERE store.partner_id = partner.id AND store.state = 'open' AND store.district = $2))"
)


async def live_page(
    connection: Connection,
    scene: str | None,
    district: str | None,
    states: Sequence[str],
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Up to `limit` partners in these states by id, with their stores and benefits as JSON arrays."""
    return await connection.fetch(
        f"SELECT id, name, name_en, scenes, {_STORES}, {_BENEFITS} FROM partner WHERE {_IN_PLACE} "
        "AND state = ANY($3::text[]) AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5",
        scene,
        district,
        list(states),
        after,
        limit,
    )


async def serving(connection: Connection, scene: str | None, district: str | None, states: Sequence[str]) -> list[UUID]:
    """Ids of partners in these states, in their order."""
    rows = await connection.fetch(
        f"SELECT id FROM partner WHERE {_IN_PLACE} AND state = ANY($3::text[]) ORDER BY id",
        scene,
        district,
        list(states),
    )
    return [row["id"] for row in rows]


async def profiles(connection: Connection, partner_ids: Sequence[UUID]) -> list[Row]:
    """Partners with their stores and benefits as JSON arrays."""
    return await connection.fetch(
        f"SELECT id, name, name_en, credit_code, state, scenes, {_STORES}, {_BENEFITS} FROM partner WHERE id = ANY($1)",
        list(partner_ids),
    )


async def history(connection: Connection, partner_id: UUID) -> list[Row]:
    """The moves of a partner, oldest first."""
    return await connection.fetch(
        "SELECT event, before, after, because, at FROM partner_history WHERE partner_id = $1 ORDER BY at, id",
        partner_id,
    )


async def enterprise_of(connection: Connection, partner_id: UUID) -> UUID | None:
    """The enterprise that applied as this partner."""
    found: UUID | None = await connection.fetch_value(
        "SELECT enterprise_id FROM partner_application WHERE partner_id = $1", partner_id
    )
    return found


async def application_report(connection: Connection, partner_id: UUID) -> Row | None:
    """Whether the report of a partner that applied has every must; none of one that the city brought in."""
    return await connection.fetch_one(
        "SELECT COALESCE((report->>'conforms')::boolean, false) AS conforms FROM partner_application WHERE partner_id = $1",
        partner_id,
    )


async def members(connection: Connection, partner_ids: Sequence[UUID] | None) -> list[Row]:
    """Members of the alliance now, of these partners or of all."""
    return await connection.fetch(
        "SELECT partner_id, text_version, joined_at FROM alliance_member WHERE left_at IS NULL "
        "AND ($1::uuid[] IS NULL OR partner_id = ANY($1)) ORDER BY joined_at, partner_id",
        None if partner_ids is None else list(partner_ids),
    )


async def leave_alliance(connection: Connection, partner_id: UUID, now: datetime) -> None:
    """A partner is in the alliance no more; doing it twice changes nothing."""
    await connection.execute(
        "UPDATE alliance_member SET left_at = $2 WHERE partner_id = $1 AND left_at IS NULL", partner_id, now
    )


async def join_alliance(
    connection: Connection, member_id: UUID, partner_id: UUID, text_version: int, now: datetime
) -> None:
    """A partner is in the alliance; doing it twice changes nothing."""
    await connection.execute(
        "INSERT INTO alliance_member (id, partner_id, text_version, joined_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (partner_id) WHERE left_at IS NULL DO NOTHING",
        member_id,
        partner_id,
        text_version,
        now,
    )
