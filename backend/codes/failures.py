"""Failed codes, counted for each partner: a till that keeps failing is guessing or broken, and waits."""

from uuid import UUID

import msgspec
from redis.asyncio import Redis

from backend.platform.problems import RATE_LIMITED


class FailureLimit(msgspec.Struct, frozen=True):
    """`allowed` failures within `seconds` from the first one."""

    name: str
    allowed: int
    seconds: int


# Digits carry fewer bits than the picture, so a keypad gets fewer tries (protocol, section 1).
PICTURE = FailureLimit("picture", allowed=60, seconds=300)
DIGITS = FailureLimit("digits", allowed=12, seconds=300)


async def allow(cache: "Redis", limit: FailureLimit, partner_id: UUID) -> None:
    """Lets a partner try. One cache round trip, two on refusal. Raises RATE_LIMITED with Retry-After."""
    key = _key(limit, partner_id)
    failures = await cache.get(key)
    if failures is not None and int(failures) >= limit.allowed:
        wait = await cache.ttl(key)
        raise RATE_LIMITED.error(headers={"Retry-After": str(max(wait, 1))})


async def within(cache: "Redis", limit: FailureLimit, partner_id: UUID) -> bool:
    """Whether a partner may try, without saying how long to wait. One cache round trip."""
    failures = await cache.get(_key(limit, partner_id))
    return failures is None or int(failures) < limit.allowed


async def count(cache: "Redis", limit: FailureLimit, partner_id: UUID) -> None:
    """Counts one failure. One cache round trip."""
    key = _key(limit, partner_id)
    async with cache.pipeline(transaction=True) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, limit.seconds, nx=True)
        await pipeline.execute()


def _key(limit: FailureLimit, partner_id: UUID) -> str:
    return f"code-failures:{limit.name}:{partner_id}"
