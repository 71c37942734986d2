"""What a person saved, on their own phone; and what the city's residents saved, on a page for everybody."""

import httpx2
from playwright.async_api import Browser, expect

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import current_code, make_partner, make_terms, publish
from tests.builders.people import PersonBuilder
from tests.pages.acts import fits_the_screen, open_tab, sign_in
from tests.pages.conftest import OpenedPage

BENEFIT = "reading-discount"


async def test_a_resident_without_a_score_sees_what_they_saved(
    resident_page: OpenedPage,
    person: PersonBuilder,
    delivery: RememberedDelivery,
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
) -> None:
    await publish(platform, make_terms(BENEFIT))
    partner = await make_partner(client, platform, clock, BENEFIT)
    someone = await person(consents=("show",))
    page = resident_page.page
    await page.set_viewport_size({"width": 360, "height": 780})
    await sign_in(page, someone.phone, delivery)
    await open_tab(page, "便利")
    await expect(page.locator("#savings-sum")).to_have_text("¥0")
    await expect(page.locator("#savings-none")).to_be_visible()
    code = await current_code(client, someone.headers)
    verified = await partner.verify(code["text"], BENEFIT, amount_fen=1250)
    redeemed = await partner.redeem(verified.json()["verification_id"], amount_fen=1250)
    assert redeemed.status_code == 201, redeemed.text
    await open_tab(page, "便利")
    await expect(page.locator("#savings-sum")).to_have_text("¥12.50")
    await expect(page.locator("#savings-none")).to_be_hidden()
    await expect(page.locator("#savings-when")).to_contain_text("本月 ¥12.50")
    await page.locator("#savings-more summary").click()
    await expect(page.locator("#savings-benefits li")).to_contain_text("借阅优惠")
    await expect(page.locator("#savings-months li")).to_contain_text("2026-11")
    assert await fits_the_screen(page)
    assert resident_page.complaints == []


async def test_the_citys_page_opens_before_and_after_a_month_is_drawn(
    browser: Browser, address: str, platform: Platform
) -> None:
    page = await browser.new_page(base_url=address, viewport={"width": 360, "height": 780})
    await page.goto("/savings")
    await expect(page.locator("main")).to_contain_text("还没有已结束的月份")
    told = {"people": 120, "uses": 340, "saved_fen": 512_000, "mean_fen": 4_200, "median_fen": None}
    name = {"zh": "书店折扣", "en": "Bookshop discount"}
    benefits = [
        {"benefit": "bookshop-discount", "name": name, "figures": told, "cost_per_use_fen": 75},
        {"benefit": "gym-discount", "name": name, "figures": None, "cost_per_use_fen": None},
    ]
    async with platform.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO benefit_report (month, figures, uptake, drawn_at) VALUES ('2026-10', $1, '[]', now())",
            {"month": "2026-10", "figures": told, "benefits": benefits},
        )
    await page.goto("/savings")
    await expect(page.locator("main")).to_contain_text("¥5,120")
    for summary in await page.locator("summary").all():
        await summary.click()
    await expect(page.locator("main")).to_contain_text("¥0.75")
    await expect(page.locator("main")).to_contain_text("不足十人，或会由此算出不足十人者，不公布")
    assert await fits_the_screen(page)
