"""Checking the ledger against the events: postings, budgets, signed approvals and statements, derived anew."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.ledger import approvals, guarantee_store, settling, statement_store
from backend.ledger.guaranteeing import shares_of
from backend.ledger.posting import formula_of
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from partners.ledger.audit import (
    Difference,
    Funding,
    Guaranteed,
    Payment,
    Plan,
    Redemption,
    Reversal,
    compare,
    further_postings_of,
    postings_of,
)
from partners.ledger.postings import POOL, Account, AccountKind, Cause, Posting, balances
from partners.ledger.sharing import Shares, minus, share_return
from partners.ledger.statements import as_csv


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption as the market tells it: what was taken back of it by reversal id, in no particular order."""

    id: UUID
    partner_id: UUID
    benefit_id: str
    amount_fen: int
    day: date
    reversed_fen: Mapping[UUID, int]


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose loss was shared, as the deposits tell it: what was lost, and every later payment in order: id and fen."""

    order_id: UUID
    loss_fen: int
    returns: tuple[tuple[UUID, int], ...]


async def planned_benefits(connection: Connection) -> list[str]:
    """The benefits that any plan ever paid for. One round trip."""
    return sorted({row["benefit_id"] for row in await statement_store.all_plans(connection)})


async def differences(
    platform: Platform,
    connection: Connection,
    redeemed: Sequence[Redeemed],
    lost: Sequence[Lost],
    reserved: Mapping[UUID, int],
) -> list[Difference]:
    """Where the ledger is not what redemptions, reversals, orders and what two operators signed say; empty if it agrees to the fen.

    `redeemed`: every redemption of the benefits of `planned_benefits`; `lost`: every order whose loss was shared; `reserved`: what
    places that are reserved hold of each budget, in fen. Nine round trips, one for each approval and two for each statement.
    """
    budgets = await statement_store.all_budgets(connection)
    plans = await statement_store.all_plans(connection)
    fundings = await guarantee_store.approved(connection, "pool_funding")
    payments = await guarantee_store.approved(connection, "partner_payment")
    rules = await guarantee_store.approved(connection, "loss_rule")
    guarantees = await guarantee_store.guarantees(connection)
    rows = await statement_store.all_postings(connection)
    left = {row["cause_id"]: row["left_fen"] for row in rows if row["cause"] == Cause.REVERSAL}
    events = [_in_order(each, left) for each in redeemed]
    amounts = {row["id"]: row["amount_fen"] for row in budgets}
    sound, unsound = _guaranteed(guarantees, {each.order_id: each for each in lost})
    derived = {
        **postings_of(amounts, [_plan(row) for row in plans], events),
        **further_postings_of(
            [Funding(row["id"], row["budget_id"], row["amount_fen"]) for row in fundings],
            sound,
            [Payment(row["id"], row["partner_id"], row["amount_fen"]) for row in payments],
        ),
    }
    held = balances(derived.values())
    pool_fen = await guarantee_store.pool_balance(connection)
    return [
        *compare([_posting(row) for row in rows], derived),
        *_budgets(budgets, held, reserved),
        *([] if pool_fen == held[POOL] else [Difference("guarantee pool", pool_fen, held[POOL])]),
        *unsound,
        *_rules_kept(guarantees, rules),
        *await _approvals(platform, connection, budgets, plans, fundings, rules, payments),
        *await _statements(platform, connection, rows, derived),
    ]


def _guaranteed(guarantees: Sequence[Row], lost: Mapping[UUID, Lost]) -> tuple[list[Guaranteed], list[Difference]]:
    """Guarantees with what orders say came back; and those that are not of the loss that their order tells."""
    sound, found = [], []
    for row in guarantees:
        shares, told = shares_of(row), lost.get(row["order_id"])
        what = f"guarantee of order {row['order_id']}"
        returned = 0 if told is None else sum(fen for _, fen in told.returns)
        if told is None or told.loss_fen != shares.loss_fen or returned > shares.loss_fen:
            found.append(Difference(f"{what}: loss", shares.loss_fen, None if told is None else told.loss_fen))
            continue
        left = shares
        for _, fen in told.returns:
            left = minus(left, share_return(left, fen))
        kept = Shares(
            merchant_fen=row["merchant_back_fen"], pool_fen=row["pool_back_fen"], city_fen=row["city_back_fen"]
        )
        if kept != minus(shares, left):
            found.append(Difference(f"{what}: came back", kept.loss_fen, minus(shares, left).loss_fen))
        sound.append(
            Guaranteed(
                order_id=row["order_id"],
                partner_id=row["partner_id"],
                budget_id=row["budget_id"],
                shares=shares,
                returns=told.returns,
            )
        )
    known = {row["order_id"] for row in guarantees}
    found += [
        Difference(f"guarantee of order {order_id}: loss", None, each.loss_fen)
        for order_id, each in lost.items()
        if order_id not in known
    ]
    return sound, found


def _rules_kept(guarantees: Sequence[Row], rules: Sequence[Row]) -> list[Difference]:
    """Guarantees in which pool and city bear more than the rule's caps, or than their permille of the shared part."""
    by_id, found = {row["id"]: row for row in rules}, []
    of_partner: Counter[tuple[UUID, int]] = Counter()
    of_year: Counter[int] = Counter()
    for row in sorted(guarantees, key=lambda each: (each["guaranteed_at"], each["order_id"])):
        rule = by_id.get(row["rule_id"])
        what, borne = f"guarantee of order {row['order_id']}", row["pool_fen"] + row["city_fen"]
        if rule is None:
            found.append(Difference(f"{what}: rule", str(row["rule_id"]), None))
            continue
        of_partner[row["partner_id"], row["year"]] += borne
        of_year[row["year"]] += borne
        shared = min(shares_of(row).loss_fen, rule["order_cap_fen"])
        # By largest remainder a share is less than one fen above its quota.
        most = {who: -(-shared * rule[f"{who}_permille"] // 1000) for who in ("pool", "city")}
        bounds = [
            (f"{what}: pool", row["pool_fen"], most["pool"]),
            (f"{what}: city", row["city_fen"], most["city"]),
            (f"{what}: partner's year", of_partner[row["partner_id"], row["year"]], rule["partner_year_cap_fen"]),
            (f"{what}: year", of_year[row["year"]], rule["year_cap_fen"]),
        ]
        found += [Difference(which, kept, bound) for which, kept, bound in bounds if kept > bound]
    return found


def _in_order(event: Redeemed, left: Mapping[UUID, int]) -> Redemption:
    """Reversals of one millisecond have no order of their own: what each left tells it, and is checked by what it gave back."""
    order = sorted(event.reversed_fen, key=lambda reversal_id: (-left.get(reversal_id, 0), reversal_id))
    return Redemption(
        id=event.id,
        partner_id=event.partner_id,
        benefit_id=event.benefit_id,
        amount_fen=event.amount_fen,
        day=event.day,
        reversals=tuple(Reversal(reversal_id, event.reversed_fen[reversal_id]) for reversal_id in order),
    )


def _budgets(budgets: Sequence[Row], held: Mapping[Account, int], reserved: Mapping[UUID, int]) -> list[Difference]:
    found = []
    for row in budgets:
        spent = row["amount_fen"] - held[Account(AccountKind.BUDGET, row["id"])] + reserved.get(row["id"], 0)
        if spent != row["spent_fen"]:
            found.append(Difference(f"budget {row['id']}: spent", row["spent_fen"], spent))
    return found


async def _approvals(
    platform: Platform,
    connection: Connection,
    budgets: Sequence[Row],
    plans: Sequence[Row],
    fundings: Sequence[Row],
    rules: Sequence[Row],
    payments: Sequence[Row],
) -> list[Difference]:
    """Rows that say something else than what two operators signed."""
    wanted = [
        *((f"budget {row['id']}", approvals.BUDGET, row["approval"], approvals.of_budget(row)) for row in budgets),
        *((f"plan {row['id']}", approvals.PLAN, row["approval"], approvals.of_plan(row)) for row in plans),
        *(
            (f"plan {row['id']}: ending", approvals.ENDING, row["ending"], approvals.of_ending(row["id"], row["ended_after"]))
            for row in plans
            if row["ending"] is not None
        ),
        *((f"pool funding {row['id']}", approvals.FUNDING, row["approval"], approvals.of_funding(row)) for row in fundings),
        *((f"loss rule {row['id']}", approvals.RULE, row["approval"], approvals.of_rule(row)) for row in rules),
        *((f"payment {row['id']}", approvals.PAYMENT, row["approval"], approvals.of_payment(row)) for row in payments),
    ]  # fmt: skip
    found = []
    for what, kind, signed, says in wanted:
        claims = await approvals.claims_of(platform, connection, kind, signed)
        if claims is None:
            found.append(Difference(f"{what}: approval", "not signed by us", "signed"))
            continue
        found += [
            Difference(f"{what}: {name}", _shown(value), _shown(claims.get(name)))
            for name, value in says.items()
            if claims.get(name) != value
        ]
    return found


async def _statements(
    platform: Platform,
    connection: Connection,
    postings: Sequence[Row],
    derived: Mapping[tuple[Cause, UUID], Posting],
) -> list[Difference]:
    """Statements that their postings no longer tell, that say something else than what was signed, and balances that the last
    one does not lead to. Opening balances are summed from all postings here, and carried nowhere."""
    found = []
    for row in await statement_store.all_statements(connection):
        opening = _owed_before(postings, row["partner_id"], settling.span(row["month"])[0])
        statement = await settling.from_postings(connection, row["partner_id"], row["month"], opening)
        what = f"statement {row['month']} of partner {row['partner_id']}"
        said: dict[str, int | str] = {
            **settling.sums_of(statement),
            "digest": hashlib.sha256(as_csv(statement)).hexdigest(),
        }
        found += [Difference(f"{what}: {name}", row[name], value) for name, value in said.items() if row[name] != value]
        found += await _signed(platform, connection, what, row)
        found += [
            Difference(f"{what}: line", str(line.id), None)
            for line in statement.lines
            if (line.cause, line.id) not in derived
        ]
    return found


async def _signed(platform: Platform, connection: Connection, what: str, row: Row) -> list[Difference]:
    """A statement that says something else than its signature. What a statement did not know when it was drawn was nothing."""
    claims = await approvals.claims_of(platform, connection, approvals.STATEMENT, row["signed"])
    if claims is None:
        return [Difference(f"{what}: signature", "not signed by us", "signed")]
    says = {name: claims.get(name, 0) for name in settling.SUMS} | {"digest": claims.get("csv_sha256")}
    return [
        Difference(f"{what}: signed {name}", _shown(row[name]), _shown(value))
        for name, value in says.items()
        if row[name] != value
    ]


def _owed_before(postings: Sequence[Row], partner_id: UUID, instant: datetime) -> int:
    """What a partner was owed at an instant, from everything that ever moved."""
    return sum(
        row["amount_fen"] if row["target_id"] == partner_id else -row["amount_fen"]
        for row in postings
        if partner_id in {row["target_id"], row["source_id"]} and row["posted_at"] < instant
    )


def _shown(value: object) -> int | str | None:
    return value if isinstance(value, int) or value is None else str(value)


def _posting(row: Row) -> Posting:
    return Posting(
        Cause(row["cause"]),
        row["cause_id"],
        Account(AccountKind(row["source_kind"]), row["source_id"]),
        Account(AccountKind(row["target_kind"]), row["target_id"]),
        row["amount_fen"],
    )


def _plan(row: Row) -> Plan:
    return Plan(
        id=row["id"],
        budget_id=row["budget_id"],
        benefit_id=row["benefit_id"],
        formula=formula_of(row),
        begins=row["begins"],
        last_day=row["ended_after"] or row["last_day"],
    )
