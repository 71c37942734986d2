"""Status lists 状态列表 that we publish: which of what a room has issued is void, as signed Token Status Lists (docs/protocol.md,
section 9).

Every worker holds the marked places in memory, told by signal, and signs a list at most once a minute and at every change.
Lists of one minute have one date, so that a reader who asks two workers in turn is never handed an older one.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import msgspec

from backend.platform import signals
from backend.platform.database import Connection
from backend.platform.keys import OwnKey, Purpose
from backend.platform.platform import Platform
from backend.platform.reference import Reference
from partners.signatures.suites import suite
from partners.status_lists import INVALID, Claims, pack, write_token

TTL_SECONDS = 900
LIFE_SECONDS = 86_400
# How long a gateway may keep a copy: it adds to the age that a reader counts from its own fetching.
CACHE_SECONDS = 60


class _Signed(msgspec.Struct, frozen=True):
    issued_at: int
    key_id: str
    text: str


class Marked:
    """The marked places as they were last read, and the list that was signed of them last."""

    def __init__(self, places: Collection[int]) -> None:
        self.places = places
        self.signed: _Signed | None = None


@dataclass(frozen=True)
class PublishedList:
    """A list of a room: its name in the address, how many places it has, and which of them are marked."""

    name: str
    places: int
    marked: Reference[Marked]

    async def changed(self, connection: Connection) -> None:
        """Tells every worker, when the transaction commits, that places were marked or freed."""
        await signals.send(connection, self.marked.signal)

    def address(self, platform: Platform) -> str:
        """Where the list is published, which is its name too."""
        return f"{platform.settings.external_url}/v1/status-lists/{self.name}"


def published_list(
    name: str, places: int, signal: str, read: Callable[[Connection], Awaitable[Collection[int]]]
) -> PublishedList:
    """A list whose marked places `read` gives; `signal` says that they changed."""

    async def marked(connection: Connection) -> Marked:
        return Marked(await read(connection))

    return PublishedList(name, places, Reference(signal, marked))


def token(platform: Platform, published: PublishedList) -> str:
    """The signed list. No round trip; signing takes some milliseconds, once a minute."""
    marked = platform.references.get(published.marked)
    key = platform.keys.active(Purpose.STATUS)
    issued_at = _minute(platform.clock.now())
    signed = marked.signed
    if signed is None or (signed.issued_at, signed.key_id) != (issued_at, key.kid):
        signed = _Signed(issued_at, key.kid, _sign(platform, published, marked.places, key, issued_at))
        marked.signed = signed
    return signed.text


def _minute(now: datetime) -> int:
    seconds = int(now.timestamp())
    return seconds - seconds % CACHE_SECONDS


def _sign(platform: Platform, published: PublishedList, places: Collection[int], key: OwnKey, issued_at: int) -> str:
    claims = Claims(
        subject=published.address(platform),
        issued_at=issued_at,
        expires_at=issued_at + LIFE_SECONDS,
        ttl=TTL_SECONDS,
    )
    issuer = suite("intl").issuer
    statuses = pack(published.places, dict.fromkeys(places, INVALID))
    return write_token(statuses, claims, key.kid, issuer.name, issuer.signer(key.secret))
