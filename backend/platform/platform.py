"""Everything a room needs from outside itself, in one value handed to every service."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backend.platform.cache import cache_at
from backend.platform.cipher import FieldCipher, load_master_key
from backend.platform.clock import Clock, SystemClock
from backend.platform.database import Database
from backend.platform.delivery import MessageDelivery, delivery_named
from backend.platform.keys import OwnKeys
from backend.platform.merging import Merging
from backend.platform.reference import Reference, References
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from backend.platform.signals import Signals
from backend.platform.signers import SignerKeys


@dataclass(frozen=True)
class Platform:
    """The ports of one process. Built by `build`, opened by `open`, closed by `close`."""

    settings: Settings
    clock: Clock
    database: Database
    cache: "Redis"
    cipher: FieldCipher
    keys: OwnKeys
    signers: SignerKeys
    signals: Signals
    delivery: MessageDelivery
    references: References
    merging: Merging

    async def open(self, *, listen: bool = True) -> None:
        """Connects to the database and the cache and loads keys and reference data. Raises Refusal in one sentence."""
        await self.database.open()
        try:
            await self.cache.ping()
        except (RedisError, OSError) as error:
            await self.database.close()
            raise Refusal(
                f"连接不上缓存（{type(error).__name__}），请检查 REDIS_URL 和 Valkey/Redis 是否在运行。",
                f"The cache cannot be reached ({type(error).__name__}): check REDIS_URL and whether the server runs.",
            ) from None
        self.signals.on("keys", self.keys.reload)
        self.signals.on("signers", self.signers.reload)
        for reference in self.references.held:
            # The signal's detail says nothing that reading it whole would not.
            self.signals.on(reference.signal, partial(_refresh, self.references, reference))
        if listen:
            await self.signals.start()
        else:
            await self.keys.reload()
            await self.signers.reload()
            for reference in self.references.held:
                await self.references.refresh(reference)

    async def close(self) -> None:
        """Lets go of every connection."""
        await self.signals.stop()
        await self.merging.stop()
        await self.database.close()
        await self.cache.aclose()


async def _refresh(references: References, reference: Reference[Any], _: str) -> None:
    await references.refresh(reference)


def build(
    settings: Settings,
    personal_tables: frozenset[str],
    references: Iterable[Reference[Any]],
    *,
    clock: Clock | None = None,
    delivery: MessageDelivery | None = None,
    maximum_connections: int = 16,
    durable: bool = True,
) -> Platform:
    """The platform for these settings. Nothing is connected yet. Raises Refusal if the master key cannot be had.

    Only a simulation is not `durable` (`Database`).
    """
    clock = clock or SystemClock()
    cipher = FieldCipher(load_master_key(settings.master_key, settings.data_directory))
    database = Database(settings.database_url, clock, personal_tables, maximum_connections, durable=durable)
    # redis-py's own ten retries would hold a request for seconds: a lost cache is answered at once and tried again by the caller.
    merging = Merging()
    cache = cache_at(
        settings.redis_url, merging, retry=Retry(NoBackoff(), 1), socket_timeout=2, socket_connect_timeout=2
    )
    return Platform(
        settings=settings,
        clock=clock,
        database=database,
        cache=cache,
        cipher=cipher,
        keys=OwnKeys(database, cipher, clock),
        signers=SignerKeys(database),
        signals=Signals(database),
        delivery=delivery or delivery_named(settings.message_delivery, cache),
        references=References(database, references),
        merging=merging,
    )
