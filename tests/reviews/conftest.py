"""A partner that gives a benefit to everybody, and a guest."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SHANGHAI, SettableClock
from backend.platform.platform import Platform
from backend.reviews import service
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.reviews import BENEFIT, move_to
from tests.conftest import RunDue

Standing = Callable[[], Awaitable[dict[str, Any]]]
MonthEnds = Callable[[], Awaitable[None]]


@pytest.fixture
async def partner(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner."""
    await publish(platform, make_terms(BENEFIT))
    return await make_partner(client, platform, clock, BENEFIT, name="桃花书店")


@pytest.fixture
async def guest(person: PersonBuilder) -> Person:
    """A resident with a name that occurs nowhere else."""
    return await person("欧阳诗涵")


@pytest.fixture
def standing(partner: PartnerCaller) -> Standing:
    """Where the partner reads that it is."""

    async def read() -> dict[str, Any]:
        answer = await partner("GET", "/v1/partner/review")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return read


@pytest.fixture
def month_ends(platform: Platform, clock: SettableClock) -> MonthEnds:
    """The month ends, and its figures are drawn."""

    async def passed() -> None:
        today = clock.now().astimezone(SHANGHAI)
        following = (today.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=30)
        move_to(clock, following.astimezone(UTC))
        await service.draw_last_month(platform)

    return passed


@pytest.fixture
def day_comes(clock: SettableClock, run_due: RunDue) -> Callable[[str], Awaitable[None]]:
    """A day in Shanghai comes, and what is due is done."""

    async def came(day: str) -> None:
        move_to(clock, datetime.fromisoformat(f"{day}T09:00:00+08:00").astimezone(UTC))
        await run_due()

    return came
