"""The status list 状态列表 of passes: which are void, as a signed Token Status List (docs/protocol.md, section 9).

Every worker holds the marked places in memory, told by signal, and signs a list at most once a minute and at every change.
Lists of one minute have one date, so that a till that asks two workers in turn is never handed an older one.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec

from backend.passes import store
from backend.platform import signals
from backend.platform.database import Connection
from backend.platform.keys import OwnKey, Purpose
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.reference import Reference
from partners.signatures.suites import suite
from partners.status_lists import INVALID, Claims, pack, write_token

# Places of passes that live at one time: half a megabyte unfolded, half a kilobyte on the way while few are marked.
PLACES = 1 << 22
PASSES = "attestations"
TTL_SECONDS = 900
LIFE_SECONDS = 86_400
# How long a gateway may keep a copy: it adds to the age that a till counts from its own fetching.
CACHE_SECONDS = 60

_SIGNAL = "passes"


class _Signed(msgspec.Struct, frozen=True):
    issued_at: int
    key_id: str
    text: str


class Marked:
    """The marked places as they were last read, and the list that was signed of them last."""

    def __init__(self, places: Collection[int]) -> None:
        self.places = places
        self.signed: _Signed | None = None


async def _read(connection: Connection) -> Marked:
    return Marked(await store.revoked_places(connection))


MARKED = Reference(_SIGNAL, _read)


async def changed(connection: Connection) -> None:
    """Tells every worker, when the transaction commits, that places were marked."""
    await signals.send(connection, _SIGNAL)


def address(platform: Platform) -> str:
    """Where the list is published, which is its name too."""
    return f"{platform.settings.external_url}/v1/status-lists/{PASSES}"


def status_list(platform: Platform, name: str) -> str:
    """The signed list of this name. Raises NOT_FOUND. No round trip; signing takes some milliseconds, once a minute."""
    if name != PASSES:
        raise NOT_FOUND.error()
    marked = platform.references.get(MARKED)
    key = platform.keys.active(Purpose.STATUS)
    issued_at = _minute(platform.clock.now())
    signed = marked.signed
    if signed is None or (signed.issued_at, signed.key_id) != (issued_at, key.kid):
        signed = _Signed(issued_at, key.kid, _sign(platform, marked.places, key, issued_at))
        marked.signed = signed
    return signed.text


def _minute(now: datetime) -> int:
    seconds = int(now.timestamp())
    return seconds - seconds % CACHE_SECONDS


def _sign(platform: Platform, places: Collection[int], key: OwnKey, issued_at: int) -> str:
    claims = Claims(
        subject=address(platform), issued_at=issued_at, expires_at=issued_at + LIFE_SECONDS, ttl=TTL_SECONDS
    )
    issuer = suite("intl").issuer
    statuses = pack(PLACES, dict.fromkeys(places, INVALID))
    return write_token(statuses, claims, key.kid, issuer.name, issuer.signer(key.secret))
