"""The public page of a display code on a visitor's phone, without a script."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from backend.platform.platform import Platform
from tests.builders.displays import Exhibitor, exhibitor, token_of
from tests.builders.enterprises import credit_code, finding
from tests.builders.people import PersonBuilder
from tests.builders.records import add_source, deliver, permitted
from tests.pages.acts import fits_the_screen
from tests.pages.conftest import phone
from tests.records.rows import penalty


@pytest.fixture
async def shop(client: httpx2.AsyncClient, person: PersonBuilder) -> Exhibitor:
    """An enterprise that shows codes."""
    return await exhibitor(client, person)


@pytest.fixture
async def visitor(browser: Browser, address: str) -> AsyncIterator[BrowserContext]:
    """A phone on which no script runs."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, base_url=address, locale="zh-CN", java_script_enabled=False
    )
    yield context
    await context.close()


async def opened(visitor: BrowserContext, token: str) -> tuple[Page, int]:
    """The page and its status."""
    page = await visitor.new_page()
    answer = await page.goto(f"/c/{token}")
    assert answer is not None
    return page, answer.status


async def test_a_visitor_reads_a_whole_valid_page_without_a_script(
    shop: Exhibitor, platform: Platform, visitor: BrowserContext
) -> None:
    await add_source(platform)
    await permitted(platform, credit_code())
    fined = penalty(
        organisation=True, CF_XDR_SHXYM=credit_code(), CF_CFLB="没收违法所得", CF_NR_FK=None, CF_WFXW="超范围经营" * 30
    )
    await deliver(platform, "penalty", fined)
    commitment_id = await shop.promised(content="游客投诉二十四小时内答复。")
    await shop.client.post(f"/v1/staff/commitments/{commitment_id}/check", json=finding(), headers=shop.officer.headers)
    await shop.post(
        "/declarations",
        {"kind": "qualification", "content": "持有二级资质。", "evidence": "D" * 64, "valid_until": "2026-12-31"},
    )
    page, status = await opened(visitor, token_of(await shop.made()))
    assert status == 200
    await expect(page.get_by_role("heading", level=1)).to_contain_text("企业展示码")
    for word in ("有效", "桃花市示例装饰有限公司", credit_code(), "2027-11-23", "行政许可", "没收违法所得"):
        await expect(page.locator("main")).to_contain_text(word)
    await expect(page.locator("main")).to_contain_text("企业自行申报，未经核验")
    await expect(page.locator(".address")).to_have_text("https://xinyi.test/")
    assert await page.locator("script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_runs_off_the_screen_and_the_console_is_silent(
    shop: Exhibitor, platform: Platform, browser: Browser, address: str, scheme: str
) -> None:
    await add_source(platform)
    await permitted(platform, credit_code())
    codes = [await shop.made(), await shop.granted(), await shop.declared(name="很长的产品名称" * 20)]
    ended = await shop.declared(batch="二")
    await shop.revoked(ended["id"], "经核查，" * 60)
    context = await phone(browser, address)
    page = await context.new_page()
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": 320, "height": 640})
    complaints: list[str] = []
    # That the answer is a refusal is said by the browser itself; everything else is a complaint.
    page.on("console", lambda message: complaints.append(message.text) if "status of 4" not in message.text else None)
    for token in [token_of(code) for code in (*codes, ended)] + ["A" * 120]:
        await page.goto(f"/c/{token}")
        assert await fits_the_screen(page), token
        word = page.locator(".verdict-word")
        assert await word.evaluate("word => getComputedStyle(word).color") == "rgb(255, 255, 255)"
    assert complaints == []
    await context.close()


async def test_a_revoked_code_and_a_forged_one_say_so_plainly(shop: Exhibitor, visitor: BrowserContext) -> None:
    granted = await shop.granted()
    await shop.revoked(granted["id"], "未履行公开承诺。")
    page, status = await opened(visitor, token_of(granted))
    assert status == 410
    for word in ("已撤销", "Revoked", "旅游诚信码", "2026-11-23", "由主管部门撤销", "未履行公开承诺。"):
        await expect(page.locator("main")).to_contain_text(word)
    token = token_of(granted)
    page, status = await opened(visitor, token[:60] + ("A" if token[60] != "A" else "B") + token[61:])
    assert status == 404
    for word in ("不是本市签发的展示码", "Not a code of this city"):
        await expect(page.locator("main")).to_contain_text(word)


async def test_the_printed_sheet_on_paper_leads_to_the_page(shop: Exhibitor, browser: Browser, tmp_path: Path) -> None:
    made = await shop.granted()
    sheet = await shop.client.get(f"{shop.path}/display-codes/{made['id']}/print", headers=shop.agent.headers)
    file = tmp_path / "sheet.svg"
    file.write_bytes(sheet.content)
    page = await browser.new_page(viewport={"width": 800, "height": 1000})
    await page.goto(file.as_uri())
    picture = tmp_path / "sheet.png"
    await page.screenshot(path=picture)
    await page.close()
    with Image.open(picture) as image:
        assert [code.text for code in zxingcpp.read_barcodes(image)] == [made["url"]]
