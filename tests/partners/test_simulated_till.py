"""The simulated till against the real application: online, offline, and after the server was cut off."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backend.codes import images
from backend.commands.simulated_till import SimulatedTill, TillSettings, code_in
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from tests.builders.partners import PartnerCaller, current_code, make_partner, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.phones import Phone
from tests.conftest import PUBLIC_URL
from tests.partners.test_client_against_the_platform import Bridge
from tests.passes.conftest import BENEFIT, offline_terms, redemptions


class Network(Bridge):
    """A network that can be cut."""

    cut = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.cut:
            raise httpx2.ConnectError("no network", request=request)
        return super().handle_request(request)


class Shop:
    """A till in a thread of its own, which its store wants, its network, and a resident with a registered phone before it."""

    def __init__(
        self, settings: TillSettings, http: httpx2.Client, clock: SettableClock, network: Network, resident: Person,
        phone: Phone,
    ) -> None:  # fmt: skip
        self.network, self.resident, self.phone = network, resident, phone
        self.thread = ThreadPoolExecutor(1)
        self.till = self.thread.submit(SimulatedTill, settings, http=http, now=lambda: clock.now().timestamp()).result()

    async def _told(self, act: Callable[..., list[str]], *arguments: object) -> str:
        return "\n".join(await asyncio.get_running_loop().run_in_executor(self.thread, act, *arguments))

    async def scan(self, code: str) -> str:
        """What the till's screen says of a code."""
        return await self._told(self.till.scan, code, BENEFIT, "visit-1", None)

    async def fetch(self) -> str:
        """What it says when told to fetch."""
        return await self._told(self.till.fetch)

    async def upload(self) -> str:
        """What it says when told to upload."""
        return await self._told(self.till.upload)


@pytest.fixture
async def partner(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner that may honour one benefit, offline too."""
    await publish(platform, offline_terms())
    return await make_partner(client, platform, clock, BENEFIT)


@pytest.fixture
async def shop(
    client: httpx2.AsyncClient, clock: SettableClock, partner: PartnerCaller, person: PersonBuilder, tmp_path: Path
) -> AsyncIterator[Shop]:
    """All of it."""
    key = tmp_path / "key.pem"
    key.write_bytes(partner.key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings = TillSettings(url=PUBLIC_URL, key=key, store=tmp_path / "till.db", terminal="till-1")
    network = Network(asyncio.get_running_loop(), client)
    resident = await person("欧阳诗涵")
    phone = Phone(client, clock, resident, PUBLIC_URL)
    assert (await phone.register()).status_code == 201
    with httpx2.Client(transport=network) as http:
        shop = Shop(settings, http, clock, network, resident, phone)
        yield shop
        shop.thread.shutdown()


async def test_an_online_code_is_verified_and_redeemed_once(
    client: httpx2.AsyncClient, platform: Platform, shop: Shop
) -> None:
    code = (await current_code(client, shop.resident.headers))["text"]
    said = await shop.scan(code)
    assert "✓ 符合" in said
    assert "已核销" in said
    assert len(await redemptions(platform)) == 1
    assert "code-unusable" in await shop.scan(code)
    assert "code-malformed" in await shop.scan("https://evil.example")


async def test_an_offline_code_is_taken_without_a_network_and_settled_once_it_is_back(
    platform: Platform, clock: SettableClock, shop: Shop
) -> None:
    [offline_pass] = await shop.phone.fetch(BENEFIT)
    assert "1 项可离线办理" in await shop.fetch()
    shop.network.cut = True
    code = offline_pass.show(clock.now())
    assert "已受理" in await shop.scan(code)
    assert "本终端已受理过" in await shop.scan(code)
    assert "仍在队列中" in await shop.upload()
    assert "网络不通" in await shop.fetch()
    assert await redemptions(platform) == []

    shop.network.cut = False
    assert "visit-1：settled" in await shop.upload()
    assert len(await redemptions(platform)) == 1
    assert "没有待上传" in await shop.upload()
    assert len(await redemptions(platform)) == 1


async def test_without_a_network_nobody_is_assumed_to_be_eligible(
    client: httpx2.AsyncClient, platform: Platform, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.till._client, "_sleep", lambda _: None)
    code = (await current_code(client, shop.resident.headers))["text"]
    shop.network.cut = True
    said = await shop.scan(code)
    assert "不得推定符合" in said
    assert "✓" not in said
    assert await redemptions(platform) == []


async def test_a_till_that_fetched_nothing_accepts_nothing(clock: SettableClock, shop: Shop) -> None:
    [offline_pass] = await shop.phone.fetch(BENEFIT)
    assert "密钥未知" in await shop.scan(offline_pass.show(clock.now()))


async def test_a_code_is_read_from_a_picture(
    client: httpx2.AsyncClient, clock: SettableClock, shop: Shop, tmp_path: Path
) -> None:
    online = (await current_code(client, shop.resident.headers))["text"]
    [offline_pass] = await shop.phone.fetch(BENEFIT)
    for text in (online, offline_pass.show(clock.now())):
        picture = tmp_path / "code.png"
        picture.write_bytes(images.png(text))
        assert code_in(picture) == text
    picture.write_bytes(images.png("https://evil.example/IC1:"))
    with pytest.raises(Refusal, match="no integrity code"):
        code_in(picture)
    picture.write_bytes(b"not a picture")
    with pytest.raises(Refusal, match="cannot be read"):
        code_in(picture)
