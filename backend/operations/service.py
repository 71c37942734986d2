"""What the operations room does: asks whether the parts answer, and whether what the process holds can be used."""

from redis.exceptions import RedisError

from backend.operations.messages import Readiness
from backend.platform.database import CONNECTION_ERRORS
from backend.platform.platform import Platform
from backend.rule_sets import service as rule_sets


async def readiness(platform: Platform) -> Readiness:
    """Whether PostgreSQL and the cache answer, and every published rule set can be used. One round trip to each.

    A rule set that cannot be used stops the scores that need it and nothing else: the server stays in rotation.
    """
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
    return Readiness(
        "ready" if database and cache else "unavailable", database, cache, not rule_sets.unusable(platform)
    )
