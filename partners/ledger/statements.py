"""The monthly statement 月度结算单 of a partner: what it was owed, what each movement changed, what it is owed."""

import csv
from collections.abc import Collection, Sequence
from datetime import datetime
from io import StringIO
from uuid import UUID

import msgspec

from partners.ledger.postings import GUARANTEES, RETURNS, Cause

# A cell that begins like this is a formula to a spreadsheet; an apostrophe before it makes it text (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# Statements that were drawn are drawn anew to be checked, and are the same to the byte: a column is never renamed. That of the
# redemption names the order of a guarantee, that of the subsidy whatever changed the balance.
_HEADER = (
    "入账时间 booked", "发生时间 happened", "事由 cause", "编号 id", "核销编号 redemption", "权益 benefit",
    "商户单号 partner_ref", "补贴计划 plan", "权益金额(元) worth", "补贴(元) subsidy", "余额(元) balance",
)  # fmt: skip


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One movement. Of a redemption or reversal `worth_fen` is what it gave or took back, `subsidy_fen` the city's share of it: both
    are negative for a reversal. Of what pool or city bear of an order's loss, of what flows back, and of a payment to the partner
    (its bank reference is `partner_ref`) both are the amount, negative for what the partner is then no longer owed."""

    booked_at: datetime
    happened_at: datetime
    cause: Cause
    id: UUID
    redemption_id: UUID | None
    benefit: str
    partner_ref: str
    plan: UUID | None
    worth_fen: int
    subsidy_fen: int
    order_id: UUID | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A month: `closing_fen` is `opening_fen` and what every line changed."""

    month: str
    opening_fen: int
    lines: tuple[Line, ...]

    @property
    def subsidised_fen(self) -> int:
        """What redemptions brought."""
        return self._moved({Cause.REDEMPTION})

    @property
    def taken_back_fen(self) -> int:
        """What reversals took, as a positive sum."""
        return -self._moved({Cause.REVERSAL})

    @property
    def guaranteed_fen(self) -> int:
        """What pool and city bore of losses."""
        return self._moved(GUARANTEES)

    @property
    def returned_fen(self) -> int:
        """What flowed back to pool and city, as a positive sum."""
        return -self._moved(RETURNS)

    @property
    def paid_out_fen(self) -> int:
        """What was paid to the partner, as a positive sum."""
        return -self._moved({Cause.PAYMENT})

    @property
    def closing_fen(self) -> int:
        """What the partner is owed at the end of the month."""
        return self.opening_fen + sum(line.subsidy_fen for line in self.lines)

    def _moved(self, causes: Collection[Cause]) -> int:
        return sum(line.subsidy_fen for line in self.lines if line.cause in causes)


def yuan(fen: int) -> str:
    """An amount in yuan with two decimals, exactly."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def as_csv(statement: Statement) -> bytes:
    """The statement as a spreadsheet reads it: UTF-8 with a byte order mark, and no cell that it would compute."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerow(["", "", "期初余额 opening", *[""] * 7, yuan(statement.opening_fen)])
    balance = statement.opening_fen
    for line in statement.lines:
        balance += line.subsidy_fen
        writer.writerow(_row(line, balance))
    writer.writerow(["", "", "期末余额 closing", *[""] * 7, yuan(statement.closing_fen)])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _row(line: Line, balance: int) -> Sequence[str]:
    return (
        line.booked_at.isoformat(), line.happened_at.isoformat(), line.cause.value, str(line.id),
        str(line.redemption_id or line.order_id or ""), _text(line.benefit), _text(line.partner_ref), str(line.plan or ""),
        yuan(line.worth_fen), yuan(line.subsidy_fen), yuan(balance),
    )  # fmt: skip


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
