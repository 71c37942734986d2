"""A till with one open benefit, and a resident before it."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

BENEFIT = "reading-discount"

Scan = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
async def partner(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner that may honour one published benefit, open to all and capped at 30 yuan."""
    await publish(platform, make_terms(BENEFIT, cap_fen=3000))
    return await make_partner(client, platform, clock, BENEFIT)


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    """A resident with a name that occurs nowhere else."""
    return await person("欧阳诗涵")


@pytest.fixture
def scan(client: httpx2.AsyncClient, partner: PartnerCaller, resident: Person) -> Scan:
    """Shows a fresh code and has the partner verify it."""

    async def scanned(benefit: str = BENEFIT, **more: object) -> httpx2.Response:
        code = (await current_code(client, resident.headers))["text"]
        return await partner.verify(code, benefit, **more)  # type: ignore[arg-type]

    return scanned
