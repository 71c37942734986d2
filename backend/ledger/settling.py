"""Statements 月度结算单: a partner's month in Asia/Shanghai, drawn once it is over, signed, and never changed."""

import asyncio
import hashlib
from datetime import date, datetime, timedelta
from uuid import UUID

from backend.ledger import approvals, guarantee_store, statement_store
from backend.ledger.messages import StatementDetail, StatementPage, StatementSummary
from backend.ledger.paper import Party, as_pdf
from backend.platform import cursors
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from partners.ledger.postings import Cause
from partners.ledger.statements import Line, Statement, as_csv

# What is kept, signed, shown and checked of a statement.
SUMS = (
    "opening_fen", "subsidised_fen", "taken_back_fen", "guaranteed_fen", "returned_fen", "paid_out_fen", "closing_fen", "lines",
)  # fmt: skip

# An act is booked at the instant at which it began: those that began before midnight have ended by then.
_QUIET = timedelta(minutes=10)


def previous_month(day: date) -> str:
    """The calendar month before a day's, as 2026-11."""
    return f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"


def span(month: str) -> tuple[datetime, datetime]:
    """The first instant of a month in Asia/Shanghai, and of the next one."""
    first = date.fromisoformat(f"{month}-01")
    return start_of_day(first), start_of_day((first + timedelta(days=31)).replace(day=1))


async def draw_last_month(platform: Platform) -> int:
    """What the nightly job does: draws the statements of the month before this one that are not drawn yet; gives how many."""
    return await draw_statements(platform, previous_month(local_date(platform.clock.now())))


async def draw_statements(platform: Platform, month: str) -> int:
    """Draws the statement of every partner that money moved to and whose month is not drawn yet; gives how many.

    A month that is not over for ten minutes has none. Two processes at once draw each month once. One round trip, and
    four for each partner.
    """
    _, until = span(month)
    if platform.clock.now() < until + _QUIET:
        return 0
    drawn = 0
    async with platform.database.connection() as connection:
        for partner_id in await statement_store.partners_without(connection, month, until):
            drawn += await _draw(platform, connection, partner_id, month)
    return drawn


async def paid_between(connection: Connection, begins: datetime, ends: datetime) -> dict[str, int]:
    """Benefit -> what the city paid for its redemptions between two instants, less what it took back of those, in fen. One round trip."""
    return {row["benefit_id"]: row["paid_fen"] for row in await statement_store.paid_between(connection, begins, ends)}


async def _draw(platform: Platform, connection: Connection, partner_id: UUID, month: str) -> bool:
    statement = await from_postings(connection, partner_id, month, await _opening(connection, partner_id, month))
    digest = hashlib.sha256(as_csv(statement)).hexdigest()
    now = platform.clock.now()
    sums = sums_of(statement)
    claims = {"aud": str(partner_id), "iat": int(now.timestamp()), "month": month, **sums, "csv_sha256": digest}
    signed = approvals.sign(platform, approvals.STATEMENT, claims)
    row = {"partner_id": partner_id, "month": month, **sums, "digest": digest, "signed": signed, "drawn_at": now}
    return await statement_store.add(connection, row)


def sums_of(statement: Statement) -> dict[str, int]:
    """Every sum of a statement by its name: what is kept, signed, shown and checked."""
    return {**{name: getattr(statement, name) for name in SUMS if name != "lines"}, "lines": len(statement.lines)}


async def _opening(connection: Connection, partner_id: UUID, month: str) -> int:
    """What a partner was owed when a month began: the closing balance of its last statement before, carried, and what came
    since. Two round trips, whatever the history."""
    last = await guarantee_store.last_closing(connection, partner_id, month)
    since, carried = (None, 0) if last is None else (span(last["month"])[1], last["closing_fen"])
    moved: int = await guarantee_store.moved(connection, partner_id, since, span(month)[0])
    return carried + moved


async def balance_now(connection: Connection, partner_id: UUID) -> int:
    """What a partner is owed now; negative for what it owes. Two round trips, whatever the history."""
    last = await guarantee_store.last_closing(connection, partner_id, None)
    since, carried = (None, 0) if last is None else (span(last["month"])[1], last["closing_fen"])
    moved: int = await guarantee_store.moved(connection, partner_id, since, None)
    return carried + moved


async def from_postings(connection: Connection, partner_id: UUID, month: str, opening: int) -> Statement:
    """A partner's month as its postings tell it, from an opening balance. One round trip."""
    since, until = span(month)
    rows = await statement_store.lines(connection, partner_id, since, until)
    return Statement(month=month, opening_fen=opening, lines=tuple(_line(row) for row in rows))


async def listing(platform: Platform, partner_id: UUID, cursor: str | None, limit: int) -> StatementPage:
    """A partner's statements, newest first. Raises BAD_CURSOR. One round trip."""
    before = cursors.decode(cursor, str)
    async with platform.database.connection() as connection:
        rows = await statement_store.page(connection, partner_id, None if before is None else before[:7], limit + 1)
    following = cursors.encode(rows[limit - 1]["month"]) if len(rows) > limit else None
    return StatementPage([_summary(row) for row in rows[:limit]], following)


async def one(platform: Platform, partner_id: UUID, month: str) -> StatementDetail:
    """A statement with its lines. Raises NOT_FOUND, also for a month that is not over. Two round trips."""
    row, statement = await _drawn(platform, partner_id, month)
    return StatementDetail(_summary(row), list(statement.lines))


async def one_as_csv(platform: Platform, partner_id: UUID, month: str) -> bytes:
    """The same as a spreadsheet reads it; its SHA-256 stands in the signed statement. Raises NOT_FOUND. Two round trips."""
    _, statement = await _drawn(platform, partner_id, month)
    return as_csv(statement)


async def one_as_pdf(platform: Platform, partner_id: UUID, month: str, party: Party) -> bytes:
    """The same on paper, with its signature; `party` is whose it is. Raises NOT_FOUND. Two round trips."""
    row, statement = await _drawn(platform, partner_id, month)
    return await asyncio.to_thread(as_pdf, statement, _summary(row), party, platform.settings.external_url)


async def _drawn(platform: Platform, partner_id: UUID, month: str) -> tuple[Row, Statement]:
    async with platform.database.connection() as connection:
        row = await statement_store.statement(connection, partner_id, month)
        if row is None:
            raise NOT_FOUND.error()
        return row, await from_postings(connection, partner_id, month, row["opening_fen"])


def _line(row: Row) -> Line:
    sign = 1 if row["gained"] else -1
    worth = row["amount_fen"] if row["worth_fen"] is None else row["worth_fen"]
    return Line(
        booked_at=row["posted_at"],
        happened_at=row["happened_at"],
        cause=Cause(row["cause"]),
        id=row["cause_id"],
        redemption_id=row["redemption_id"],
        benefit=row["benefit_id"] or "",
        partner_ref=row["partner_ref"] or "",
        plan=row["plan_id"],
        worth_fen=sign * worth,
        subsidy_fen=sign * row["amount_fen"],
        order_id=row["order_id"],
    )


def _summary(row: Row) -> StatementSummary:
    return StatementSummary(
        month=row["month"],
        opening_fen=row["opening_fen"],
        subsidised_fen=row["subsidised_fen"],
        taken_back_fen=row["taken_back_fen"],
        guaranteed_fen=row["guaranteed_fen"],
        returned_fen=row["returned_fen"],
        paid_out_fen=row["paid_out_fen"],
        closing_fen=row["closing_fen"],
        lines=row["lines"],
        digest=row["digest"],
        signed=row["signed"],
        drawn_at=row["drawn_at"],
    )
