"""`xinyi city create`."""

import asyncio

from backend.city.create import CitySummary, create_city, pieces
from backend.commands.progress import progress
from backend.commands.serve import prepare_database
from backend.commands.services import opened, servers
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
