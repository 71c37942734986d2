"""What every test of the scores room stands on."""

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.signed import SignedCaller
from tests.builders.sources import add_source


@pytest.fixture
async def source(client: httpx2.AsyncClient, clock: SettableClock, platform: Platform) -> SignedCaller:
    """A source that may deliver every item."""
    _, key = await add_source(platform)
    return SignedCaller(client, clock, key)
