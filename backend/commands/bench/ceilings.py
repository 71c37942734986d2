"""The two bare ceilings: an operation that does nothing, and one that reads once from the database and once from the cache.

They exist in the application of `xinyi bench` only; the one that is served has never heard of them.
"""

from typing import cast

from litestar import MediaType, get
from litestar.params import FromPath

from backend.app import build
from backend.commands.bench import store
from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.roles import Permission
from backend.platform.settings import Settings

EMPTY = "/bench/empty"
SELECT_AND_CACHE = "/bench/select-and-cache"


@get(
    EMPTY,
    media_type=MediaType.TEXT,
    **operation(Permission.PUBLIC_READ, "空操作 Nothing", "不做任何事。Does nothing. No round trip."),
)
async def empty() -> str:
    return ""


@get(
    f"{SELECT_AND_CACHE}/{{kid:str}}",
    media_type=MediaType.TEXT,
    **operation(
        Permission.PUBLIC_READ,
        "各读一次 One select and one cache read",
        "按主键读一行，再读一次缓存。One row by its primary key, one value of the cache.",
    ),
)
async def select_and_cache(platform: ThePlatform, kid: FromPath[str]) -> str:
    async with platform.database.connection() as connection:
        await store.algorithm_of(connection, kid)
    await platform.cache.get(f"bench:{kid}")
    return ""


def application(settings: Settings) -> Application:
    """The application as it is served, and the ceilings beside it. Raises Refusal."""
    served = build(settings)
    for handler in (empty, select_and_cache):
        served.register(handler)
    return Telemetry(cast(Application, served))
