"""A partner that is told, by a server that may reach this machine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import msgspec
import pytest
from litestar import Litestar

from backend.platform.clock import SettableClock
from backend.platform.errands import Errands
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from backend.webhooks import service
from backend.webhooks.states import EventType
from tests.builders.partners import PartnerCaller, make_partner
from tests.builders.receivers import Receiver, listening

PATH = "/v1/partner/webhooks"

Tell = Callable[..., Awaitable[None]]


class Told(msgspec.Struct):
    """An address that is told: its id, its secret, and how it is asked about."""

    partner: PartnerCaller
    id: str
    secret: str

    async def deliveries(self) -> list[dict[str, Any]]:
        """The log, newest event first."""
        answer = await self.partner("GET", f"{PATH}/{self.id}/deliveries")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    async def state(self) -> str:
        """Enabled or disabled, as it is listed."""
        listed = (await self.partner("GET", PATH)).json()["endpoints"]
        [state] = [str(one["state"]) for one in listed if one["endpoint_id"] == self.id]
        return state


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As in development: this machine's own addresses may be told."""
    return msgspec.structs.replace(settings, webhook_loopback=True)


@pytest.fixture
def errands(application: Litestar) -> Errands:
    """What delivers; runs when the test says so."""
    found: Errands = application.state.errands
    return found


@pytest.fixture
async def partner(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner."""
    return await make_partner(client, platform, clock)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The partner's server."""
    async with listening(Receiver()) as running:
        yield running


async def told_at(partner: PartnerCaller, url: str) -> Told:
    """Registers an address."""
    answer = await partner("POST", PATH, {"url": url})
    assert answer.status_code == 201, answer.text
    return Told(partner, answer.json()["endpoint_id"], answer.json()["secret"])


@pytest.fixture
async def told(partner: PartnerCaller, receiver: Receiver) -> Told:
    """The partner's server, registered."""
    return await told_at(partner, receiver.url)


@pytest.fixture
def tell(platform: Platform, partner: PartnerCaller) -> Tell:
    """`await tell("order-1")` is an act on an object of the partner, committed."""

    async def told_of(object_id: str, kind: EventType = EventType.ORDER_AGREED) -> None:
        async with platform.database.transaction() as connection:
            await service.publish(connection, partner.partner_id, kind, object_id, {"order_id": object_id})

    return told_of
