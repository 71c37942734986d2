"""A simulated day: the same words on every run, books that agree, and nothing but a synthetic city is touched."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from backend import rooms
from backend.audit import service as audit
from backend.city.create import create_city
from backend.city.day.plan import MOST_VISITS_EACH, DayPlan, Presented
from backend.city.day.running import DaySummary, run_day
from backend.city.generator import City
from backend.ledger import posting
from backend.market import benefit_store, redeeming
from backend.market import store as market_store
from backend.platform import platform as ports
from backend.platform.clock import SettableClock
from backend.platform.embedded import create_database, drop_database
from backend.platform.keys import ensure_first_keys
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from tests.builders.people import PersonBuilder
from tests.conftest import MASTER_KEY, PUBLIC_URL, TODAY, Services, database_named

RESIDENTS = 200
VISITS = 500
SEED = 7


def nothing(_: int) -> None:
    """No progress is shown."""


@asynccontextmanager
async def city_in(url: str, services: Services, folder: Path, built: datetime = TODAY) -> AsyncIterator[Platform]:
    """The platform over a database with a synthetic city, in a process of its own."""
    settings = Settings(
        data_directory=folder, database_url=url, redis_url=services.redis_url, master_key=MASTER_KEY, public_url=PUBLIC_URL
    )
    clock = SettableClock(built)
    platform = ports.build(settings, rooms.PERSONAL_TABLES, rooms.REFERENCES, clock=clock, maximum_connections=8)
    await platform.database.open()
    async with platform.database.transaction() as connection:
        await ensure_first_keys(connection, platform.cipher, built)
    await platform.database.close()
    await platform.open(listen=False)
    try:
        await create_city(platform, seed=3, residents=RESIDENTS, advance=nothing)
        yield platform
    finally:
        await platform.close()


async def day_in(platform: Platform, **changes: object) -> DaySummary:
    """A day of the city."""
    wanted = {"seed": SEED, "visits": VISITS, "day": None, "advance": nothing, **changes}
    return await run_day(platform, **wanted)  # type: ignore[arg-type]


async def test_one_day(database_url: str, services: Services, tmp_path: Path) -> None:
    import time
    async with city_in(database_url, services, tmp_path) as platform:
        t = time.time()
        summary = await day_in(platform)
        print(time.time() - t)
        print(msgspec.json.format(msgspec.json.encode(summary)).decode())
        assert summary.differences == []
        assert await audit.examine(platform) == []
