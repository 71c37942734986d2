"""A resident's way through the page, in a real browser on a phone-sized screen."""

import asyncio
import json
import re
import subprocess
import sys
from datetime import date, timedelta
from importlib.resources import files

import httpx2
import pytest
from litestar import Litestar
from playwright.async_api import Page, expect

from backend.platform.clock import SettableClock
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from partners.benefits.commitments import CommitmentKind
from partners.benefits.terms import BenefitKind, Text, Tier
from partners.benefits.validity import When, Where
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import make_partner, make_terms, publish
from tests.builders.people import Person
from tests.builders.signed import SignedCaller
from tests.builders.sources import add_source, penalty, volunteering
from tests.conftest import RunDue
from tests.pages.acts import consent, fits_the_screen, open_tab, register, shown_code, sign_in
from tests.pages.conftest import OpenedPage

BENEFIT = "reading-discount"
TIERS = (Tier(Text("人人", "Everyone"), 0, 20_000),)


@pytest.fixture
def someone() -> Person:
    """A person who has not registered yet."""
    return Person("19912345678", "欧阳诗涵", make_identity_number(date(1990, 1, 1), 1))


async def tokens_of(page: Page) -> dict[str, str]:
    """The tokens that the page holds."""
    tokens: dict[str, str] = json.loads(await page.evaluate("sessionStorage.getItem('xinyi.resident')"))
    return tokens


async def test_from_registration_to_the_code_the_score_and_why(
    resident_page: OpenedPage,
    someone: Person,
    delivery: RememberedDelivery,
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    run_due: RunDue,
) -> None:
    await publish(platform, make_terms(BENEFIT))
    await make_partner(client, platform, clock, BENEFIT)
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page, "compute", "show")

    digits = await shown_code(page)
    assert re.fullmatch(r"(\d{4} ){4}\d{4}", digits)
    await expect(page.locator("#seconds")).to_have_text(re.compile(r"^([1-9]|[12]\d|30)$"))
    assert await fits_the_screen(page)

    _, key = await add_source(platform)
    await run_due()
    rows = [volunteering(someone), penalty(someone), penalty(someone, "CF-2", "警告", on=date(2025, 1, 1))]
    delivered = await SignedCaller(client, clock, key)(
        "POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": rows}
    )
    assert delivered.json()["returned"] == 0, delivered.text
    await run_due()

    await open_tab(page, "桃花分")
    await expect(page.locator("#score-value")).to_have_text("565")
    await expect(page.locator("#levels [aria-current]")).to_have_text("诚信")
    await page.get_by_role("button", name="为什么是这个分").click()
    why = page.locator("#why")
    await expect(why).to_be_visible()
    points = [text.replace("−", "-") for text in await why.locator("#why-lines .points").all_inner_texts()]
    assert sorted(points) == sorted(["600", "+5", "-40"])
    assert sum(int(text) for text in points) == 565
    await expect(why.locator("#why-sum")).to_have_text("565")
    await expect(why.locator("#why-others .line")).to_have_count(1)
    assert await fits_the_screen(page)
    await why.get_by_role("button", name="关闭").click()

    await page.get_by_role("button", name="今后与提升办法").click()
    ahead = page.locator("#ahead")
    await expect(ahead.locator("#ahead-changes .points")).to_have_text(["+40", "−5"])
    await expect(ahead.locator("#ahead-changes .line").first).to_contain_text("届时 605 分")
    await expect(ahead.locator("#ahead-ways .line")).to_have_count(3)
    await expect(ahead.locator("#ahead-ways .line").first).to_contain_text("升至“良好”")
    assert await fits_the_screen(page)
    async with page.expect_download() as saving:
        await ahead.get_by_role("button", name="下载自证包").click()
    bundle = await (await saving.value).path()
    command = [sys.executable, str(files("scoring") / "verify.py"), str(bundle)]
    checked = await asyncio.to_thread(lambda: subprocess.run(command, capture_output=True, text=True, check=False))
    assert (checked.returncode, "565" in checked.stdout) == (0, True), checked.stdout + checked.stderr
    await ahead.get_by_role("button", name="关闭").click()

    await open_tab(page, "便利")
    await expect(page.locator(".benefit").first).to_contain_text("借阅优惠")
    await expect(page.locator(".benefit .offer").first).to_have_text("优惠 10%")
    await open_tab(page, "我的")
    await expect(page.locator("#log")).to_contain_text("信易系统")
    assert someone.name not in await page.locator("#view-account").inner_text(), "masked, also on the own screen"
    assert await fits_the_screen(page)
    assert resident_page.complaints == []


async def test_whoever_has_no_records_reads_that_nothing_changes_by_itself(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery, run_due: RunDue
) -> None:
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page, "compute")
    await run_due()
    await open_tab(page, "桃花分")
    await page.get_by_role("button", name="今后与提升办法").click()
    await expect(page.locator("#ahead-none")).to_be_visible()
    await expect(page.locator("#ways-none")).to_be_hidden()
    await expect(page.locator("#ahead-ways .line")).to_have_count(3)
    assert await fits_the_screen(page)
    assert resident_page.complaints == []


async def test_the_code_turns_every_thirty_seconds_and_also_without_a_signal(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery
) -> None:
    page = resident_page.page
    await page.clock.install()
    await register(page, someone, delivery)
    await consent(page, "compute", "show")
    first = await shown_code(page)
    await page.clock.run_for(30_500)
    await expect(page.locator("#digits")).not_to_have_text(first)
    second = await shown_code(page)

    await page.context.set_offline(True)
    seen = {first, second}
    for _ in range(5):
        before = await shown_code(page)
        await page.clock.run_for(30_000)
        await expect(page.locator("#digits")).not_to_have_text(before)
        seen.add(await shown_code(page))
    assert len(seen) == 7
    await expect(page.get_by_text("离线出示中")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("离线出示中")).to_be_hidden()


async def test_another_code_and_another_scene_are_other_codes(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery
) -> None:
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page, "compute", "show")
    first = await shown_code(page)
    await page.get_by_role("button", name="换一个码").click()
    await expect(page.locator("#digits")).not_to_have_text(first)
    second = await shown_code(page)
    await page.locator("#scenes").get_by_text("借").click()
    await expect(page.locator("#digits")).not_to_have_text(second)


async def test_without_consent_there_is_no_code_and_nothing_else_is_lost(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery
) -> None:
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page)
    await expect(page.get_by_role("heading", name="诚信码未启用")).to_be_visible()
    await open_tab(page, "桃花分")
    await expect(page.get_by_role("heading", name="尚未计算")).to_be_visible()
    await open_tab(page, "便利")
    await expect(page.get_by_role("heading", name="我的便利")).to_be_visible()
    assert resident_page.complaints == []


async def test_a_consent_is_withdrawn_with_one_tap_and_the_code_stops(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery
) -> None:
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page, "compute", "show")
    before = await shown_code(page)
    await open_tab(page, "我的")
    card = page.locator("#view-account [data-kind=show]")
    await card.get_by_role("button", name="撤回").click()
    await expect(card.get_by_text("未同意")).to_be_visible()
    await open_tab(page, "诚信码")
    await expect(page.get_by_role("heading", name="诚信码未启用")).to_be_visible()
    await open_tab(page, "我的")
    await card.get_by_role("button", name="同意").click()
    await expect(card.get_by_text("已同意")).to_be_visible()
    await open_tab(page, "诚信码")
    assert await shown_code(page) != before


async def test_an_expired_token_is_refreshed_once_for_calls_made_together(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery, clock: SettableClock
) -> None:
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page)
    before = await tokens_of(page)
    refreshes: list[str] = []
    page.on("request", lambda request: refreshes.append(request.url) if request.url.endswith("/refresh") else None)
    clock.move(timedelta(minutes=16))
    await open_tab(page, "我的")
    await page.get_by_role("button", name="全部 All").click()
    await expect(page.locator("#log")).to_contain_text("本人")
    after = await tokens_of(page)
    assert len(refreshes) == 1, "three calls were refused together"
    assert after["refresh_token"] != before["refresh_token"]
    await open_tab(page, "便利")
    await expect(page.get_by_role("heading", name="我的便利")).to_be_visible()
    assert await tokens_of(page) == after, "the session lives on"


async def test_a_session_that_ended_elsewhere_leads_back_to_sign_in(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery, application: Litestar, address: str
) -> None:
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page, "compute", "show")
    await shown_code(page)
    headers = {"Authorization": f"Bearer {(await tokens_of(page))['access_token']}"}
    async with httpx2.AsyncClient(base_url=address) as elsewhere:
        assert (await elsewhere.delete("/v1/me/sessions", headers=headers)).status_code == 204
    await application.state.ended_sessions.reload()
    await open_tab(page, "我的")
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0
    await expect(page.locator("#qr-modules")).to_have_attribute("d", "")


async def test_leaving_takes_a_second_tap_and_ends_at_the_sign_in(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery
) -> None:
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page)
    await open_tab(page, "我的")
    await page.get_by_role("button", name="注销账户").click()
    await page.get_by_role("button", name="确认注销").click()
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()
    await sign_in(page, someone.phone, delivery)
    await expect(page.get_by_role("heading", name="实名核验")).to_be_visible()


async def test_a_refused_number_is_explained_at_its_field(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery
) -> None:
    page = resident_page.page
    await page.get_by_label("手机号").fill("123")
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page.locator("#phone-problem")).to_contain_text("手机号")
    await sign_in(page, someone.phone, delivery)
    await page.get_by_label("姓名").fill(someone.name)
    await page.get_by_label("公民身份号码").fill("000000199001010019")
    await page.get_by_role("button", name="核验").click()
    await expect(page.locator("#identity-problem")).to_contain_text("身份号码")
    await expect(page.locator("#name-problem")).to_be_empty()


async def test_a_commitment_is_made_and_taken_back_on_the_phone(
    resident_page: OpenedPage, someone: Person, delivery: RememberedDelivery, platform: Platform
) -> None:
    tiers = (
        Tier(Text("作出承诺", "Committed"), 1, 50, CommitmentKind.RETURN_ON_TIME),
        Tier(Text("典范", "Top"), 20, 500),
    )
    await publish(platform, make_terms("tools", open_to_all=False, tiers=tiers, names=Text("工具借用", "Tools")))
    hours = When(weekdays=(1, 2, 3, 4, 5), opens="06:00", closes="22:00", except_on=(date(2027, 1, 1),))
    await publish(platform, make_terms(BENEFIT, when=hours, where=Where(districts=("taoyuan",))))
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page, "show")
    await open_tab(page, "便利")
    groups = page.locator("#benefits")
    await expect(groups).to_contain_text("作出承诺即可用")
    limited = page.locator(".benefit", has_text="借阅优惠")
    await expect(limited).to_contain_text("适用：每周一、二、三、四、五 06:00–22:00，2027-01-01 除外，限公布的门店")
    card = page.locator(".benefit", has_text="工具借用")
    await expect(card).to_contain_text("我承诺按期、完好归还所借物品")
    await expect(card).to_contain_text("不承诺也不影响其他任何权益")
    assert await fits_the_screen(page)
    await card.get_by_role("button", name="作出承诺").click()
    await expect(card.locator(".offer")).to_contain_text("优惠 5%")
    await expect(groups).not_to_contain_text("作出承诺即可用")
    await card.get_by_role("button", name="撤回承诺").click()
    await expect(groups).to_contain_text("作出承诺即可用")
    assert await fits_the_screen(page)
    assert resident_page.complaints == []


async def test_a_deposit_order_is_agreed_to_disputed_and_revoked_on_the_phone(
    resident_page: OpenedPage,
    someone: Person,
    delivery: RememberedDelivery,
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
) -> None:
    waiver = make_terms("no-deposit", kind=BenefitKind.DEPOSIT_WAIVER, unit="fen", cap_fen=20_000, tiers=TIERS)
    await publish(platform, waiver)
    lender = await make_partner(client, platform, clock, "no-deposit", name="桃花市图书馆")
    page = resident_page.page
    await register(page, someone, delivery)
    await consent(page, "compute", "show")

    async def order() -> str:
        digits = (await shown_code(page)).replace(" ", "")
        verification = (await lender.verify(digits, "no-deposit")).json()["verification_id"]
        wanted = {"verification_id": verification, "agreed_fen": 10_000, "partner_ref": "loan-1"}
        opened: str = (await lender.post("/v1/partner/orders", wanted)).json()["order_id"]
        return opened

    first = await order()
    await open_tab(page, "便利")
    card = page.locator("#orders .order")
    await expect(card).to_contain_text("待您同意")
    await expect(card).to_contain_text("免押金 ¥100")
    assert await fits_the_screen(page)
    await card.get_by_role("button", name="同意").click()
    await expect(card).to_contain_text("已同意，待开始")
    assert (await lender.post(f"/v1/partner/orders/{first}/start", {})).json()["state"] == "in-use"
    settlement = {"charges": [{"what": "逾期", "fen": 250}]}
    await lender.post(f"/v1/partner/orders/{first}/settlement", settlement)
    await open_tab(page, "便利")
    await expect(card).to_contain_text("应付 ¥2.50，请在 2026年12月1日前付给商户")
    await card.get_by_text("对账单有异议").click()
    await card.get_by_role("button", name="提出异议").click()
    await expect(page.locator("#toast")).to_contain_text("请写明哪里不对")
    await card.get_by_label("异议理由").fill("已按期归还")
    assert await fits_the_screen(page)
    await card.get_by_role("button", name="提出异议").click()
    await expect(card).to_contain_text("有异议，待裁定")
    await expect(card.get_by_text("对账单有异议")).to_be_hidden()
    await card.get_by_role("button", name="撤回异议").click()
    await expect(card).to_contain_text("待支付")
    await expect(card.get_by_role("button")).to_have_count(0)
    await lender.post(f"/v1/partner/orders/{first}/payment", {"paid_fen": 250})

    # The phone tells that the code was used, and shows another one.
    await open_tab(page, "诚信码")
    await page.locator("#used").get_by_role("button", name="知道了").click()
    await order()
    await open_tab(page, "便利")
    await page.locator("#orders .order").get_by_role("button", name="取消订单").click()
    await expect(page.locator("#orders .order")).to_have_count(0)
    await expect(page.locator("#orders-ended")).to_contain_text("已结束 2 笔")
    assert resident_page.complaints == []
