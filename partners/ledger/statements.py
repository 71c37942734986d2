"""The monthly statement 月度结算单 of a partner: what it was owed, what each redemption and reversal changed, what it is owed."""

import csv
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from uuid import UUID

import msgspec

from partners.ledger.postings import Cause

# A cell that begins like this is a formula to a spreadsheet; an apostrophe before it makes it text (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_HEADER = (
    "入账时间 booked", "发生时间 happened", "事由 cause", "编号 id", "核销编号 redemption", "权益 benefit",
    "商户单号 partner_ref", "补贴计划 plan", "权益金额(元) worth", "补贴(元) subsidy", "余额(元) balance",
)  # fmt: skip


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One redemption or reversal. `worth_fen` is what it gave or took back, `subsidy_fen` the city's share of it: both are
    negative for a reversal."""

    booked_at: datetime
    happened_at: datetime
    cause: Cause
    id: UUID
    redemption_id: UUID
    benefit: str
    partner_ref: str
    plan: UUID
    worth_fen: int
    subsidy_fen: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A month: `closing_fen` is `opening_fen` and every line's subsidy."""

    month: str
    opening_fen: int
    lines: tuple[Line, ...]

    @property
    def subsidised_fen(self) -> int:
        """What redemptions brought."""
        return sum(line.subsidy_fen for line in self.lines if line.cause is Cause.REDEMPTION)

    @property
    def taken_back_fen(self) -> int:
        """What reversals took, as a positive sum."""
        return -sum(line.subsidy_fen for line in self.lines if line.cause is Cause.REVERSAL)

    @property
    def closing_fen(self) -> int:
        """What the partner is owed at the end of the month."""
        return self.opening_fen + self.subsidised_fen - self.taken_back_fen


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
        line.booked_at.isoformat(), line.happened_at.isoformat(), line.cause.value, str(line.id), str(line.redemption_id),
        _text(line.benefit), _text(line.partner_ref), str(line.plan), yuan(line.worth_fen), yuan(line.subsidy_fen),
        yuan(balance),
    )  # fmt: skip


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
