"""A benefit that the holder confirms: the till waits, the phone shows who asks for what, and the answer follows."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Page, expect

from backend.platform.clock import SettableClock
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from partners.benefits.terms import BenefitKind, Text, Tier
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.pages.acts import consent, fits_the_screen, open_tab, register, shown_code, sign_in
from tests.pages.conftest import OpenedPage
from tests.till.clerks import place_at

CAMERA = "camera-deposit-waiver"


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A camera shop whose deposit waiver has to be confirmed."""
    waiver = make_terms(
        CAMERA,
        kind=BenefitKind.DEPOSIT_WAIVER,
        unit="fen",
        confirm=True,
        cap_fen=200_000,
        names=Text("相机免押", "Camera without deposit"),
        tiers=(Tier(Text("人人", "Everyone"), 0, 200_000),),
    )
    await publish(platform, waiver)
    return await make_partner(client, platform, clock, CAMERA, name="桃花相机行")


@pytest.fixture
async def clerk(platform: Platform, person: PersonBuilder, shop: PartnerCaller) -> Person:
    """A clerk of the shop."""
    return await place_at(platform, person, shop)


@pytest.fixture
async def holder(resident_page: OpenedPage, delivery: RememberedDelivery) -> AsyncIterator[Page]:
    """A resident's phone that shows a code."""
    page = resident_page.page
    await register(page, Person("19912345678", "欧阳诗涵", make_identity_number(date(1990, 1, 1), 77)), delivery)
    await consent(page, "compute", "show")
    await page.locator("#scenes").get_by_text("借").click()
    await shown_code(page)
    yield page
    # A refusal of the API is told on the page; the browser's console repeats it.
    assert [each for each in resident_page.complaints if "422" not in each] == []


@pytest.fixture
async def till(till_page: OpenedPage, clerk: Person, delivery: RememberedDelivery) -> AsyncIterator[Page]:
    """The till's page, signed in."""
    await sign_in(till_page.page, clerk.phone, delivery)
    await expect(till_page.page.get_by_role("heading", name="桃花相机行")).to_be_visible()
    yield till_page.page
    assert till_page.complaints == []


async def ask(till: Page, holder: Page) -> None:
    """Checks the holder's code for a deposit of 1,500 yuan."""
    await till.get_by_label("金额（元）").fill("1500")
    await till.get_by_label("输入数字码").fill(await shown_code(holder))
    await till.get_by_role("button", name="核验").click()
    await expect(till.get_by_role("heading", name="请顾客在手机上确认")).to_be_visible()
    await expect(till.get_by_role("button", name="下一位")).to_be_disabled()


async def test_the_holder_confirms_on_the_phone_and_the_till_reads_yes(
    till: Page, holder: Page, tmp_path: Path
) -> None:
    await ask(till, holder)
    sheet = holder.get_by_role("dialog", name="请您确认")
    await expect(sheet).to_be_visible()
    for words in ("桃花相机行", "相机免押", "¥1,500", "确认即同意按此金额免押"):
        await expect(sheet.get_by_text(words)).to_be_visible()
    assert await fits_the_screen(holder)
    await holder.screenshot(path=tmp_path / "asked.png")
    await till.screenshot(path=tmp_path / "waiting.png")
    await sheet.get_by_role("button", name="确认办理").click()
    await expect(sheet).to_be_hidden()
    await expect(till.locator("#result-word")).to_have_text("符合")
    await expect(till.get_by_role("button", name="下一位")).to_be_enabled()
    await expect(holder.locator("#used-word")).to_have_text("符合")
    await holder.get_by_role("button", name="知道了").click()
    await open_tab(holder, "我的")
    await expect(holder.locator("#devices").get_by_text("本机")).to_be_visible()


async def test_the_holder_refuses_and_the_till_reads_no_and_no_reason(till: Page, holder: Page) -> None:
    await ask(till, holder)
    sheet = holder.get_by_role("dialog", name="请您确认")
    await sheet.get_by_role("button", name="不办理").click()
    await expect(till.locator("#result-word")).to_have_text("不符合")
    await expect(till.locator("#result")).not_to_contain_text("手机上选择")
    await expect(holder.locator("#used-reasons")).to_contain_text("您在手机上选择了不办理")


async def test_a_phone_that_was_revoked_confirms_nothing(till: Page, holder: Page) -> None:
    await open_tab(holder, "我的")
    await holder.get_by_role("button", name="登记本机").click()
    await expect(holder.locator("#devices").get_by_text("本机")).to_be_visible()
    await holder.locator("#devices").get_by_role("button", name="停用").click()
    await expect(holder.get_by_role("button", name="登记本机")).to_be_visible()
    await open_tab(holder, "诚信码")
    await ask(till, holder)
    sheet = holder.get_by_role("dialog", name="请您确认")
    await sheet.get_by_role("button", name="确认办理").click()
    await expect(holder.locator("#toast")).to_contain_text("确认签名未通过")
    await expect(sheet).to_be_visible()
    await sheet.get_by_role("button", name="不办理").click()
    await expect(till.locator("#result-word")).to_have_text("不符合")
