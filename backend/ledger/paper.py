"""A statement on paper 纸质结算单: the same month as PDF, for a file in a cabinet.

It says nothing that the signed statement does not say, and carries the signature itself: the digest on it is that of the CSV.
"""

from collections.abc import Sequence
from functools import cache, partial
from io import BytesIO

import msgspec
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from backend.ledger.messages import StatementSummary
from backend.platform.clock import local_time
from partners.ledger.postings import Cause
from partners.ledger.statements import Statement, yuan

# One of the fonts that every reader of PDF has or asks for (Adobe-GB1): no package with an open Chinese font was worth trusting.
_FONT = "STSong-Light"
_GREEN, _LINE = HexColor("#0d5f58"), HexColor("#c9d4d1")
_CAUSES = {
    Cause.BUDGET: "预算", Cause.REDEMPTION: "核销", Cause.REVERSAL: "冲正", Cause.PAYMENT: "拨付",
}  # fmt: skip
_QR = 26 * mm


class Party(msgspec.Struct, frozen=True):
    """Whose statement it is: name and unified social credit code 统一社会信用代码."""

    name: str
    credit_code: str


def as_pdf(statement: Statement, summary: StatementSummary, party: Party, platform: str) -> bytes:
    """The statement as PDF; the same statement gives the same bytes. `platform`: the address whose keys the signature is of.

    Takes a millisecond for each line: not for the event loop.
    """
    pdfmetrics.registerFont(_font())
    written = BytesIO()
    document = SimpleDocTemplate(
        written, pagesize=A4, invariant=1, leftMargin=16 * mm, rightMargin=16 * mm, topMargin=18 * mm, bottomMargin=18 * mm,
        title=f"月度结算单 {statement.month}", author=party.name, subject=summary.digest,
    )  # fmt: skip
    story: list[Flowable] = [
        Paragraph("月度结算单", _style(20, colour=_GREEN)),
        Paragraph("Monthly settlement statement", _style(9)),
        Spacer(1, 5 * mm),
        _sheet(
            [
                ("商户 Partner", f"{party.name}　{party.credit_code}"),
                ("月份 Month", statement.month),
                ("出具 Drawn", f"{local_time(summary.drawn_at):%Y-%m-%d %H:%M}"),
                ("期初余额 Opening", _money(statement.opening_fen)),
                ("补贴 Subsidised", _money(statement.subsidised_fen)),
                ("冲正收回 Taken back", _money(-statement.taken_back_fen)),
                ("担保承担 Guaranteed", _money(statement.guaranteed_fen)),
                ("担保退回 Returned", _money(-statement.returned_fen)),
                ("已拨付 Paid out", _money(-statement.paid_out_fen)),
                ("期末余额 Closing", _money(statement.closing_fen)),
            ]
        ),
        Spacer(1, 6 * mm),
        _movements(statement),
        Spacer(1, 6 * mm),
        _signature(statement, summary, platform),
    ]
    page = partial(_page, f"{party.name} {statement.month}")
    document.build(story, onFirstPage=page, onLaterPages=page)
    return written.getvalue()


def _movements(statement: Statement) -> Flowable:
    rows = [
        ["入账 Booked", "事由 Cause", "商户单号 Reference", "权益 Benefit", "金额 Worth", "变动 Moved", "余额 Balance"]
    ]
    balance = statement.opening_fen
    for line in statement.lines:
        balance += line.subsidy_fen
        rows.append(
            [
                f"{local_time(line.booked_at):%Y-%m-%d %H:%M}", _CAUSES.get(line.cause, "担保"), _short(line.partner_ref), _short(line.benefit),
                yuan(line.worth_fen), yuan(line.subsidy_fen), yuan(balance),
            ]
        )  # fmt: skip
    table = Table(rows, colWidths=[29 * mm, 16 * mm, 34 * mm, 36 * mm, 21 * mm, 21 * mm, 21 * mm], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), _FONT, 8),
                ("TEXTCOLOR", (0, 0), (-1, 0), _GREEN),
                ("ALIGN", (4, 0), (-1, -1), "RIGHT"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, _LINE),
            ]
        )
    )
    return table


def _signature(statement: Statement, summary: StatementSummary, platform: str) -> Flowable:
    said = [
        Paragraph(f"{len(statement.lines)} 笔变动。CSV 的 SHA-256 digest of the CSV：{summary.digest}", _style(8)),
        Paragraph(f"平台公钥 Keys of the platform：{platform}/.well-known/jwks.json", _style(8)),
        Paragraph(f"平台签名 Signed (JWS)：{summary.signed}", _style(6.5, wrap="CJK")),
    ]
    code = QrCodeWidget(f"{platform}/.well-known/jwks.json#{summary.digest}", barLevel="M")
    left, bottom, right, top = code.getBounds()
    drawn = Drawing(_QR, _QR, transform=[_QR / (right - left), 0, 0, _QR / (top - bottom), 0, 0])
    drawn.add(code)
    return Table([[said, drawn]], colWidths=[148 * mm, 30 * mm], style=[("VALIGN", (0, 0), (-1, -1), "TOP")])


def _sheet(rows: Sequence[tuple[str, str]]) -> Flowable:
    table = Table([list(row) for row in rows], colWidths=[42 * mm, 136 * mm], hAlign="LEFT")
    table.setStyle(TableStyle([("FONT", (0, 0), (-1, -1), _FONT, 10), ("TEXTCOLOR", (0, 0), (0, -1), _GREEN)]))
    return table


def _page(heading: str, canvas: Canvas, _: object) -> None:
    canvas.setFont(_FONT, 8)
    canvas.drawString(16 * mm, 10 * mm, heading)
    canvas.drawRightString(A4[0] - 16 * mm, 10 * mm, f"第 {canvas.getPageNumber()} 页 page")


def _style(size: float, *, colour: object = HexColor("#1b2523"), wrap: str | None = None) -> ParagraphStyle:
    return ParagraphStyle("", fontName=_FONT, fontSize=size, leading=size * 1.5, textColor=colour, wordWrap=wrap)


def _money(fen: int) -> str:
    return f"{yuan(fen)} 元 yuan"


def _short(text: str) -> str:
    """What fits a column; the CSV has all of it."""
    return text if len(text) <= 20 else f"{text[:19]}…"


@cache
def _font() -> UnicodeCIDFont:
    return UnicodeCIDFont(_FONT)
