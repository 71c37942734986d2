"""What people do on the two pages, one function for each act, in the words on the screen."""

import io
import re

import httpx2
import zxingcpp
from PIL import Image
from playwright.async_api import Page, expect

from tests.builders.deliveries import RememberedDelivery
from tests.builders.people import Person


async def sign_in(page: Page, phone: str, delivery: RememberedDelivery) -> None:
    """Phone, one-time code."""
    await page.get_by_label("手机号").fill(phone)
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page.get_by_label("验证码")).to_be_focused()
    await page.get_by_label("验证码").fill(delivery.codes[phone])
    await page.locator("#code-form").get_by_role("button", name="登录").click()


async def register(page: Page, person: Person, delivery: RememberedDelivery) -> None:
    """Sign-in and real name, up to the question for the two consents."""
    await sign_in(page, person.phone, delivery)
    await page.get_by_label("姓名").fill(person.name)
    await page.get_by_label("公民身份号码").fill(person.identity_number)
    await page.get_by_role("button", name="核验").click()
    await expect(page.get_by_role("heading", name="两项同意")).to_be_visible()


async def consent(page: Page, *kinds: str) -> None:
    """Agrees to these kinds, each with its own tap, and goes on."""
    for kind in kinds:
        card = page.locator(f"#view-consents [data-kind={kind}]")
        await card.get_by_role("button", name="同意").click()
        await expect(card.get_by_text("已同意")).to_be_visible()
    await page.get_by_role("button", name="进入我的信易").click()


async def open_tab(page: Page, name: str) -> None:
    """Taps one of the four tabs."""
    await page.get_by_role("navigation").get_by_role("button", name=name).click()


async def shown_code(page: Page) -> str:
    """The digits on the screen, once the picture is drawn."""
    await expect(page.locator("#qr-modules")).to_have_attribute("d", re.compile("^M"))
    return (await page.locator("#digits").inner_text()).strip()


async def bar_code_on_the_screen(page: Page) -> str:
    """The digits that a laser scanner reads off the screen."""
    await shown_code(page)
    picture = await page.locator("#bars").screenshot()
    [read] = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(picture)).convert("L"), formats=zxingcpp.barcode_formats_from_str("Code128")
    )
    return str(read.text)


async def picture_of_code(page: Page) -> bytes:
    """A screenshot of the code's card, as a camera would see it."""
    await shown_code(page)
    return await page.locator("#code-card").screenshot()


async def read_at_the_till(client: httpx2.AsyncClient, clerk: Person, picture: bytes) -> str | None:
    """The code that the till's server reads in a picture."""
    answer = await client.post(
        "/v1/till/frames", content=picture, headers={**clerk.headers, "Content-Type": "image/png"}
    )
    assert answer.status_code == 200, answer.text
    text: str | None = answer.json()["text"]
    return text


async def fits_the_screen(page: Page) -> bool:
    """Whether nothing can be scrolled sideways."""
    fits: bool = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits
