"""`xinyi keys`: list, rotate and revoke our own keys."""

import asyncio

from backend.commands.services import opened, servers
from backend.platform import keys
from backend.platform.keys import Purpose
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings


def listing(settings: Settings) -> list[dict[str, object]]:
    """Every key without its secret."""

    async def act(addressed: Settings) -> list[dict[str, object]]:
        async with opened(addressed) as platform, platform.database.connection() as connection:
            return list(await keys.listing(connection))

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))


def rotate(settings: Settings, purpose: str) -> str:
    """Publishes the next key of a purpose; gives its kid. Raises Refusal for an unknown purpose."""
    try:
        wanted = Purpose(purpose)
    except ValueError:
        known = ", ".join(Purpose)
        raise Refusal(f"不认识的用途 {purpose}，可用：{known}。", f"Unknown purpose {purpose}: use {known}.") from None

    async def act(addressed: Settings) -> str:
        async with opened(addressed) as platform, platform.database.transaction() as connection:
            return await keys.rotate(connection, platform.cipher, wanted, platform.clock.now())

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))


def revoke(settings: Settings, kid: str) -> bool:
    """Revokes a key at once; False if there is none to revoke."""

    async def act(addressed: Settings) -> bool:
        async with opened(addressed) as platform, platform.database.transaction() as connection:
            return await keys.revoke(connection, platform.cipher, kid, platform.clock.now())

    with servers(settings) as addressed:
        return asyncio.run(act(addressed))
