"""Status lists 状态列表 that we publish: which of what a room has issued is void, as signed Token Status Lists (docs/protocol.md,
section 9).

Every worker holds the marked places in memory, told by signal, and signs a list at most once a minute and at every change.
Lists of one minute have one date, so that a reader who asks two workers in turn is never handed an older one.

What ends together is published apart: bits that flip at one moment would say that they are one person's. A room gives each
place its own instant (`spread`), and every worker publishes it from then on by its own clock.
"""

import secrets
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from backend.platform import signals
from backend.platform.database import Connection
from backend.platform.keys import OwnKey, Purpose
from backend.platform.platform import Platform
from backend.platform.reference import Reference
from partners.signatures.suites import suite
from partners.status_lists import INVALID, Claims, pack, write_token

TTL_SECONDS = 600
LIFE_SECONDS = 86_400
# How long a gateway may keep a copy: it adds to the age that a reader counts from its own fetching.
CACHE_SECONDS = 60
# Within how long what ended together is published, each at an instant of its own.
SPREAD_SECONDS = 240
# When at the latest a reader who has a network knows of a revocation: a quarter of an hour (protocol, section 9).
KNOWN_WITHIN_SECONDS = SPREAD_SECONDS + CACHE_SECONDS + TTL_SECONDS

# Gives a whole number from 0 to below its argument.
Draw = Callable[[int], int]


class _Signed(msgspec.Struct, frozen=True):
    issued_at: int
    key_id: str
    published: int
    text: str


# Before everything: a place that is marked from the beginning.
_AT_ONCE = datetime.min.replace(tzinfo=UTC)


class Marked:
    """The marked places as they were last read, in the order in which they are published, and the list that was signed last."""

    def __init__(self, places: Mapping[int, datetime | None]) -> None:
        ordered = sorted((at or _AT_ONCE, place) for place, at in places.items())
        self._instants = [at for at, _ in ordered]
        self._places = [place for _, place in ordered]
        self.signed: _Signed | None = None

    def places(self, now: datetime) -> list[int]:
        """The places that are published as void at an instant."""
        return self._places[: bisect_right(self._instants, now)]


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
    name: str, places: int, signal: str, read: Callable[[Connection], Awaitable[Mapping[int, datetime | None]]]
) -> PublishedList:
    """A list whose marked places `read` gives, each with the instant from which it is published, None for at once; `signal` says
    that they changed."""

    async def marked(connection: Connection) -> Marked:
        return Marked(await read(connection))

    return PublishedList(name, places, Reference(signal, marked))


def spread(now: datetime, count: int, draw: Draw = secrets.randbelow) -> list[datetime]:
    """So many instants, each at random within SPREAD_SECONDS after `now`: when places that were voided together are published."""
    return [now + timedelta(seconds=1 + draw(SPREAD_SECONDS)) for _ in range(count)]


def token(platform: Platform, published: PublishedList) -> str:
    """The signed list. No round trip; signing takes some milliseconds, once a minute and whenever a place is published."""
    marked = platform.references.get(published.marked)
    key = platform.keys.active(Purpose.STATUS)
    now = platform.clock.now()
    issued_at, places = _minute(now), marked.places(now)
    signed = marked.signed
    if signed is None or (signed.issued_at, signed.key_id, signed.published) != (issued_at, key.kid, len(places)):
        signed = _Signed(issued_at, key.kid, len(places), _sign(platform, published, places, key, issued_at))
        marked.signed = signed
    return signed.text


def _minute(now: datetime) -> int:
    seconds = int(now.timestamp())
    return seconds - seconds % CACHE_SECONDS


def _sign(platform: Platform, published: PublishedList, places: Iterable[int], key: OwnKey, issued_at: int) -> str:
    claims = Claims(
        subject=published.address(platform),
        issued_at=issued_at,
        expires_at=issued_at + LIFE_SECONDS,
        ttl=TTL_SECONDS,
    )
    issuer = suite("intl").issuer
    statuses = pack(published.places, dict.fromkeys(places, INVALID))
    return write_token(statuses, claims, key.kid, issuer.name, issuer.signer(key.secret))
