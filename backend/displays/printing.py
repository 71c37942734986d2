"""The picture that an enterprise prints and hangs up: the QR with what it is, whose, until when, and where it must lead."""

from html import escape

from backend.displays.sectors import sectors
from backend.displays.states import DisplayKind
from backend.enterprises.messages import Profile
from backend.platform.database import Row
from backend.platform.masking import masked_text, public_name
from backend.platform.symbols import symbol

# ISO/IEC 18004 asks for four modules on every side.
_QUIET = 4
_WIDTH = 100
_LONGEST_LINE = 22
_TITLES = {DisplayKind.ENTERPRISE: "企业展示码", DisplayKind.PRODUCT: "产品溯源码"}


def svg(row: Row, enterprise: Profile, link: str, address: str) -> bytes:
    """An SVG of 100 by about 150 units, to be printed at any size. About 1 ms."""
    drawn = symbol(link)
    title = sectors()[row["sector"]].names.zh if row["sector"] else _TITLES[DisplayKind(row["kind"])]
    lines = [*_folded(public_name(enterprise.name, enterprise.code)), f"有效期至 {row['valid_until']}"]
    if row["product"] is not None:
        lines[:0] = _folded(masked_text(f"{row['product']['name']} {row['product']['batch']}"))
    small = ["扫码后请核对网址以下列地址开头", "The address must begin with", address]
    side = drawn.size + 2 * _QUIET
    height = 16 + _WIDTH + 6 * len(lines) + 4 * len(small) + 6
    texts = [_text(11, 8, title, bold=True)]
    texts += [_text(16 + _WIDTH + 6 * number, 4, line) for number, line in enumerate(lines)]
    begins = 16 + _WIDTH + 6 * len(lines) + 1
    texts += [_text(begins + 4 * number, 2.6, line) for number, line in enumerate(small)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}mm" height="{height}mm">'
        f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>'
        f'<svg y="14" width="{_WIDTH}" height="{_WIDTH}" viewBox="{-_QUIET} {-_QUIET} {side} {side}" shape-rendering="crispEdges">'
        f'<path d="{drawn.path}"/></svg>{"".join(texts)}</svg>\n'
    ).encode()


def _folded(text: str) -> list[str]:
    return [text[start : start + _LONGEST_LINE] for start in range(0, len(text), _LONGEST_LINE)]


def _text(y: float, size: float, line: str, *, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{_WIDTH // 2}" y="{y}" font-size="{size}" text-anchor="middle"{weight} '
        f'font-family="Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif">{escape(line)}</text>'
    )
