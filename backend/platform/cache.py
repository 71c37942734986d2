"""The cache: a client of Valkey or Redis that sends the commands of one tick of the loop as one pipeline on one connection.

A command of its own costs the application several times its share of a pipeline, and every signed request has one, for its nonce.
"""

from collections.abc import Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.platform.merging import Merged, Merging

_Call = tuple[tuple[Any, ...], dict[str, Any]]


class Cache(Redis):
    """redis-py's client, whose single commands travel together. Its pipelines and scripts are what they always were."""

    # Set after the client's own constructor, which is the one that `Redis.from_url` calls.
    merging: Merging

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """The answer to one command. Raises what the client raises: an error of one command reaches the caller of that one."""
        answer = await self.merging.ask(_CALLS, self, (args, options))
        if isinstance(answer, RedisError):
            raise answer
        return answer


async def _together(cache: Cache, calls: Sequence[_Call]) -> list[Any]:
    async with cache.pipeline(transaction=False) as pipeline:
        for args, options in calls:
            pipeline.execute_command(*args, **options)
        return list(await pipeline.execute(raise_on_error=False))


# Not one by one once more: the server may have done a command before the connection was lost, and a nonce set twice is a replay.
_CALLS: Merged[Cache, _Call, Any] = Merged(_together, most=128)


def cache_at(url: str, merging: Merging, **options: Any) -> Cache:
    """A client of the server at `url`."""
    cache = cast(Cache, Cache.from_url(url, **options))
    cache.merging = merging
    return cache
