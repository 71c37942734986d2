"""The till's page with a real resident's page before it: the code goes from screen to screen."""

import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from PIL import Image
from playwright.async_api import Page, expect

from backend.platform.clock import SettableClock
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from partners.benefits.terms import Text, Tier
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.pages.acts import (
    bar_code_on_the_screen,
    consent,
    fits_the_screen,
    open_tab,
    picture_of_code,
    read_at_the_till,
    register,
    shown_code,
    sign_in,
)
from tests.pages.conftest import OpenedPage, launched, opened, phone
from tests.till.clerks import place_at

BENEFIT = "reading-discount"
OUT_OF_REACH = "exemplary-only"


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A shop with 10 % for everybody, 20 yuan at most, and something for the highest level alone."""
    await publish(platform, make_terms(BENEFIT, cap_fen=2000))
    tiers = (Tier(Text("典范", "Exemplary"), 4, 500),)
    names = Text("典范礼遇", "For the exemplary")
    await publish(platform, make_terms(OUT_OF_REACH, tiers=tiers, open_to_all=False, names=names))
    return await make_partner(client, platform, clock, BENEFIT, OUT_OF_REACH)


@pytest.fixture
async def clerk(platform: Platform, person: PersonBuilder, shop: PartnerCaller) -> Person:
    """A clerk of the shop."""
    return await place_at(platform, person, shop)


@pytest.fixture
async def holder(resident_page: OpenedPage, delivery: RememberedDelivery) -> AsyncIterator[Page]:
    """A resident's phone that shows a code for the library."""
    page = resident_page.page
    await register(page, Person("19912345678", "欧阳诗涵", make_identity_number(date(1990, 1, 1), 77)), delivery)
    await consent(page, "compute", "show")
    await page.locator("#scenes").get_by_text("借").click()
    await shown_code(page)
    yield page
    assert resident_page.complaints == []


@pytest.fixture
async def till(till_page: OpenedPage, clerk: Person, delivery: RememberedDelivery) -> Page:
    """The till's page, signed in."""
    await sign_in(till_page.page, clerk.phone, delivery)
    await expect(till_page.page.get_by_role("heading", name="桃花书店")).to_be_visible()
    return till_page.page


async def type_code(till: Page, digits: str, amount: str = "128.50", benefit: str = BENEFIT) -> None:
    """Chooses the benefit, types amount and digits, and checks."""
    await till.get_by_label("便利").select_option(benefit)
    await till.get_by_label("金额（元）").fill(amount)
    await till.get_by_label("输入数字码").fill(digits)
    await till.get_by_role("button", name="核验").click()


async def test_typed_digits_show_green_then_redeem_and_never_again(
    holder: Page, till: Page, till_page: OpenedPage
) -> None:
    digits = await shown_code(holder)
    assert await bar_code_on_the_screen(holder) == digits.replace(" ", ""), "for a till with a laser and no keypad"
    await type_code(till, digits)
    result = till.locator("#result")
    await expect(result).to_have_attribute("data-kind", "eligible")
    await expect(result.get_by_role("heading")).to_have_text("符合")
    await expect(result).to_contain_text("优惠 10%")
    await expect(result).to_contain_text("原价 ¥128.50，优惠 ¥12.85，应收 ¥115.65")
    assert await fits_the_screen(till)
    await result.get_by_role("button", name="核销").click()
    await expect(result.get_by_role("heading")).to_have_text("已核销")
    await expect(result).to_contain_text("应收 ¥115.65")
    await result.get_by_role("button", name="下一位").click()
    assert till_page.complaints == []

    await type_code(till, digits)
    await expect(result).to_have_attribute("data-kind", "refused")
    await expect(result.get_by_role("heading")).to_have_text("诚信码不可用")
    await expect(result.get_by_role("button", name="核销")).to_be_hidden()


async def test_a_picture_of_the_screen_is_read_by_the_server_and_works_once(
    holder: Page, till: Page, clerk: Person, client: httpx2.AsyncClient
) -> None:
    picture = await picture_of_code(holder)
    text = await read_at_the_till(client, clerk, picture)
    assert text is not None
    order = {"code": text, "benefit": BENEFIT}
    headers = {**clerk.headers, "Idempotency-Key": str(uuid4())}
    first = await client.post("/v1/till/verifications", json=order, headers=headers)
    assert (first.status_code, first.json()["result"]) == (201, "eligible")
    assert await read_at_the_till(client, clerk, picture) == text, "the same screenshot"
    headers["Idempotency-Key"] = str(uuid4())
    again = await client.post("/v1/till/verifications", json=order, headers=headers)
    assert (again.status_code, again.json()["code"]) == (422, "code-unusable")


async def test_a_no_is_red_and_says_nothing_more_while_the_holder_reads_why(holder: Page, till: Page) -> None:
    before = await shown_code(holder)
    await type_code(till, before, benefit=OUT_OF_REACH)
    result = till.locator("#result")
    await expect(result).to_have_attribute("data-kind", "declined")
    await expect(result.get_by_role("heading")).to_have_text("不符合")
    await expect(result.get_by_role("button", name="核销")).to_be_hidden()
    shown_to_the_clerk = await result.inner_text()
    assert "等级" not in shown_to_the_clerk
    assert "同意" not in shown_to_the_clerk

    used = holder.locator("#used")
    await expect(used.get_by_role("heading")).to_contain_text("不符合", timeout=10_000)
    await expect(used).to_contain_text("桃花书店 · 典范礼遇")
    await expect(used.locator("#used-reasons li")).not_to_have_count(0)
    await used.get_by_role("button", name="知道了").click()
    assert await shown_code(holder) != before, "a used code leaves the screen"
    await open_tab(holder, "我的")
    await expect(holder.locator("#log")).to_contain_text("桃花书店（商户）")


async def test_what_is_missing_is_asked_for_at_its_field(till: Page) -> None:
    await type_code(till, "1234", amount="")
    await expect(till.locator("#amount-problem")).to_contain_text("请填写金额")
    await till.get_by_label("金额（元）").fill("10")
    await till.get_by_label("输入数字码").fill("")
    await till.get_by_role("button", name="核验").click()
    await expect(till.locator("#till-problem")).to_contain_text("请先输入")


async def test_an_account_that_is_no_clerk_is_told_so(till_page: OpenedPage, delivery: RememberedDelivery) -> None:
    await sign_in(till_page.page, "19900009999", delivery)
    await expect(till_page.page.get_by_role("heading", name="不能使用收银台")).to_be_visible()
    await till_page.page.get_by_role("button", name="换一个账户").click()
    await expect(till_page.page.get_by_role("heading", name="登录")).to_be_visible()
    assert till_page.complaints == []


def film(picture: bytes, path: Path) -> None:
    """A motion JPEG in which a camera looks at the picture."""
    scene = Image.new("RGB", (1280, 720), (70, 66, 60))
    seen = Image.open(io.BytesIO(picture)).convert("RGB")
    seen.thumbnail((700, 680))
    scene.paste(seen, (300, 20))
    frame = io.BytesIO()
    scene.save(frame, "JPEG", quality=80)
    path.write_bytes(frame.getvalue() * 3)


async def test_the_camera_reads_the_code_through_frames_decoded_by_the_server(
    holder: Page, clerk: Person, delivery: RememberedDelivery, address: str, tmp_path: Path
) -> None:
    film(await picture_of_code(holder), tmp_path / "screen.mjpeg")
    camera = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'screen.mjpeg'}",
    )
    async with launched(*camera) as browser:
        context = await phone(browser, address)
        seen = await opened(context, "/till")
        await sign_in(seen.page, clerk.phone, delivery)
        await seen.page.get_by_label("便利").select_option(BENEFIT)
        await seen.page.get_by_label("金额（元）").fill("300")
        await seen.page.get_by_role("button", name="扫描诚信码").click()
        result = seen.page.locator("#result")
        await expect(result).to_have_attribute("data-kind", "eligible", timeout=15_000)
        # Bounded by the benefit's cap.
        await expect(result).to_contain_text("优惠 ¥20，应收 ¥280")
        assert seen.complaints == []


async def test_a_photo_is_read_where_there_is_no_camera(holder: Page, till: Page, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(await picture_of_code(holder))
    await till.get_by_label("便利").select_option(BENEFIT)
    await till.get_by_label("金额（元）").fill("10")
    await till.locator("#photo").set_input_files(tmp_path / "photo.png")
    await expect(till.locator("#result")).to_have_attribute("data-kind", "eligible")
