"""A resident reviews a visit and complains about another, on a phone of 360 pixels."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.reviews import BENEFIT, visit
from tests.pages.acts import fits_the_screen, open_tab, sign_in
from tests.pages.conftest import OpenedPage, opened


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner."""
    await publish(platform, make_terms(BENEFIT))
    return await make_partner(client, platform, clock, BENEFIT, name="桃花书店")


@pytest.fixture
async def narrow_page(browser: Browser, address: str) -> AsyncIterator[OpenedPage]:
    """The resident's page on a narrow phone."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, base_url=address, locale="zh-CN", has_touch=True
    )
    context.set_default_timeout(8000)
    yield await opened(context, "/resident")
    await context.close()


async def at_my_visits(page: Page, guest: Person, delivery: RememberedDelivery) -> None:
    """Signed in, at the part of the page that lists visits."""
    await sign_in(page, guest.phone, delivery)
    await open_tab(page, "我的")
    await expect(page.get_by_role("heading", name="我的到店")).to_be_visible()


async def test_a_visit_is_reviewed_and_taken_back_in_a_few_taps(
    client: httpx2.AsyncClient,
    shop: PartnerCaller,
    person: PersonBuilder,
    delivery: RememberedDelivery,
    narrow_page: OpenedPage,
) -> None:
    guest = await person("欧阳诗涵")
    await visit(client, shop, guest)
    page = narrow_page.page
    await at_my_visits(page, guest, delivery)
    line = page.locator("#visits .visit")
    await expect(line).to_contain_text("桃花书店")
    await line.get_by_role("button", name="评议").click()
    assert await page.locator("#review-kept option:not([hidden])").count() == 2, "what was given was not refused"
    await page.get_by_label("几颗星").select_option("4")
    await page.get_by_label("想说的话").fill("店员很熟悉流程。")
    assert await fits_the_screen(page)
    await page.get_by_role("button", name="提交评议").click()
    await expect(line.get_by_role("button", name="已评 4 星")).to_be_visible()
    [given] = (await client.get("/v1/me/reviews", headers=guest.headers)).json()["reviews"]
    assert (given["stars"], given["kept"], given["words"]) == (4, "honoured", "店员很熟悉流程。")
    await line.get_by_role("button", name="已评 4 星").click()
    await expect(line.get_by_role("button", name="评议")).to_be_visible()
    assert (await client.get("/v1/me/reviews", headers=guest.headers)).json()["reviews"] == []
    assert narrow_page.complaints == []


async def test_a_complaint_is_one_tap_and_shows_its_clock(
    client: httpx2.AsyncClient,
    shop: PartnerCaller,
    person: PersonBuilder,
    delivery: RememberedDelivery,
    narrow_page: OpenedPage,
) -> None:
    guest = await person("欧阳诗涵")
    await visit(client, shop, guest, served=False)
    page = narrow_page.page
    await at_my_visits(page, guest, delivery)
    line = page.locator("#visits .visit")
    await expect(line.get_by_role("button", name="评议")).to_be_hidden()
    await line.get_by_role("button", name="投诉").click()
    assert await fits_the_screen(page)
    await page.get_by_role("button", name="当场拒绝").click()
    card = page.locator("#complaints .complaint")
    for word in ("桃花书店", "已提交，等待受理", "受理期限 2026-11-30，还有 5 个工作日"):
        await expect(card).to_contain_text(word)
    await expect(line.get_by_role("button", name="投诉")).to_be_hidden()
    assert await fits_the_screen(page)
    await card.get_by_role("button", name="撤回").click()
    await expect(card).to_contain_text("已撤回")
    await expect(card.get_by_role("button", name="撤回")).to_be_hidden()
    await expect(line.get_by_role("button", name="投诉")).to_be_visible()
    assert narrow_page.complaints == []
