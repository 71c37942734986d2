"""SQL of benefits and of the counters that everyone shares. Nothing here is about a person."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.market.limits import Taken
from backend.platform.database import Connection, Row
from backend.platform.questions import Question

# A counter of everyone: of which benefit, and of which period.
Shared = tuple[str, str]


async def add_version(
    connection: Connection, benefit_id: str, terms: object, state: str, proposed_by: UUID, now: datetime
) -> int:
    """Writes the next version of a benefit; gives its number."""
    # Two proposals for one benefit at the same instant would otherwise draw the same number.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"benefit {benefit_id}")
    version: int = await connection.fetch_value(
        "INSERT INTO benefit (benefit_id, version, terms, state, proposed_by, proposed_at) "
        "SELECT $1, COALESCE(max(version), 0) + 1, $2, $3, $4, $5 FROM benefit WHERE benefit_id = $1 RETURNING version",
        benefit_id,
        terms,
        state,
        proposed_by,
        now,
    )
    return version


async def version_for_update(connection: Connection, benefit_id: str, version: int) -> Row | None:
    """One version, locked until the transaction ends."""
    return await connection.fetch_one(
        "SELECT benefit_id, version, terms, state, proposed_by FROM benefit "
        "WHERE benefit_id = $1 AND version = $2 FOR UPDATE",
        benefit_id,
        version,
    )


async def number_taken(connection: Connection, benefit_id: str, number: int) -> bool:
    """Whether another benefit was ever published under this number of offline codes."""
    found: bool = await connection.fetch_value(
        "SELECT EXISTS (SELECT 1 FROM benefit WHERE (terms->'offline'->>'number')::integer = $1 AND benefit_id <> $2 "
        "AND state NOT IN ('draft', 'refused'))",
        number,
        benefit_id,
    )
    return found


async def publish(connection: Connection, benefit_id: str, version: int, approved_by: UUID, now: datetime) -> None:
    """Puts a version in force and ends the one before it."""
    await connection.execute(
        "UPDATE benefit SET state = 'ended', ended_at = $2 WHERE benefit_id = $1 AND state IN ('published', 'paused')",
        benefit_id,
        now,
    )
    await connection.execute(
        "UPDATE benefit SET state = 'published', approved_by = $3, approved_at = $4 WHERE benefit_id = $1 AND version = $2",
        benefit_id,
        version,
        approved_by,
        now,
    )


async def offered_for_update(connection: Connection, benefit_id: str) -> Row | None:
    """The version in force or paused, locked until the transaction ends."""
    return await connection.fetch_one(
        "SELECT benefit_id, version, state FROM benefit "
        "WHERE benefit_id = $1 AND state IN ('published', 'paused') FOR UPDATE",
        benefit_id,
    )


async def set_state(
    connection: Connection, benefit_id: str, version: int, state: str, ended_at: datetime | None
) -> None:
    """Writes the state of a version."""
    await connection.execute(
        "UPDATE benefit SET state = $3, ended_at = $4 WHERE benefit_id = $1 AND version = $2",
        benefit_id,
        version,
        state,
        ended_at,
    )


async def add_event(
    connection: Connection,
    benefit_id: str,
    version: int,
    event: str,
    before: str | None,
    after: str,
    account_id: UUID,
    now: datetime,
) -> None:
    """Writes what happened to a version, and who did it."""
    await connection.execute(
        "INSERT INTO benefit_event (benefit_id, version, event, before, after, account_id, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        benefit_id,
        version,
        event,
        before,
        after,
        account_id,
        now,
    )


async def versions(connection: Connection, benefit_id: str, below: int | None, limit: int) -> list[Row]:
    """Up to `limit` versions of a benefit below one, newest first, whatever their state, with their events."""
    return await connection.fetch(
        "SELECT version, terms, state, proposed_by, proposed_at, approved_by, approved_at, ended_at, (SELECT COALESCE("
        "jsonb_agg(jsonb_build_object('event', event, 'before', before, 'after', after, 'account_id', account_id, 'at', at) "
        "ORDER BY id), '[]') FROM benefit_event WHERE benefit_event.benefit_id = benefit.benefit_id "
        "AND benefit_event.version = benefit.version) AS events FROM benefit "
        "WHERE benefit_id = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3",
        benefit_id,
        below,
        limit,
    )


async def one_version(connection: Connection, benefit_id: str, version: int) -> Row | None:
    """One version, whatever its state, and the terms in force or paused beside it, or null."""
    return await connection.fetch_one(
        "SELECT benefit_id, version, terms, state, (SELECT jsonb_build_object('terms', terms, 'version', version) "
        "FROM benefit AS offered WHERE offered.benefit_id = benefit.benefit_id AND offered.state IN ('published', 'paused')) "
        "AS offered FROM benefit WHERE benefit_id = $1 AND version = $2",
        benefit_id,
        version,
    )


async def uses_by_tier(connection: Connection, benefit_id: str, since: datetime) -> list[Row]:
    """How often each tier of a benefit was used since an instant, and what it was worth in all after reversals, in fen."""
    return await connection.impersonal(
        "uses counted by tier, for the cost of changed terms; whose they were is not read",
        "SELECT tier_value, count(*) AS uses, sum(redemption.amount_fen - reversed_fen)::bigint AS worth_fen "
        "FROM redemption JOIN verification ON verification.id = verification_id "
        "WHERE redemption.benefit_id = $1 AND redeemed_at >= $2 AND redemption.state <> 'reversed' GROUP BY tier_value",
        benefit_id,
        since,
    )


async def offered(connection: Connection, benefit_id: str, periods: Sequence[str]) -> Row | None:
    """The version in force or paused, and how often it was redeemed in each of these periods."""
    asked = offered_among([benefit_id], periods)
    return (await connection.ask(asked))[asked].get(benefit_id)


def offered_among(benefit_ids: Sequence[str], periods: Sequence[str]) -> Question[dict[str, Row]]:
    """`offered` for many benefits, by id; what is not offered is not there."""
    return Question.open(
        lambda rows: {row["benefit_id"]: row for row in rows},
        ("benefit_id", "version", "terms", "state", "approved_at", "used"),
        "SELECT benefit_id, version, terms, state, approved_at, "
        "(SELECT COALESCE(jsonb_object_agg(period, used), '{}') FROM benefit_use "
        "WHERE benefit_use.benefit_id = benefit.benefit_id AND period = ANY($2::text[])) AS used "
        "FROM benefit WHERE benefit_id = ANY($1::text[]) AND state IN ('published', 'paused')",
        list(benefit_ids),
        list(periods),
    )


async def version_of(connection: Connection, benefit_id: str, version: int) -> Row:
    """One version, whatever its state: the terms under which something was verified; a foreign key keeps it there."""
    [row] = await connection.fetch(
        "SELECT benefit_id, version, terms, state, approved_at FROM benefit WHERE benefit_id = $1 AND version = $2",
        benefit_id,
        version,
    )
    return row


async def offered_page(
    connection: Connection, scene: str | None, after: str, periods: Sequence[str], limit: int
) -> list[Row]:
    """Up to `limit` benefits in force or paused, by id, with their redemptions in these periods."""
    return await connection.fetch(
        "SELECT benefit_id, version, terms, state, approved_at, "
        "(SELECT COALESCE(jsonb_object_agg(period, used), '{}') FROM benefit_use "
        "WHERE benefit_use.benefit_id = benefit.benefit_id AND period = ANY($3)) AS used "
        "FROM benefit WHERE state IN ('published', 'paused') AND ($1::text IS NULL OR terms->>'scene' = $1) "
        "AND benefit_id > $2 ORDER BY benefit_id LIMIT $4",
        scene,
        after,
        list(periods),
        limit,
    )


async def take(connection: Connection, benefit_id: str, allowed: Mapping[str, int]) -> int:
    """Counts one redemption in each period (period -> how many are allowed) that has room; gives in how many it had.

    The row stays locked until the transaction ends and the condition is checked on the locked row, so no number of
    callers takes more than is allowed; the table's CHECK says so once more.
    """
    return await connection.execute(
        "INSERT INTO benefit_use (benefit_id, period, used, allowed) SELECT $1, wanted.period, 1, wanted.allowed "
        'FROM unnest($2::text[], $3::bigint[]) AS wanted(period, allowed) WHERE wanted.allowed > 0 ORDER BY wanted.period COLLATE "C" '
        "ON CONFLICT (benefit_id, period) DO UPDATE SET used = benefit_use.used + 1, allowed = excluded.allowed "
        "WHERE benefit_use.used < excluded.allowed",
        benefit_id,
        sorted(allowed),
        [allowed[period] for period in sorted(allowed)],
    )


def uses_of_everyone(
    verification_ids: Sequence[UUID], periods: Sequence[str], day: date
) -> Question[dict[Shared, int]]:
    """What everyone together used of the benefits of these verifications: (benefit, period) -> used, also at the stores where they
    were scanned. The counters stay locked until the transaction ends."""
    return Question.impersonal(
        "counters of everyone together; whose verifications name them is not read",
        lambda rows: {(row["benefit_id"], row["period"]): row["used"] for row in rows},
        ("benefit_id", "period", "used"),
        "SELECT benefit_id, period, used FROM benefit_use WHERE (benefit_id, period) IN (SELECT benefit_id, named.period "
        "FROM verification CROSS JOIN LATERAL (SELECT unnest($2::text[]) UNION ALL SELECT 'store ' || store_id || ' ' || $3) "
        'AS named(period) WHERE id = ANY($1::uuid[])) ORDER BY benefit_id COLLATE "C", period COLLATE "C" FOR UPDATE OF benefit_use',
        list(verification_ids),
        list(periods),
        f"{day:%Y-%m-%d}",
    )


async def begin(connection: Connection, allowed: Mapping[Shared, int]) -> None:
    """Makes counters that are not there yet, with nothing used: (benefit, period) -> how many it allows."""
    ordered = sorted(allowed)
    await connection.execute(
        "INSERT INTO benefit_use (benefit_id, period, used, allowed) "
        "SELECT benefit_id, period, 0, allowed FROM unnest($1::text[], $2::text[], $3::bigint[]) AS new(benefit_id, period, allowed) "
        "ON CONFLICT DO NOTHING",
        [benefit_id for benefit_id, _ in ordered],
        [period for _, period in ordered],
        [allowed[shared] for shared in ordered],
    )


def counting(uses: Mapping[Shared, Taken]) -> Question[None]:
    """Adds to shared counters (benefit, period) what was taken of them; the table's CHECK says once more that it fits."""
    ordered = sorted(uses)
    return Question.open(
        lambda _: None,
        ("period",),
        "INSERT INTO benefit_use (benefit_id, period, used, allowed) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) "
        "ON CONFLICT (benefit_id, period) DO UPDATE SET used = benefit_use.used + excluded.used, allowed = excluded.allowed "
        "RETURNING period",
        [benefit_id for benefit_id, _ in ordered],
        [period for _, period in ordered],
        [uses[key].count for key in ordered],
        [uses[key].allowed for key in ordered],
    )


async def give_back(connection: Connection, benefit_id: str, periods: Sequence[str]) -> None:
    """Takes one redemption off the count of each period, in the order in which `take` locks them."""
    for period in sorted(periods):
        await connection.execute(
            "UPDATE benefit_use SET used = used - 1 WHERE benefit_id = $1 AND period = $2 AND used > 0",
            benefit_id,
            period,
        )


def used_of(row: Row) -> dict[str, int]:
    """The column `used`: period -> redemptions."""
    used: dict[str, Any] = row["used"]
    return {period: int(count) for period, count in used.items()}
