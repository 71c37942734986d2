"""The printed sign on two screens: the resident scans and confirms, the till shows who waits and serves them."""

import io
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx2
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Page, expect

from backend.platform.clock import SettableClock
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from partners.benefits.terms import Text, Tier
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.conftest import PUBLIC_URL
from tests.pages.acts import consent, fits_the_screen, register, sign_in
from tests.pages.conftest import OpenedPage
from tests.till.clerks import place_at

BENEFIT, OUT_OF_REACH = "reading-discount", "exemplary-only"


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A shop with 10 % for everybody and something out of reach, and a sign for each."""
    await publish(platform, make_terms(BENEFIT, cap_fen=2000))
    top = (Tier(Text("典范", "Exemplary"), 20, 500),)
    await publish(platform, make_terms(OUT_OF_REACH, tiers=top, open_to_all=False, names=Text("典范礼遇", "Exemplary")))
    made = await make_partner(client, platform, clock, BENEFIT, OUT_OF_REACH)
    for benefit in (BENEFIT, OUT_OF_REACH):
        sign = await made.post("/v1/partner/counter-codes", {"store_id": str(made.store_id), "benefit": benefit})
        assert sign.status_code == 201, sign.text
    return made


@pytest.fixture
async def till(
    till_page: OpenedPage, platform: Platform, person: PersonBuilder, shop: PartnerCaller, delivery: RememberedDelivery
) -> AsyncIterator[Page]:
    """The till's page, signed in, with every sign of the store on its screen."""
    clerk = await place_at(platform, person, shop)
    await sign_in(till_page.page, clerk.phone, delivery)
    await till_page.page.get_by_role("button", name="展示台码").click()
    await expect(till_page.page.locator(".sign-code")).to_have_count(2)
    yield till_page.page
    assert till_page.complaints == []


async def scanned(till: Page, name: str) -> str:
    """What a phone's camera reads of a sign on the screen: the address that it opens, here at the test's server."""
    picture = await till.locator(".sign", has_text=name).screenshot()
    [barcode] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    assert re.fullmatch(re.escape(PUBLIC_URL) + r"/resident#counter=[A-Za-z0-9_-]{22}", barcode.text)
    return barcode.text.removeprefix(PUBLIC_URL)


async def join(page: Page, delivery: RememberedDelivery) -> None:
    """Registers and gives both consents."""
    await register(page, Person("19912345678", "欧阳诗涵", make_identity_number(date(1990, 1, 1), 77)), delivery)
    await consent(page, "compute", "show")


async def test_a_sign_is_scanned_confirmed_and_served(
    till: Page, resident_page: OpenedPage, delivery: RememberedDelivery, tmp_path: Path
) -> None:
    holder = resident_page.page
    # Scanned by somebody who was never here: the sign is shown when they have registered and consented.
    await holder.goto("about:blank")
    await holder.goto(await scanned(till, "借阅优惠"))
    await join(holder, delivery)
    sheet = holder.get_by_role("dialog", name="扫台码办理")
    await expect(sheet.get_by_text("桃花书店 · 总店")).to_be_visible()
    assert await holder.evaluate("location.hash") == ""
    assert await fits_the_screen(holder)
    await holder.screenshot(path=tmp_path / "sign.png")
    await sheet.get_by_role("button", name="确认办理").click()
    digits = holder.locator("#counter-digits")
    await expect(digits).to_have_text(re.compile(r"^\d{4}$"))
    await holder.screenshot(path=tmp_path / "digits.png")

    await till.locator("#signs").get_by_role("button", name="关闭").click()
    await till.get_by_label("便利").select_option(BENEFIT)
    await till.get_by_label("金额（元）").fill("128.50")
    await till.get_by_role("button", name=await digits.inner_text()).click()
    await expect(till.locator("#result-word")).to_have_text("符合")
    await till.screenshot(path=tmp_path / "till.png")
    await till.get_by_role("button", name="核销").click()
    await expect(till.locator("#result-word")).to_have_text("已核销")
    await expect(till.locator("#result-offer")).to_have_text("应收 ¥115.65")
    await till.get_by_role("button", name="下一位").click()
    await expect(till.locator("#visits-part")).to_be_hidden()
    assert resident_page.complaints == []


async def test_a_no_stays_on_the_phone(
    till: Page, resident_page: OpenedPage, delivery: RememberedDelivery, client: httpx2.AsyncClient, shop: PartnerCaller
) -> None:
    holder = resident_page.page
    await join(holder, delivery)
    await holder.goto(await scanned(till, "典范礼遇"))
    await holder.get_by_role("dialog", name="扫台码办理").get_by_role("button", name="确认办理").click()
    await expect(holder.locator("#counter-no")).to_contain_text("商户什么也不知道")
    await expect(holder.locator("#counter-reasons li")).to_have_count(1)
    assert (await shop("GET", "/v1/partner/counter-visits")).json() == {"visits": []}
    assert resident_page.complaints == []


async def test_a_sign_that_is_none_is_said_to_be_none(resident_page: OpenedPage, delivery: RememberedDelivery) -> None:
    holder = resident_page.page
    await join(holder, delivery)
    await holder.goto(f"/resident#counter={'A' * 22}")
    await expect(holder.locator("#toast")).to_contain_text("台码不存在或已停用")
    await holder.goto("/resident#counter=<script>alert(1)</script>")
    await expect(holder.locator("#counter")).to_be_hidden()
