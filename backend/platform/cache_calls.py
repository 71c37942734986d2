"""Calls of the cache by many requests at once: the commands of one tick of the loop go out as one pipeline on one connection.

A call of its own costs the application four times its share of a pipeline, and every request has one, for its nonce.
"""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.platform.merging import Merged, Merging

Command = tuple[Any, ...]
"""A command and its arguments, as Redis has them: ("SET", "nonce:1", b"1", "NX", "EX", 180)."""


async def _together(cache: "Redis", commands: Sequence[Command]) -> list[Any]:
    async with cache.pipeline(transaction=False) as pipeline:
        for command in commands:
            pipeline.execute_command(*command)
        return list(await pipeline.execute(raise_on_error=False))


# No command is repeated: the server may have done it before the connection was lost, and a nonce set twice is a replay.
CALLS: Merged["Redis", Command, Any] = Merged(_together, most=128)


async def call(merging: Merging, cache: "Redis", *command: Any) -> Any:
    """The cache's answer to one command. One round trip, shared. Raises RedisError and OSError as the client does."""
    answer = await merging.ask(CALLS, cache, command)
    if isinstance(answer, RedisError):
        raise answer
    return answer
