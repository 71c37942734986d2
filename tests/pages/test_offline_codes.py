"""A resident's phone without a signal before a till without a network."""

import io
import re
from datetime import date
from pathlib import Path

import httpx2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from playwright.async_api import Page, expect

from backend.pages import shell
from backend.platform.clock import SettableClock
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from partners import base64url
from partners.codes import ic3
from partners.signatures.suites import compressed
from tests.builders.deliveries import RememberedDelivery
from tests.builders.offline import BEGINS, BENEFIT, NOW, Issuer, suite_or_skip
from tests.builders.partners import PartnerCaller, make_partner, publish
from tests.builders.people import Person
from tests.pages.acts import consent, fits_the_screen, register, shown_code
from tests.pages.conftest import OpenedPage
from tests.passes.conftest import BENEFIT as OFFLINE_BENEFIT
from tests.passes.conftest import Till, offline_terms, redemptions, upload

_MAKE = """
async ([module, attestation, jwk, step, challenge]) => {
  const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  return (await import(module)).offlineCode(attestation, key, step, ...(challenge ? [Uint8Array.from(challenge)] : []));
}
"""


def _jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.private_numbers()
    public = numbers.public_numbers
    parts = {"d": numbers.private_value, "x": public.x, "y": public.y}
    return {"kty": "EC", "crv": "P-256"} | {
        name: base64url.encode(value.to_bytes(32, "big")) for name, value in parts.items()
    }


async def test_a_terminal_accepts_what_the_phone_signs(resident_page: OpenedPage) -> None:
    issuer = Issuer(suite_or_skip("intl"))
    for number in range(6):
        key = ec.generate_private_key(ec.SECP256R1())
        attestation = issuer.attest(device_key=compressed(key.public_key()), not_before=BEGINS)
        for challenge in (None, bytes(range(1, 9))):
            at = NOW + 30 * number
            text = await resident_page.page.evaluate(
                _MAKE,
                [
                    f"{shell.FILES_PATH}/ic3.js", base64url.encode(attestation), _jwk(key), at // 30,
                    challenge and list(challenge),
                ],
            )  # fmt: skip
            verdict = ic3.verify(text, issuer.terminal(), at, lambda _: False, challenge or ic3.NO_CHALLENGE)
            assert verdict.outcome is ic3.Outcome.VALID, (number, challenge)
    assert BENEFIT in issuer.terminal().lifetimes


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A partner that gives a benefit without a network, too."""
    await publish(platform, offline_terms(daily=2))
    return await make_partner(client, platform, clock, OFFLINE_BENEFIT)


@pytest.fixture
async def phone(shop: PartnerCaller, resident_page: OpenedPage, delivery: RememberedDelivery) -> Page:
    """A resident's phone, signed in and consenting."""
    page = resident_page.page
    await register(page, Person("19912345678", "欧阳诗涵", make_identity_number(date(1990, 1, 1), 77)), delivery)
    await consent(page, "compute", "show")
    await shown_code(page)
    return page


async def fetch_passes(page: Page) -> None:
    """Opens the sheet and fetches."""
    await page.get_by_role("button", name="出示离线码").click()
    await page.locator("#passes").get_by_role("button", name="领取").click()
    await expect(page.locator("#passes")).to_contain_text("有 2 张")


async def code_on_the_screen(page: Page) -> str:
    """What a till's camera reads off the sheet."""
    await expect(page.locator("#pass-modules")).to_have_attribute("d", re.compile("^M"))
    picture = await page.locator(".pass-frame").screenshot()
    [read] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    return str(read.text)


async def test_a_pass_is_fetched_with_a_signal_shown_without_one_and_settled_later(
    platform: Platform,
    clock: SettableClock,
    client: httpx2.AsyncClient,
    shop: PartnerCaller,
    phone: Page,
    tmp_path: Path,
) -> None:
    till = Till(client, clock, tmp_path / "gate-1.db")
    await till.fetch()
    await fetch_passes(phone)
    assert await fits_the_screen(phone)
    await phone.screenshot(path=tmp_path / "list.png")

    await phone.context.set_offline(True)
    await phone.locator("#passes").get_by_role("button", name="出示").click()
    await expect(phone.locator("#pass-seconds")).not_to_be_empty()
    assert await fits_the_screen(phone)
    await phone.screenshot(path=tmp_path / "shown.png")
    code = await code_on_the_screen(phone)
    assert till.accept(code, "visit-1") == "valid"
    assert till.accept(code, "visit-1") == "seen"
    await phone.get_by_role("button", name="商户已受理").click()
    await expect(phone.locator("#passes")).to_contain_text("有 1 张")
    assert await redemptions(platform) == []

    [settled] = await upload(shop, till.upload())
    assert settled["outcome"] == "settled"
    assert len(await redemptions(platform)) == 1


async def test_a_second_pass_is_another_use_and_more_are_explained(
    phone: Page, client: httpx2.AsyncClient, clock: SettableClock, tmp_path: Path
) -> None:
    till = Till(client, clock, tmp_path / "gate-1.db")
    await till.fetch()
    await fetch_passes(phone)
    await phone.locator("#passes").get_by_role("button", name="领取").click()
    await expect(phone.locator("#toast")).not_to_be_empty()
    await expect(phone.locator("#passes")).to_contain_text("有 2 张")
    for visit in ("visit-1", "visit-2"):
        await phone.locator("#passes").get_by_role("button", name="出示").click()
        assert till.accept(await code_on_the_screen(phone), visit) == "valid"
        await phone.get_by_role("button", name="商户已受理").click()
    await expect(phone.locator("#passes")).to_contain_text("还没有凭证")


async def test_the_picture_goes_when_the_sheet_is_closed(phone: Page) -> None:
    await fetch_passes(phone)
    await phone.locator("#passes").get_by_role("button", name="出示").click()
    await code_on_the_screen(phone)
    await phone.locator("#offline").get_by_role("button", name="关闭").click()
    await expect(phone.locator("#pass-modules")).to_have_attribute("d", "")
