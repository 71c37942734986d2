"""The sheet that an enterprise prints: a camera reads the link from it, and a person reads whose it is."""

import io
import re
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from tests.builders.displays import Exhibitor

SVG = "{http://www.w3.org/2000/svg}"


def drawn(sheet: bytes) -> Image.Image:
    """The symbol as a browser paints it, eight pixels a module."""
    [symbol] = ElementTree.fromstring(sheet).findall(f"{SVG}svg")  # noqa: S314 our own
    left, _, side, _ = (int(number) for number in symbol.attrib["viewBox"].split())
    [path] = symbol.findall(f"{SVG}path")
    image = Image.new("L", (side * 8, side * 8), 255)
    brush = ImageDraw.Draw(image)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path.attrib["d"]):
        corner = ((int(x) - left) * 8, (int(y) - left) * 8)
        brush.rectangle((*corner, corner[0] + int(width) * 8 - 1, corner[1] + 7), fill=0)
    return image


async def sheet_of(shop: Exhibitor, code_id: str) -> bytes:
    """What the agent downloads."""
    answer = await shop.client.get(f"{shop.path}/display-codes/{code_id}/print", headers=shop.agent.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "attachment" in answer.headers["content-disposition"]
    return answer.content


async def test_a_camera_reads_the_link_also_a_blurred_one(shop: Exhibitor) -> None:
    for made in (await shop.made(), await shop.granted(), await shop.declared()):
        picture = drawn(await sheet_of(shop, made["id"]))
        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [made["url"]]
        small = picture.resize((300, 300)).filter(ImageFilter.GaussianBlur(1))
        assert [code.text for code in zxingcpp.read_barcodes(small)] == [made["url"]]


async def test_the_symbol_is_small_enough_for_a_poor_camera(shop: Exhibitor) -> None:
    sheet = await sheet_of(shop, (await shop.made())["id"])
    [side] = re.findall(rb'viewBox="-4 -4 (\d+) ', sheet)
    assert int(side) - 8 <= 17 + 4 * 11, "version 11 at most"


async def test_a_person_reads_what_it_is_whose_until_when_and_where_it_must_lead(shop: Exhibitor) -> None:
    sheet = (await sheet_of(shop, (await shop.granted())["id"])).decode()
    for word in ("旅游诚信码", "桃花市示例装饰有限公司", "有效期至 2027-06-30", "https://xinyi.test"):
        assert word in sheet, word
    trace = (await sheet_of(shop, (await shop.declared(name="<蜜> & 糖"))["id"])).decode()
    assert "产品溯源码" in trace
    assert "&lt;蜜&gt; &amp; 糖" in trace
    ElementTree.parse(io.StringIO(trace))  # noqa: S314 our own


@pytest.mark.parametrize("state", ["applied", "revoked"])
async def test_only_a_valid_code_is_printed(shop: Exhibitor, state: str) -> None:
    code = await shop.applied() if state == "applied" else await shop.made()
    if state == "revoked":
        await shop.end(code["id"])
    answer = await shop.client.get(f"{shop.path}/display-codes/{code['id']}/print", headers=shop.agent.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "state-conflict")
