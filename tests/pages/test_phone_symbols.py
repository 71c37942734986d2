"""What the phone draws by itself, an independent reader reads: QR of both codes, and the bars of the digits."""

import re
from typing import Any

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from backend.pages import shell
from partners.codes import base45, ic1
from tests.builders.offline import NOW, Issuer, suite_or_skip
from tests.pages.conftest import OpenedPage

_RECTANGLE = re.compile(r"M(\d+) (\d+)h(\d+)v1h-\d+z")


async def drawn(page: OpenedPage, module: str, texts: list[str]) -> list[dict[str, Any]]:
    """What the function of a module's own name, or `bars`, draws of each text."""
    function = "bars" if module == "code128" else module
    symbols: list[dict[str, Any]] = await page.page.evaluate(
        "async ([module, name, texts]) => texts.map((await import(module))[name])",
        [f"{shell.FILES_PATH}/{module}.js", function, texts],
    )
    return symbols


def seen_by_a_camera(symbol: dict[str, Any], scale: int = 4, quiet: int = 4) -> Image.Image:
    """The path as a browser paints it, a bar code stretched to a height that a reader sees."""
    tall = symbol["height"] == 1
    height = 40 if tall else symbol["height"]
    image = Image.new("L", ((symbol["width"] + 2 * quiet) * scale, (height + 2 * quiet) * scale), 255)
    brush = ImageDraw.Draw(image)
    for x, y, width in ((int(part) for part in found) for found in _RECTANGLE.findall(symbol["path"])):
        left, top = (x + quiet) * scale, (y + quiet) * scale
        bottom = top + (height if tall else 1) * scale - 1
        brush.rectangle((left, top, left + width * scale - 1, bottom), fill=0)
    return image


async def test_a_picture_of_either_code_reads_back_in_its_version(resident_page: OpenedPage) -> None:
    issuer = Issuer(suite_or_skip("intl"))
    online = [
        ic1.encode(ic1.Ticket(bytes([byte]) * 10, bytes([byte]) * 32, byte % 16), ic1.Scene.LIBRARY, NOW + 30 * byte)
        for byte in range(0, 256, 8)
    ]
    offline = [issuer.code(NOW + 30 * step) for step in range(24)]
    for texts, size in ((online, 29), (offline, 57)):
        symbols = await drawn(resident_page, "qr", texts)
        assert {(symbol["width"], symbol["height"]) for symbol in symbols} == {(size, size)}
        read = [[code.text for code in zxingcpp.read_barcodes(seen_by_a_camera(symbol))] for symbol in symbols]
        assert read == [[text] for text in texts]


async def test_every_length_that_a_version_holds_reads_back(resident_page: OpenedPage) -> None:
    text = ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:" * 7)[:311]
    texts = [text[:length] for length in (1, 2, 7, 59, 60, 61, 62, 63, 200, 310, 311)]
    symbols = await drawn(resident_page, "qr", texts)
    assert [symbol["width"] for symbol in symbols] == [29 if len(each) <= 61 else 57 for each in texts]
    read = [[code.text for code in zxingcpp.read_barcodes(seen_by_a_camera(symbol))] for symbol in symbols]
    assert read == [[each] for each in texts]


@pytest.mark.parametrize("text", ["ic1:lower", "https://example.org", "A" * 312])
async def test_what_is_no_code_is_not_drawn(resident_page: OpenedPage, text: str) -> None:
    with pytest.raises(Exception, match="not the text of a code"):
        await drawn(resident_page, "qr", [text])


async def test_the_bars_of_all_pairs_of_digits_read_back(resident_page: OpenedPage) -> None:
    digits = ["".join(f"{(start + step) % 100:02d}" for step in range(10)) for start in range(0, 100, 5)]
    symbols = await drawn(resident_page, "code128", digits)
    assert {symbol["width"] for symbol in symbols} == {145}, "set C: two digits for each symbol"
    wanted = zxingcpp.barcode_formats_from_str("Code128")
    images = [seen_by_a_camera(symbol, quiet=10) for symbol in symbols]
    assert [[code.text for code in zxingcpp.read_barcodes(image, formats=wanted)] for image in images] == [
        [each] for each in digits
    ]


async def test_base45_is_that_of_the_standard(resident_page: OpenedPage) -> None:
    # RFC 9285, sections 4.3 and 4.4, and the server's own.
    said = [b"AB", b"Hello!!", b"base-45", b"ietf!", b"", b"\x00", b"\xff", bytes(range(256))]
    found = await resident_page.page.evaluate(
        "async ([module, all]) => { const { base45 } = await import(module); return all.map((each) => base45(Uint8Array.from(each))); }",
        [f"{shell.FILES_PATH}/encodings.js", [list(each) for each in said]],
    )
    assert found[:4] == ["BB8", "%69 VD92EX0", "UJCLQE7W581", "QED8WEX0"]
    assert found == [base45.encode(each) for each in said]
