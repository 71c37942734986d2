"""Drawing the codes that a phone computed."""

import re

import httpx2
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from backend.pages.drawings import draw
from backend.pages.messages import Drawing
from partners.codes import ic1
from tests.builders.people import PersonBuilder

CODE = "IC1:0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ012"


def seen_by_a_camera(drawing: Drawing) -> Image.Image:
    """The path as a browser paints it: ten pixels a module and the quiet zone of four modules."""
    scale, quiet = 10, 4
    side = (drawing.size + 2 * quiet) * scale
    image = Image.new("L", (side, side), 255)
    brush = ImageDraw.Draw(image)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawing.path):
        left, top = (int(x) + quiet) * scale, (int(y) + quiet) * scale
        brush.rectangle((left, top, left + int(width) * scale - 1, top + scale - 1), fill=0)
    return image


@settings(max_examples=30, deadline=None)
@example(bytes(10), bytes(32), 0)
@given(st.binary(min_size=10, max_size=10), st.binary(min_size=32, max_size=32), st.integers(0, 2**31))
def test_a_drawn_code_reads_back_as_its_text(ticket_id: bytes, key: bytes, moment: int) -> None:
    text = ic1.encode(ic1.Ticket(ticket_id, key, 3), ic1.Scene.LIBRARY, moment)
    drawing = draw(text)
    assert drawing.size == 29, "version 3"
    assert [code.text for code in zxingcpp.read_barcodes(seen_by_a_camera(drawing))] == [text]


@settings(max_examples=30, deadline=None)
@given(st.from_regex(r"[0-9]{20}", fullmatch=True))
def test_the_bars_of_the_digits_read_back_at_a_till_without_a_camera(digits: str) -> None:
    drawing = draw(digits)
    assert drawing.size == 145, "set C: two digits for each symbol"
    scale, quiet = 3, 10
    image = Image.new("L", ((drawing.size + 2 * quiet) * scale, 120), 255)
    brush = ImageDraw.Draw(image)
    for x, width in re.findall(r"M(\d+) 0h(\d+)v1h-\d+z", drawing.path):
        left = (int(x) + quiet) * scale
        brush.rectangle((left, 0, left + int(width) * scale - 1, 119), fill=0)
    [read] = zxingcpp.read_barcodes(image, formats=zxingcpp.barcode_formats_from_str("Code128"))
    assert read.text == digits


async def test_a_resident_gets_the_codes_of_the_next_minutes_drawn(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    resident = await person()
    answer = await client.post("/v1/me/code-drawings", json={"texts": [CODE, CODE]}, headers=resident.headers)
    assert answer.status_code == 200
    assert [drawing["size"] for drawing in answer.json()["drawings"]] == [29, 29]


async def test_nothing_but_a_code_is_drawn(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    resident = await person()
    for texts in (
        ["https://example.org/" + "a" * 23],
        [CODE.lower()],
        [CODE + "\n"],
        [CODE] * 41,
        ["1" * 19],
        ["1" * 21],
        [],
    ):
        answer = await client.post("/v1/me/code-drawings", json={"texts": texts}, headers=resident.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request"), texts


async def test_codes_are_drawn_for_signed_in_residents_only(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/me/code-drawings", json={"texts": [CODE]})
    assert answer.status_code == 401
