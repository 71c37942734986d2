"""The public pages of a promise card and of the alliance on a visitor's phone of 360 pixels, without a script."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from backend.pages.promises import stars_of
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.states import PartnerEvent
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.reviews import service as reviews
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.reviews import BENEFIT, REFUSED, move_to, people_say
from tests.pages.acts import fits_the_screen


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner that is in the alliance."""
    await publish(platform, make_terms(BENEFIT))
    partner = await make_partner(client, platform, clock, BENEFIT, name="桃花书店")
    assert (await partner("POST", "/v1/partner/alliance", {"text_version": 1})).status_code == 201
    return partner


@pytest.fixture
async def visitor(browser: Browser, address: str) -> AsyncIterator[BrowserContext]:
    """A phone on which no script runs."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, base_url=address, locale="zh-CN", java_script_enabled=False
    )
    yield context
    await context.close()


async def opened(visitor: BrowserContext, path: str) -> tuple[Page, int, list[str]]:
    """The page, its status and what the console complained about."""
    page = await visitor.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "status of 4" not in message.text else None)
    answer = await page.goto(path)
    assert answer is not None
    return page, answer.status, complaints


async def test_a_guest_reads_what_was_promised_beside_what_is_said(
    shop: PartnerCaller, platform: Platform, clock: SettableClock, visitor: BrowserContext
) -> None:
    page, status, _ = await opened(visitor, f"/p/{shop.partner_id}")
    assert status == 200
    await expect(page.locator("main")).to_contain_text("评议不足 10 人")
    await people_say(platform, shop, 19)
    await people_say(platform, shop, 1, **REFUSED)
    move_to(clock, datetime(2026, 11, 30, 16, 30, tzinfo=UTC))
    await reviews.draw_last_month(platform)
    page, _, complaints = await opened(visitor, f"/p/{shop.partner_id}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("桃花书店")
    for word in (
        "正常服务", "守信激励联盟成员", "95%", "5%", "4.0", "20", "5 分钟以内", "2026-09-02 至 2026-11-30",
        "借阅优惠", "优惠 10%", "激励措施清单", "2028-01-01", "总店",
    ):  # fmt: skip
        await expect(page.locator("main")).to_contain_text(word)
    await expect(page.locator(".address")).to_have_text("https://xinyi.test/")
    assert await page.locator("script").count() == 0
    assert await fits_the_screen(page)
    assert complaints == []


async def test_a_partner_under_review_says_so(shop: PartnerCaller, platform: Platform, visitor: BrowserContext) -> None:
    async with platform.database.transaction() as connection:
        await partner_accounts.move_partner(
            platform, connection, shop.partner_id, PartnerEvent.REVIEW, "test", "公众评议"
        )
    page, status, _ = await opened(visitor, f"/p/{shop.partner_id}")
    assert status == 200
    await expect(page.locator("main")).to_contain_text("公众评议中，照常服务")
    assert await fits_the_screen(page)


@pytest.mark.parametrize("path", ["/p/0193a1c0-0000-7000-8000-00000000dead", "/p/%3Cscript%3E"])
async def test_what_is_no_partner_says_so_and_repeats_nothing(visitor: BrowserContext, path: str) -> None:
    page, status, complaints = await opened(visitor, path)
    assert status == 404
    await expect(page.locator("main")).to_contain_text("没有这家合作商户")
    assert "dead" not in await page.content()
    assert "%3C" not in await page.content()
    assert await fits_the_screen(page)
    assert complaints == []


async def test_the_alliance_lists_its_members_with_their_cards(shop: PartnerCaller, visitor: BrowserContext) -> None:
    page, status, complaints = await opened(visitor, "/alliance")
    assert status == 200
    await expect(page.locator("main")).to_contain_text("成员声明")
    await expect(page.get_by_role("link", name="桃花书店")).to_have_attribute("href", f"/p/{shop.partner_id}")
    assert await fits_the_screen(page)
    assert complaints == []


@pytest.mark.parametrize(("permille", "stars"), [(0, "1.0"), (500, "3.0"), (760, "4.0"), (999, "4.9"), (1000, "5.0")])
def test_stars_are_rounded_down(permille: int, stars: str) -> None:
    assert stars_of(permille) == stars
