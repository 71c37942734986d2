"""What the operations room does: asks whether the parts answer."""

from redis.exceptions import RedisError

from backend.operations.messages import Readiness
from backend.platform.database import CONNECTION_ERRORS
from backend.platform.platform import Platform


async def readiness(platform: Platform) -> Readiness:
    """Whether PostgreSQL and the cache answer. One round trip to each."""
    database = cache = True
    try:
        async with platform.database.connection() as connection:
            await connection.fetch_value("SELECT 1")
    except CONNECTION_ERRORS:
        database = False
    try:
        await platform.cache.ping()
    except (RedisError, OSError):
        cache = False
    return Readiness("ready" if database and cache else "unavailable", database, cache)
