"""`xinyi city create` and `xinyi city day`."""

import asyncio
from datetime import date

from backend.audit import service as audit
from backend.city.create import CitySummary, create_city, pieces
from backend.city.day.running import DaySummary, run_day
from backend.commands.progress import progress
from backend.commands.serve import prepare_database
from backend.commands.services import find_running, opened, servers
from backend.platform.clock import SettableClock, SystemClock
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings


def create(settings: Settings, residents: int, seed: int) -> CitySummary:
    """Builds the synthetic city in a database that has none. Raises Refusal."""
    with servers(settings) as addressed:
        return asyncio.run(_create(addressed, residents, seed))


async def _create(settings: Settings, residents: int, seed: int) -> CitySummary:
    await prepare_database(settings)
    async with opened(settings) as platform:
        with progress("合成城市 synthetic city", pieces(residents)) as advance:
            return await create_city(platform, seed=seed, residents=residents, advance=advance)


_CONNECTIONS = 24


def day(settings: Settings, visits: int, seed: int, on: date | None) -> DaySummary:
    """Runs a day of the synthetic city and audits the books after it; what either finds is in the summary's differences.

    Raises Refusal, also while a server runs on this data: its clock is another one.
    """
    if find_running(settings) is not None:
        raise Refusal(
            "这份数据上有服务器在运行；模拟一日在自己的时钟里进行，请先停止服务器。",
            "A server runs on this data. A simulated day has a clock of its own: stop the server first.",
        )
    with servers(settings) as addressed:
        return asyncio.run(_day(addressed, visits, seed, on))


async def _day(settings: Settings, visits: int, seed: int, on: date | None) -> DaySummary:
    await prepare_database(settings)
    # The machine's time is where the clock stands until the day has been found; the day itself sets it.
    clock = SettableClock(SystemClock().now())
    # A day that was cut off is begun on another one, so nothing is lost that the disk has not seen yet.
    async with opened(settings, clock, _CONNECTIONS, durable=False) as platform:
        with progress("模拟一日 simulated day", visits) as advance:
            summary = await run_day(platform, seed=seed, visits=visits, day=on, advance=advance)
        summary.differences += await audit.examine(platform)
    return summary
