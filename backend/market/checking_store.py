"""SQL that derives every counter and every sum of the market anew from redemptions, reversals and orders alone.

It says nothing of a person: a counter is named by its benefit and its period.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.database import Connection, Row

# What counts: a redemption on the day it was given, a verification that an order used on the day it was opened, and a place that
# is held on the day it was reserved.
_USES = (
    "WITH uses AS (SELECT benefit_id, benefit_version, subject_id, "
    "(SELECT store_id FROM verification WHERE verification.id = verification_id) AS store_id, (redeemed_at AT TIME ZONE 'Asia/Shanghai')::date AS day, "
    "state <> 'reversed' AS stands, idempotency_key LIKE 'offline:%' AS offline FROM redemption "
    "UNION ALL SELECT benefit_id, benefit_version, subject_id, store_id, (orders.at AT TIME ZONE 'Asia/Shanghai')::date, true, "
    "false FROM unnest($1::uuid[], $2::timestamptz[]) AS orders(id, at) JOIN verification ON verification.id = orders.id "
    "UNION ALL SELECT reservation.benefit_id, reservation.benefit_version, subject_id, reservation.store_id, "
    "(reserved_at AT TIME ZONE 'Asia/Shanghai')::date, true, false FROM reservation "
    "JOIN verification ON verification.id = verification_id WHERE reservation.state = 'held'), "
)


async def counters_of_everyone(connection: Connection, orders: Sequence[tuple[UUID, datetime]]) -> list[Row]:
    """Benefit, period and both counts of every shared counter that is not what the events say."""
    return await connection.impersonal(
        "counts of everyone together, to compare them with what is kept",
        f"{_USES} derived AS (SELECT uses.benefit_id, period, count(*) AS used FROM uses "
        "JOIN benefit ON benefit.benefit_id = uses.benefit_id AND version = benefit_version CROSS JOIN LATERAL "
        "(VALUES ('total', terms->>'quota_total'), ('day ' || to_char(day, 'YYYY-MM-DD'), terms->>'quota_per_day'), "
        "('store ' || store_id || to_char(day, ' YYYY-MM-DD'), terms->>'quota_per_store_per_day')) "
        "AS periods(period, allowed) WHERE stands AND allowed IS NOT NULL AND period IS NOT NULL GROUP BY 1, 2) "
        "SELECT benefit_id, period, COALESCE(kept.used, 0) AS kept, COALESCE(derived.used, 0) AS derived "
        "FROM benefit_use AS kept FULL JOIN derived USING (benefit_id, period) "
        "WHERE COALESCE(kept.used, 0) <> COALESCE(derived.used, 0) ORDER BY benefit_id, period",
        *_columns(orders),
    )


async def counters_of_persons(connection: Connection, orders: Sequence[tuple[UUID, datetime]]) -> list[Row]:
    """The same of counters of one person each, without whose they are. What was given offline stays counted for its day,
    also when it is reversed."""
    return await connection.impersonal(
        "benefits, periods and counts that differ; whose they are is compared in the database and not read",
        f"{_USES} derived AS (SELECT subject_id, COALESCE(named, uses.benefit_id) AS benefit_id, period, count(*) AS used FROM uses "
        "JOIN benefit ON benefit.benefit_id = uses.benefit_id AND version = benefit_version CROSS JOIN LATERAL "
        "(VALUES (NULL, 'day ' || to_char(day, 'YYYY-MM-DD'), terms->>'per_person_per_day', stands), "
        "(NULL, 'month ' || to_char(day, 'YYYY-MM'), terms->>'per_person_per_month', stands), "
        "('group:' || (terms->>'stacking_group'), 'day ' || to_char(day, 'YYYY-MM-DD'), terms->>'stacking_group', stands), "
        "(NULL, 'offline ' || to_char(day, 'YYYY-MM-DD'), terms->'offline'->>'per_person_per_day', offline)) "
        "AS periods(named, period, allowed, counts) WHERE counts AND allowed IS NOT NULL AND subject_id IS NOT NULL GROUP BY 1, 2, 3) "
        "SELECT benefit_id, period, COALESCE(kept.used, 0) AS kept, COALESCE(derived.used, 0) AS derived "
        "FROM person_use AS kept FULL JOIN derived USING (subject_id, benefit_id, period) "
        "WHERE COALESCE(kept.used, 0) <> COALESCE(derived.used, 0) ORDER BY benefit_id, period",
        *_columns(orders),
    )


async def reversed_sums(connection: Connection) -> list[Row]:
    """Redemptions whose reversed sum or state is not what their reversals say."""
    return await connection.impersonal(
        "ids, sums and states of redemptions that do not add up; whose they were is not read",
        "SELECT * FROM (SELECT redemption.id, reversed_fen AS kept, state, COALESCE(sum(reversal.amount_fen), 0)::bigint AS derived, "
        "CASE WHEN count(reversal.id) = 0 THEN 'redeemed' WHEN sum(reversal.amount_fen) = redemption.amount_fen "
        "THEN 'reversed' ELSE 'partly-reversed' END AS derived_state FROM redemption "
        "LEFT JOIN reversal ON redemption_id = redemption.id GROUP BY redemption.id) AS sums "
        "WHERE kept <> derived OR state <> derived_state ORDER BY id",
    )


async def unused_verifications(connection: Connection, orders: Sequence[tuple[UUID, datetime]]) -> list[Row]:
    """Verifications that were used and not marked, or marked and not used, with their state."""
    return await connection.impersonal(
        "ids and states of verifications; whose they were is not read",
        "SELECT id, state FROM verification WHERE (state = 'redeemed') <> "
        "(id = ANY($1::uuid[]) OR EXISTS (SELECT 1 FROM redemption WHERE verification_id = verification.id)) ORDER BY id",
        [order for order, _ in orders],
    )


async def wrongly_reserved(connection: Connection) -> list[Row]:
    """Verifications that say they hold a place and do not, or hold one and do not say so, with their state."""
    return await connection.impersonal(
        "ids and states of verifications that hold a place; whose they were is not read",
        "SELECT id, state FROM verification WHERE (state = 'reserved') <> EXISTS (SELECT 1 FROM reservation "
        "WHERE verification_id = verification.id AND reservation.state = 'held') ORDER BY id",
    )


async def redeemed(connection: Connection, benefit_ids: Sequence[str]) -> list[Row]:
    """Every redemption of these benefits with what was taken back of it, by reversal id."""
    return await connection.impersonal(
        "what partners were given and gave back, for the ledger; whose they were is not read",
        "SELECT redemption.id, partner_id, benefit_id, redemption.amount_fen, "
        "(redeemed_at AT TIME ZONE 'Asia/Shanghai')::date AS day, COALESCE(jsonb_object_agg(reversal.id, reversal.amount_fen) "
        "FILTER (WHERE reversal.id IS NOT NULL), '{}') AS reversed FROM redemption "
        "LEFT JOIN reversal ON redemption_id = redemption.id WHERE benefit_id = ANY($1::text[]) GROUP BY redemption.id",
        list(benefit_ids),
    )


async def told_between(connection: Connection, begins: datetime, ends: datetime) -> list[Row]:
    """How often partners were told what between two instants, and with which reasons for the holder."""
    return await connection.impersonal(
        "counts of answers by result and reasons; of whom is not read",
        "SELECT result, COALESCE(reason, '[]') AS reasons, count(*) AS answers FROM verification "
        "WHERE answered_at >= $1 AND answered_at < $2 GROUP BY 1, 2 ORDER BY 1, 2",
        begins,
        ends,
    )


async def given_between(connection: Connection, begins: datetime, ends: datetime) -> Row:
    """How many redemptions there were between two instants, what they were worth and what was taken back of them, in fen."""
    [row] = await connection.impersonal(
        "counts and sums of what was given; to whom is not read",
        "SELECT count(*) AS redemptions, COALESCE(sum(amount_fen), 0)::bigint AS redeemed_fen, "
        "COALESCE(sum((SELECT count(*) FROM reversal WHERE redemption_id = redemption.id)), 0)::bigint AS reversals, "
        "COALESCE(sum(reversed_fen), 0)::bigint AS reversed_fen FROM redemption WHERE redeemed_at >= $1 AND redeemed_at < $2",
        begins,
        ends,
    )
    return row


def _columns(orders: Sequence[tuple[UUID, datetime]]) -> tuple[list[UUID], list[datetime]]:
    return [order for order, _ in orders], [at for _, at in orders]
