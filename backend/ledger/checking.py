"""Checking the ledger against the events: postings, budgets, signed approvals and statements, derived anew."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from backend.ledger import approvals, settling, statement_store
from backend.ledger.posting import formula_of
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from partners.ledger.audit import Difference, Plan, Redemption, Reversal, compare, postings_of
from partners.ledger.postings import Account, AccountKind, Cause, Posting, balances
from partners.ledger.statements import as_csv


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption as the market tells it: what was taken back of it by reversal id, in no particular order."""

    id: UUID
    partner_id: UUID
    benefit_id: str
    amount_fen: int
    day: date
    reversed_fen: Mapping[UUID, int]


async def planned_benefits(connection: Connection) -> list[str]:
    """The benefits that any plan ever paid for. One round trip."""
    return sorted({row["benefit_id"] for row in await statement_store.all_plans(connection)})


async def differences(
    platform: Platform, connection: Connection, redeemed: Sequence[Redeemed], held: Mapping[UUID, int]
) -> list[Difference]:
    """Where the ledger is not what redemptions, reversals and signed plans say; empty if it agrees to the fen.

    `redeemed`: every redemption of the benefits of `planned_benefits`; `held`: what places that are reserved hold of each budget. Four round trips, one for each approval and two for
    each statement.
    """
    budgets = await statement_store.all_budgets(connection)
    plans = await statement_store.all_plans(connection)
    rows = await statement_store.all_postings(connection)
    kept = [_posting(row) for row in rows]
    left = {row["cause_id"]: row["left_fen"] for row in rows if row["cause"] == Cause.REVERSAL}
    events = [_in_order(each, left) for each in redeemed]
    amounts = {row["id"]: row["amount_fen"] for row in budgets}
    derived = postings_of(amounts, [_plan(row) for row in plans], events)
    return [
        *compare(kept, derived),
        *_budgets(budgets, derived, held),
        *await _approvals(platform, connection, budgets, plans),
        *await _statements(connection, derived),
    ]


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


def _budgets(
    budgets: Sequence[Row], derived: Mapping[tuple[Cause, UUID], Posting], held: Mapping[UUID, int]
) -> list[Difference]:
    left = balances(derived.values())
    found = []
    for row in budgets:
        spent = row["amount_fen"] - left[Account(AccountKind.BUDGET, row["id"])] + held.get(row["id"], 0)
        if spent != row["spent_fen"]:
            found.append(Difference(f"budget {row['id']}: spent", row["spent_fen"], spent))
    return found


async def _approvals(
    platform: Platform, connection: Connection, budgets: Sequence[Row], plans: Sequence[Row]
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


async def _statements(connection: Connection, derived: Mapping[tuple[Cause, UUID], Posting]) -> list[Difference]:
    """Statements that their postings no longer tell, and balances that the last one does not lead to."""
    found = []
    for row in await statement_store.all_statements(connection):
        statement = await settling.from_postings(connection, row["partner_id"], row["month"])
        what = f"statement {row['month']} of partner {row['partner_id']}"
        said: dict[str, int | str] = {
            "opening_fen": statement.opening_fen,
            "subsidised_fen": statement.subsidised_fen,
            "taken_back_fen": statement.taken_back_fen,
            "lines": len(statement.lines),
            "digest": hashlib.sha256(as_csv(statement)).hexdigest(),
        }
        found += [Difference(f"{what}: {name}", row[name], value) for name, value in said.items() if row[name] != value]
        found += [
            Difference(f"{what}: line", str(line.id), None)
            for line in statement.lines
            if (line.cause, line.id) not in derived
        ]
    return found


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
