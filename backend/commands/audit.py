"""`xinyi audit` and `xinyi ledger`: the books compared with the events, and statements drawn by hand."""

import asyncio

from backend.audit import service as audit
from backend.commands.services import opened, servers
from backend.ledger import service as ledger
from backend.platform.settings import Settings
from partners.ledger.audit import Difference


def examine(settings: Settings) -> list[Difference]:
    """Everything that is not what the events say."""

    async def act(addressed: Settings) -> list[Difference]:
        async with opened(addressed) as platform:
            return await audit.examine(platform)

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))


def draw(settings: Settings, month: str) -> int:
    """Draws the statements of a month that are not drawn yet; gives how many."""

    async def act(addressed: Settings) -> int:
        async with opened(addressed) as platform:
            return await ledger.draw_statements(platform, month)

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))
