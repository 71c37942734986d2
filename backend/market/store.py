"""SQL of verifications, redemptions, reversals and closed offers. Every read of a person takes an access context."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.market.limits import Taken
from backend.market.messages import Result
from backend.platform.access import Access
from backend.platform.database import Connection, Row
from backend.platform.questions import Question

_VERIFICATION = (
    "id, partner_id, terminal, benefit_id, benefit_version, account_id, subject_id, result, tier_value, amount_fen, "
    "partner_ref, ephemeral_ref, receipt, state, answered_at, expires_at, confirm_by, confirmed_at, store_id"
)
_REDEMPTION = (
    "id, verification_id, partner_id, benefit_id, benefit_version, subject_id, amount_fen, reversed_fen, state, "
    "partner_ref, receipt, redeemed_at, (SELECT store_id FROM verification WHERE verification.id = verification_id) AS store_id"
)


# A counter of a person: whose, of which benefit or group, and of which period.
Counted = tuple[UUID, str, str]


_PERSONS_LOCK = "pg_advisory_xact_lock(hashtextextended('places ' || {}::text, 0))"


class NewVerification(msgspec.Struct, frozen=True, kw_only=True):
    """The row of an answer, its columns in the order in which they are written. `reason` is a JSON value for the holder alone."""

    id: UUID
    partner_id: UUID
    terminal: str
    benefit_id: str
    benefit_version: int
    account_id: UUID | None
    subject_id: UUID | None
    result: Result
    reason: list[str]
    tier_value: int
    amount_fen: int | None
    partner_ref: str
    ref: str
    receipt: str
    state: str = "answered"
    answered_at: datetime
    expires_at: datetime
    confirm_by: datetime | None = None
    request_mark: bytes | None = None
    store_id: UUID | None = None


class NewRedemption(msgspec.Struct, frozen=True, kw_only=True):
    """The row of a redemption; `amount_fen` is what the benefit was worth."""

    id: UUID
    verification_id: UUID
    partner_id: UUID
    benefit_id: str
    benefit_version: int
    subject_id: UUID | None
    amount_fen: int
    partner_ref: str
    idempotency_key: str
    receipt: str
    redeemed_at: datetime


def circumstances(
    cases: Sequence[tuple[UUID, UUID | None, str, str | None]], periods: Sequence[str], month_start: datetime
) -> Question[list[Row]]:
    """What bears on a person, a partner, a benefit and its stacking group, for each such case, read under the access context at
    its place.

    `closed` (why the offer is closed, or null), `used` by period, `grouped` (the same of the group), `committed` (what the person
    promised for the benefit), and `tried`, the other benefits this partner tried on this
    person since `month_start`.
    """
    return Question.logged(
        lambda rows: sorted(rows, key=lambda row: int(row["number"])),
        ("number", "subject_id", "closed", "used", "grouped", "committed", "tried"),
        "SELECT asked.number, asked.subject_id, "
        "(SELECT because FROM closed_offer WHERE subject_id = asked.subject_id AND benefit_id = asked.benefit_id) AS closed, "
        "(SELECT COALESCE(jsonb_object_agg(period, used), '{}') FROM person_use "
        "WHERE subject_id = asked.subject_id AND benefit_id = asked.benefit_id AND period = ANY($4::text[])) AS used, "
        "(SELECT COALESCE(jsonb_object_agg(period, used), '{}') FROM person_use "
        "WHERE subject_id = asked.subject_id AND benefit_id = asked.stacked AND period = ANY($4::text[])) AS grouped, "
        "(SELECT COALESCE(jsonb_agg(kind), '[]') FROM benefit_commitment "
        "WHERE subject_id = asked.subject_id AND benefit_id = asked.benefit_id) AS committed, "
        "(SELECT count(DISTINCT benefit_id) FROM verification WHERE partner_id = asked.partner_id "
        "AND subject_id = asked.subject_id AND answered_at >= $5 AND benefit_id <> asked.benefit_id) AS tried "
        "FROM unnest($1::uuid[], $2::uuid[], $3::text[], $6::text[]) WITH ORDINALITY "
        "AS asked(subject_id, partner_id, benefit_id, stacked, number)",
        [subject_id for subject_id, _, _, _ in cases],
        [partner_id for _, partner_id, _, _ in cases],
        [benefit_id for _, _, benefit_id, _ in cases],
        list(periods),
        month_start,
        [stacked for _, _, _, stacked in cases],
    )


async def all_circumstances(connection: Connection, access: Access, subject_id: UUID, periods: Sequence[str]) -> Row:
    """The same for every benefit of one person: `closed` and `used` as objects by benefit id."""
    [row] = await connection.read(
        access,
        "SELECT $1::uuid AS subject_id, "
        "(SELECT COALESCE(jsonb_object_agg(benefit_id, because), '{}') FROM closed_offer WHERE subject_id = $1) AS closed, "
        "(SELECT COALESCE(jsonb_object_agg(benefit_id, used), '{}') FROM (SELECT benefit_id, "
        "jsonb_object_agg(period, used) AS used FROM person_use WHERE subject_id = $1 AND period = ANY($2) "
        "GROUP BY benefit_id) AS by_benefit) AS used, "
        "(SELECT COALESCE(jsonb_agg(jsonb_build_array(benefit_id, kind)), '[]') FROM benefit_commitment "
        "WHERE subject_id = $1) AS committed",
        subject_id,
        list(periods),
    )
    return row


async def add_verification(connection: Connection, access: Access, row: NewVerification) -> None:
    """Writes an answer, and the access row that tells the holder of it."""
    await connection.ask(adding([row]), accesses=[access])


def adding(rows: Sequence[NewVerification]) -> Question[None]:
    """Writes answers; the access context at the place of each tells its holder of it."""
    columns = {name: [getattr(row, name) for row in rows] for name in NewVerification.__struct_fields__}
    # As text: a list inside a list would be taken for an array of two dimensions.
    columns["reason"] = [msgspec.json.encode(row.reason).decode() for row in rows]
    return Question.logged(
        lambda _: None,
        ("subject_id", "number"),
        "INSERT INTO verification (id, partner_id, terminal, benefit_id, benefit_version, account_id, subject_id, result, "
        "reason, tier_value, amount_fen, partner_ref, ephemeral_ref, receipt, state, answered_at, expires_at, confirm_by, "
        "request_mark, store_id) SELECT id, partner_id, terminal, benefit_id, benefit_version, account_id, subject_id, result, "
        "reason::jsonb, tier_value, amount_fen, partner_ref, ephemeral_ref, receipt, state, answered_at, expires_at, "
        "confirm_by, request_mark, store_id FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::uuid[], "
        "$7::uuid[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[], "
        "$15::text[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::bytea[], $20::uuid[]) AS given("
        "id, partner_id, terminal, benefit_id, benefit_version, account_id, subject_id, result, reason, tier_value, "
        "amount_fen, partner_ref, ephemeral_ref, receipt, state, answered_at, expires_at, confirm_by, request_mark, store_id) "
        "RETURNING subject_id, array_position($1, id) AS number",
        *columns.values(),
    )


async def verification(
    connection: Connection, access: Access, partner_id: UUID, verification_id: UUID, *, lock: bool = False
) -> Row | None:
    """A partner's own verification, without its reason; another partner's is not there."""
    return await connection.read_one(
        access,
        f"SELECT {_VERIFICATION} FROM verification WHERE id = $1 AND partner_id = $2" + (" FOR UPDATE" if lock else ""),
        verification_id,
        partner_id,
    )


def locking(wanted: Sequence[tuple[UUID, UUID]]) -> Question[None]:
    """Locks verifications of partners (partner, verification), and then the persons whose they are, until the transaction ends.

    Whoever takes places for a person has this lock: a counter of the person that is not there yet, and so cannot be locked,
    is made by nobody else meanwhile.
    """
    return Question.impersonal(
        "locks persons for whom places are taken; who they are is not read",
        lambda _: None,
        ("persons",),
        f"SELECT count(locked) AS persons FROM (SELECT {_PERSONS_LOCK.format('subject_id')} AS locked FROM (SELECT DISTINCT subject_id "
        "FROM (SELECT subject_id FROM unnest($1::uuid[], $2::uuid[]) AS wanted(partner_id, id) JOIN verification "
        "USING (partner_id, id) ORDER BY verification.id FOR UPDATE OF verification) AS theirs "
        "WHERE subject_id IS NOT NULL ORDER BY subject_id) AS persons) AS held",
        [partner_id for partner_id, _ in wanted],
        [verification_id for _, verification_id in wanted],
    )


def to_redeem(wanted: Sequence[tuple[UUID, UUID]]) -> Question[dict[int, Row]]:
    """Verifications of partners (partner, verification) with the terms they were answered under, by their place from 1; `locking`
    has locked them. Another partner's is not there."""
    return Question.logged(
        lambda rows: {row["number"]: row for row in rows},
        (
            "number",
            "subject_id",
            "id",
            "benefit_id",
            "version",
            "result",
            "amount_fen",
            "state",
            "expires_at",
            "store_id",
            "terms",
        ),
        "SELECT number, subject_id, verification.id, verification.benefit_id, benefit_version AS version, result, amount_fen, "
        "verification.state, expires_at, store_id, terms FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY "
        "AS wanted(partner_id, id, number) JOIN verification USING (partner_id, id) JOIN benefit "
        "ON benefit.benefit_id = verification.benefit_id AND benefit.version = benefit_version",
        [partner_id for partner_id, _ in wanted],
        [verification_id for _, verification_id in wanted],
    )


def uses_of_persons(verification_ids: Sequence[UUID], periods: Sequence[str]) -> Question[dict[Counted, int]]:
    """What the persons of these verifications used of their benefits, and of the groups these are in: (person, benefit, period) ->
    used. The counters stay locked until the transaction ends."""
    return Question.logged(
        lambda rows: {(row["subject_id"], row["benefit_id"], row["period"]): row["used"] for row in rows},
        ("number", "subject_id", "benefit_id", "period", "used"),
        "SELECT number, person_use.subject_id, person_use.benefit_id, period, used FROM unnest($1::uuid[]) WITH ORDINALITY "
        "AS given(id, number) JOIN verification USING (id) JOIN benefit ON benefit.benefit_id = verification.benefit_id "
        "AND benefit.version = benefit_version JOIN person_use ON person_use.subject_id = verification.subject_id "
        "AND person_use.benefit_id IN (verification.benefit_id, 'group:' || (terms->>'stacking_group')) AND period = ANY($2::text[]) "
        'ORDER BY person_use.subject_id, person_use.benefit_id COLLATE "C", period COLLATE "C", number FOR UPDATE OF person_use',
        list(verification_ids),
        list(periods),
    )


def counting(uses: Mapping[Counted, Taken]) -> Question[None]:
    """Adds to counters of persons what was taken of them."""
    ordered = sorted(uses)
    return Question.open(
        lambda _: None,
        ("period",),
        "INSERT INTO person_use (subject_id, benefit_id, period, used, allowed) "
        "SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) "
        "ON CONFLICT (subject_id, benefit_id, period) DO UPDATE SET used = person_use.used + excluded.used, "
        "allowed = excluded.allowed RETURNING period",
        [subject_id for subject_id, _, _ in ordered],
        [benefit_id for _, benefit_id, _ in ordered],
        [period for _, _, period in ordered],
        [uses[key].count for key in ordered],
        [uses[key].allowed for key in ordered],
    )


def marking_redeemed(verification_ids: Sequence[UUID]) -> Question[None]:
    """These verifications are used up."""
    return Question.impersonal(
        "marks what was read and locked under its access context in this transaction",
        lambda _: None,
        ("marked",),
        "UPDATE verification SET state = 'redeemed' WHERE id = ANY($1::uuid[]) RETURNING true AS marked",
        list(verification_ids),
    )


async def usable_among(connection: Connection, ids: Sequence[UUID], now: datetime) -> list[Row]:
    """Those of `ids` that are eligible and not used yet, newest first."""
    return await connection.impersonal(
        "what the partner was told already, by ids that it was told; whose they are is not read",
        "SELECT id, benefit_id, tier_value, answered_at, expires_at, (SELECT terms->>'unit' FROM benefit "
        "WHERE benefit.benefit_id = verification.benefit_id AND benefit.version = verification.benefit_version) AS unit "
        "FROM verification WHERE id = ANY($1::uuid[]) AND state IN ('answered', 'reserved') AND result = 'eligible' AND expires_at > $2 "
        "ORDER BY id DESC",
        list(ids),
        now,
    )


async def mark_redeemed(connection: Connection, verification_id: UUID) -> None:
    """The verification is used up."""
    await connection.execute("UPDATE verification SET state = 'redeemed' WHERE id = $1", verification_id)


async def verifications_of_subject(
    connection: Connection, access: Access, subject_id: UUID, before: UUID | None, limit: int
) -> list[Row]:
    """A person's own verifications with reasons and redemptions, newest first."""
    return await connection.read(
        access,
        "SELECT verification.subject_id, verification.id, verification.partner_id, verification.terminal, "
        "verification.benefit_id, verification.result, verification.reason, verification.amount_fen, verification.state, "
        "verification.answered_at, verification.expires_at, verification.confirm_by, redemption.redeemed_at, redemption.amount_fen AS redeemed_fen, "
        "redemption.state AS redemption_state, "
        "(SELECT terms FROM benefit WHERE benefit.benefit_id = verification.benefit_id "
        "AND benefit.version = verification.benefit_version) AS terms "
        "FROM verification LEFT JOIN redemption ON redemption.verification_id = verification.id "
        "WHERE verification.subject_id = $1 AND ($2::uuid IS NULL OR verification.id < $2) "
        "ORDER BY verification.id DESC LIMIT $3",
        subject_id,
        before,
        limit,
    )


async def verification_of_subject(
    connection: Connection, access: Access, subject_id: UUID, verification_id: UUID
) -> Row | None:
    """A person's own verification, without its reason."""
    return await connection.read_one(
        access,
        "SELECT subject_id, id, partner_id, benefit_id, result, state, answered_at, expires_at FROM verification "
        "WHERE id = $1 AND subject_id = $2",
        verification_id,
        subject_id,
    )


async def take(connection: Connection, subject_id: UUID, benefit_id: str, allowed: Mapping[str, int]) -> int:
    """Counts one redemption of one person, who is locked until the transaction ends, in each period that has room; gives in how many
    it had."""
    return await connection.execute(
        f"WITH person AS MATERIALIZED (SELECT {_PERSONS_LOCK.format('$1::uuid')}) "
        "INSERT INTO person_use (subject_id, benefit_id, period, used, allowed) "
        "SELECT $1::uuid, $2, wanted.period, 1, wanted.allowed FROM person, unnest($3::text[], $4::bigint[]) AS wanted(period, allowed) "
        'WHERE wanted.allowed > 0 ORDER BY wanted.period COLLATE "C" '
        "ON CONFLICT (subject_id, benefit_id, period) DO UPDATE SET used = person_use.used + 1, allowed = excluded.allowed "
        "WHERE person_use.used < excluded.allowed",
        subject_id,
        benefit_id,
        sorted(allowed),
        [allowed[period] for period in sorted(allowed)],
    )


async def give_back(connection: Connection, subject_id: UUID, benefit_id: str, periods: Sequence[str]) -> None:
    """Takes one redemption off the person's count of each period."""
    for period in sorted(periods):
        await connection.execute(
            "UPDATE person_use SET used = used - 1 WHERE subject_id = $1 AND benefit_id = $2 AND period = $3 AND used > 0",
            subject_id,
            benefit_id,
            period,
        )


async def add_redemption(connection: Connection, row: NewRedemption) -> None:
    """Writes a redemption; a second one for the same verification breaks the unique key."""
    await connection.ask(adding_redemptions([row]))


def adding_redemptions(rows: Sequence[NewRedemption]) -> Question[None]:
    """Writes redemptions."""
    columns = [[getattr(row, name) for row in rows] for name in NewRedemption.__struct_fields__]
    return Question.open(
        lambda _: None,
        ("id",),
        "INSERT INTO redemption (id, verification_id, partner_id, benefit_id, benefit_version, subject_id, amount_fen, "
        "partner_ref, idempotency_key, receipt, redeemed_at, reversed_fen, state) SELECT *, 0, 'redeemed' FROM unnest("
        "$1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::uuid[], $7::bigint[], $8::text[], $9::text[], "
        "$10::text[], $11::timestamptz[]) RETURNING id",
        *columns,
    )


async def redemption_by_key(connection: Connection, access: Access, partner_id: UUID, key: str) -> Row | None:
    """What a partner redeemed under one of its idempotency keys."""
    return await connection.read_one(
        access,
        f"SELECT {_REDEMPTION} FROM redemption WHERE partner_id = $1 AND idempotency_key = $2 ORDER BY id DESC LIMIT 1",
        partner_id,
        key,
    )


async def redemption_for_update(
    connection: Connection, access: Access, partner_id: UUID, redemption_id: UUID
) -> Row | None:
    """A partner's own redemption, locked until the transaction ends."""
    return await connection.read_one(
        access,
        f"SELECT {_REDEMPTION} FROM redemption WHERE id = $1 AND partner_id = $2 FOR UPDATE",
        redemption_id,
        partner_id,
    )


async def add_reversal(
    connection: Connection,
    reversal_id: UUID,
    redemption_id: UUID,
    amount_fen: int,
    state: str,
    partner_ref: str,
    receipt: str,
    now: datetime,
) -> None:
    """Writes a reversal and adds it to what is reversed; the table's CHECK keeps the sum within the redemption."""
    await connection.execute(
        "UPDATE redemption SET reversed_fen = reversed_fen + $2, state = $3 WHERE id = $1",
        redemption_id,
        amount_fen,
        state,
    )
    await connection.execute(
        "INSERT INTO reversal (id, redemption_id, amount_fen, partner_ref, receipt, reversed_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        reversal_id,
        redemption_id,
        amount_fen,
        partner_ref,
        receipt,
        now,
    )


async def close_offer(connection: Connection, subject_id: UUID, benefit_id: str, because: str, now: datetime) -> None:
    """Closes one offer to one person; closing it twice changes nothing."""
    await connection.execute(
        "INSERT INTO closed_offer (subject_id, benefit_id, because, closed_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING",
        subject_id,
        benefit_id,
        because,
        now,
    )


async def reopen_offer(connection: Connection, subject_id: UUID, benefit_id: str) -> int:
    """Opens it again."""
    return await connection.execute(
        "DELETE FROM closed_offer WHERE subject_id = $1 AND benefit_id = $2", subject_id, benefit_id
    )


async def commit(
    connection: Connection, subject_id: UUID, benefit_id: str, kind: str, version: int, now: datetime
) -> None:
    """A person's commitment for one benefit, under the version that asked for it; to make it again changes nothing."""
    await connection.execute(
        "INSERT INTO benefit_commitment (subject_id, benefit_id, kind, benefit_version, made_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING",
        subject_id,
        benefit_id,
        kind,
        version,
        now,
    )


async def uncommit(connection: Connection, subject_id: UUID, benefit_id: str) -> int:
    """Takes a person's commitments for one benefit back; gives how many there were."""
    return await connection.execute(
        "DELETE FROM benefit_commitment WHERE subject_id = $1 AND benefit_id = $2", subject_id, benefit_id
    )


async def forget(connection: Connection, subject_id: UUID) -> None:
    """Cuts every tie to a person; what a merchant and the city must account for stays, and is nobody's."""
    await connection.execute("DELETE FROM confirmation WHERE subject_id = $1", subject_id)
    await connection.execute(
        "UPDATE verification SET subject_id = NULL, account_id = NULL, reason = NULL WHERE subject_id = $1", subject_id
    )
    await connection.execute("UPDATE redemption SET subject_id = NULL WHERE subject_id = $1", subject_id)
    await connection.execute("DELETE FROM person_use WHERE subject_id = $1", subject_id)
    await connection.execute("DELETE FROM benefit_commitment WHERE subject_id = $1", subject_id)
