"""Rate limits: one token bucket in the cache, shared by all workers (commands of Redis 7 only)."""

import msgspec
from redis.asyncio import Redis

from backend.platform.problems import RATE_LIMITED

_TAKE = """
local capacity, per_second, now = tonumber(ARGV[1]), tonumber(ARGV[2]), redis.call('TIME')
local seconds = tonumber(now[1]) + tonumber(now[2]) / 1000000
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(state[1]) or capacity
tokens = math.min(capacity, tokens + (seconds - (tonumber(state[2]) or seconds)) * per_second)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) / per_second) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(seconds))
redis.call('EXPIRE', KEYS[1], math.ceil(capacity / per_second) + 1)
return wait
"""


class RateLimit(msgspec.Struct, frozen=True):
    """`capacity` acts at once, refilled one every `seconds_each` seconds."""

    name: str
    capacity: int
    seconds_each: int


async def take(cache: "Redis", limit: RateLimit, who: str) -> None:
    """Takes one token of `who`. One cache round trip. Raises RATE_LIMITED with Retry-After."""
    script = cache.register_script(_TAKE)
    wait = int(await script(keys=[f"rate:{limit.name}:{who}"], args=[limit.capacity, 1 / limit.seconds_each]))
    if wait:
        raise RATE_LIMITED.error(headers={"Retry-After": str(wait)})
