"""SQL of the market bench: tables of its own for what it compares with, and rows as a long history would have left them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from backend.platform.database import Connection

_BARE = (
    "CREATE TABLE bench_stock (id text PRIMARY KEY, used bigint NOT NULL, allowed bigint NOT NULL, CHECK (used <= allowed))",
    "INSERT INTO bench_stock VALUES ('hot', 0, 1000000000)",
    "CREATE TABLE bench_use (id uuid PRIMARY KEY, stock_id text NOT NULL, at timestamptz NOT NULL)",
)
_VERIFIED = (
    "id", "partner_id", "terminal", "benefit_id", "benefit_version", "subject_id", "result", "reason", "tier_value",
    "amount_fen", "partner_ref", "ephemeral_ref", "receipt", "state", "answered_at", "expires_at",
)  # fmt: skip

# What one statement for each call looks like: the count and the row that it stands for, in one round trip.
TAKE_ONE = (
    "WITH taken AS (UPDATE bench_stock SET used = used + 1 WHERE id = 'hot' AND used < allowed RETURNING id) "
    "INSERT INTO bench_use SELECT $1, id, now() FROM taken"
)
# The same for all who wait: as many as fit, the first ones first.
TAKE_MANY = (
    "WITH stock AS MATERIALIZED (SELECT id, allowed - used AS room FROM bench_stock WHERE id = 'hot' FOR UPDATE), "
    "fitting AS (SELECT given.id, stock.id AS stock_id FROM unnest($1::uuid[]) WITH ORDINALITY AS given(id, place), stock "
    "WHERE place <= room), "
    "taken AS (UPDATE bench_stock SET used = used + (SELECT count(*) FROM fitting) WHERE id = 'hot') "
    "INSERT INTO bench_use SELECT id, stock_id, now() FROM fitting RETURNING id"
)
# The ceiling of what is spread: a durable row, and nothing else.
INSERT_ONE = "INSERT INTO bench_use VALUES ($1, 'spread', now())"


async def make_bare_tables(connection: Connection) -> None:
    """The tables that the bare statements work on."""
    for statement in _BARE:
        await connection.execute(statement)


async def add_eligible(
    connection: Connection, rows: Sequence[tuple[UUID, UUID, str, UUID]], answered_at: datetime, expires_at: datetime
) -> None:
    """Eligible answers (id, partner, benefit, subject) that can be redeemed: what verifying as many codes leaves."""
    given: Iterable[tuple[object, ...]] = (
        (id_, partner, "till-1", benefit, 1, subject, "eligible", [], 50, 500, "bench", str(id_), "-", "answered", answered_at,
         expires_at)
        for id_, partner, benefit, subject in rows
    )  # fmt: skip
    await connection.copy_in("verification", _VERIFIED, given)


async def add_history(
    connection: Connection, partner_id: UUID, benefit_id: str, subjects: Sequence[UUID], count: int
) -> None:
    """So many more verifications, each redeemed and counted in a period of its own, spread over the subjects and 1,000 days."""
    await connection.execute(
        "WITH many AS MATERIALIZED (SELECT gen_random_uuid() AS id, gen_random_uuid() AS redemption_id, "
        "($3::uuid[])[1 + number % cardinality($3::uuid[])] AS subject_id, "
        "now() - (1 + number % 1000) * interval '1 day' AS at FROM generate_series(1, $4) AS number), "
        "verified AS (INSERT INTO verification (id, partner_id, terminal, benefit_id, benefit_version, subject_id, result, "
        "reason, tier_value, amount_fen, partner_ref, ephemeral_ref, receipt, state, answered_at, expires_at) "
        "SELECT id, $1, 'till-1', $2, 1, subject_id, 'eligible', '[]'::jsonb, 50, 500, 'history', id::text, repeat('x', 500), "
        "'redeemed', at, at + interval '15 minutes' FROM many RETURNING id), "
        "counted AS (INSERT INTO person_use (subject_id, benefit_id, period, used, allowed) "
        "SELECT subject_id, $2, 'history ' || id, 1, 1 FROM many) "
        "INSERT INTO redemption (id, verification_id, partner_id, benefit_id, benefit_version, subject_id, amount_fen, "
        "reversed_fen, state, partner_ref, idempotency_key, receipt, redeemed_at) SELECT redemption_id, many.id, $1, $2, 1, "
        "subject_id, 500, 0, 'redeemed', 'history', redemption_id::text, repeat('x', 500), at FROM many JOIN verified USING (id)",
        partner_id,
        benefit_id,
        list(subjects),
        count,
    )
    for table in ("verification", "redemption", "person_use"):
        await connection.execute(f"ANALYZE {table}")


async def redeemed_of(connection: Connection, benefit_id: str) -> tuple[int, int]:
    """How many redemptions of a benefit there are, and how many its counter of everyone says there are."""
    [row] = await connection.impersonal(
        "counts of people who were made for measuring",
        "SELECT (SELECT count(*) FROM redemption WHERE benefit_id = $1) AS rows, "
        "COALESCE((SELECT used FROM benefit_use WHERE benefit_id = $1 AND period = 'total'), 0) AS counted",
        benefit_id,
    )
    return row["rows"], row["counted"]
