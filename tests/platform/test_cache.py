"""The commands of one tick share a pipeline, and nothing else."""

import asyncio

from redis.exceptions import ResponseError

from backend.platform.platform import Platform


async def test_the_caches_commands_of_one_tick_are_answered_one_by_one(platform: Platform) -> None:
    await platform.cache.set("text", b"not a list")
    first, second, wrong, text = await asyncio.gather(
        platform.cache.set("once", b"1", nx=True, ex=60),
        platform.cache.set("once", b"2", nx=True, ex=60),
        platform.cache.lpush("text", b"x"),
        platform.cache.get("text"),
        return_exceptions=True,
    )
    assert first is True
    assert second is None
    assert isinstance(wrong, ResponseError)
    assert text == b"not a list"
