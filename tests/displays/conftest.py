"""An enterprise that shows codes."""

import httpx2
import pytest

from tests.builders.displays import Exhibitor, exhibitor
from tests.builders.people import PersonBuilder


@pytest.fixture
async def shop(client: httpx2.AsyncClient, person: PersonBuilder) -> Exhibitor:
    """`await shop.made()` is its display code."""
    return await exhibitor(client, person)
