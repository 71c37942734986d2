"""What the devices room does: registering a phone by a key that it proves to hold, revoking it, and checking what it signed."""

import secrets
from datetime import timedelta
from uuid import UUID

from backend.devices import store
from backend.devices.lists import DEVICES, PLACES
from backend.devices.messages import Device, LiveDevice, NewDevice
from backend.devices.problems import DEVICE_KEY_INVALID, DEVICE_KEY_USED, DEVICE_LIMIT, DEVICE_PROOF_INVALID
from backend.platform.access import Access, ActorKind, Ground
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.rate_limits import RateLimit, take
from backend.platform.row_ids import new_id
from backend.platform.status_lists import spread
from partners import base64url
from partners.signatures.suites import low_s, suite

# The topic of the due queue on which the room of passes waits; its keys are ids of devices that were revoked.
ENDED = "device-ended"

MAXIMUM_LIVE = 5
PROOF_SECONDS = 60
# How long a place stays marked: the three years within which a claim may be brought that rests on what the phone signed (民法典
# 第一百八十八条). A place that is given to another phone sooner would call the old one valid again.
KEPT_MARKED = timedelta(days=3 * 366)

_SHOWN = 100
_CONTEXT = "xinyi-device-1"
_REGISTRATIONS = RateLimit("device-registrations", capacity=10, seconds_each=360)


def registration_message(external_url: str, account_id: UUID, created: int, public_key: str) -> bytes:
    """What a phone signs to register its key (docs/protocol.md, section 11).

    It names server, account and key and is good for a minute, so it is of no use to anybody else and anywhere else; a
    challenge of the server would add a round trip and a store, and nothing that this lacks (decision 0022).
    """
    return "\n".join((_CONTEXT, external_url, str(account_id), str(created), public_key)).encode()


async def register(platform: Platform, caller: Caller, new: NewDevice) -> Device:
    """Registers a phone of the caller; the same key once more gives the device that is there.

    Raises DEVICE_KEY_INVALID, DEVICE_PROOF_INVALID, DEVICE_KEY_USED, DEVICE_LIMIT, RATE_LIMITED. Four database round trips
    and one of the cache.
    """
    subject_id = caller.proven_subject()
    await take(platform.cache, _REGISTRATIONS, str(caller.account_id))
    public_key = _point(new.public_key)
    now = platform.clock.now()
    message = registration_message(platform.settings.external_url, caller.account_id, new.created, new.public_key)
    if abs(new.created - int(now.timestamp())) > PROOF_SECONDS or not signed(public_key, message, new.signature):
        raise DEVICE_PROOF_INVALID.error()
    async with platform.database.transaction() as connection:
        await store.lock_account(connection, caller.account_id)
        access = caller.access("登记设备", "devices")
        rows = await store.of_account(connection, access, caller.account_id, _SHOWN)
        live = [row for row in rows if row["revoked_at"] is None]
        for row in live:
            if bytes(row["public_key"]) == public_key:
                return _device(row)
        if len(live) >= MAXIMUM_LIVE:
            raise DEVICE_LIMIT.error()
        device_id, place = new_id(now), await _free_place(connection)
        if not await store.add(connection, device_id, caller.account_id, subject_id, new.name, public_key, place, now):
            raise DEVICE_KEY_USED.error()
    return Device(
        id=device_id,
        name=new.name,
        public_key=new.public_key,
        registered_at=now,
        revoked_at=None,
        status_index=place,
    )


async def mine(platform: Platform, caller: Caller) -> list[Device]:
    """The caller's devices, live ones first. One round trip."""
    async with platform.database.connection() as connection:
        rows = await store.of_account(connection, caller.access("查看我的设备", "devices"), caller.account_id, _SHOWN)
    return [_device(row) for row in rows]


async def revoke(platform: Platform, caller: Caller, device_id: UUID) -> None:
    """Revokes a device at once, for good: a lost phone. Its passes are revoked with it. Raises NOT_FOUND. Five round trips."""
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await store.revoke(connection, caller.access("停用设备", "devices"), caller.account_id, device_id, now)
        if row is None:
            raise NOT_FOUND.error()
        if row["status_index"] is not None:
            # One bit alone is nobody's; those of the passes follow one by one.
            await store.mark_place(connection, row["status_index"], now)
            await DEVICES.changed(connection)
        await enqueue(connection, ENDED, [Due(device_id, now)])


async def live_device(connection: Connection, access: Access, account_id: UUID, device_id: UUID) -> LiveDevice | None:
    """A device of an account that may sign now. One round trip."""
    row = await store.live(connection, access, account_id, device_id)
    return LiveDevice(row["id"], bytes(row["public_key"])) if row is not None else None


async def verify_by_device(
    platform: Platform, connection: Connection, account_id: UUID, device_id: UUID, message: bytes, signature: str
) -> bool:
    """Whether a live device of the account signed `message` (ES256, r|s in base64url). One round trip, with its access row.

    `message` begins with a context of the caller's own, as `xinyi-device-1` here: else a signature given for one thing
    would do for another. Neither age nor reuse is judged: what is signed says what makes it fresh.
    """
    access = Access(
        actor_kind=ActorKind.SELF,
        actor=str(account_id),
        actor_name="本人",
        action="核对设备签名",
        purpose="本人确认",
        ground=Ground.OWN_REQUEST,
        fields=("device-key",),
    )
    device = await live_device(connection, access, account_id, device_id)
    return device is not None and signed(device.public_key, message, signature)


def signed(public_key: bytes, message: bytes, signature: str) -> bool:
    """Whether the key (a compressed point) signed `message`. A phone's key store gives either s; here both are taken."""
    try:
        decoded = base64url.decode(signature)
    except ValueError:
        return False
    return len(decoded) == 64 and suite("intl").holder.verifier(public_key).verify(low_s(decoded), message)


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: the devices go. Their places are marked one by one: together they would say that they are one person's."""
    await store.forget(connection, account_id, spread(platform.clock.now(), MAXIMUM_LIVE))
    await DEVICES.changed(connection)


async def free_places(platform: Platform) -> int:
    """Frees the places of devices that were revoked long ago; gives their number."""
    async with platform.database.transaction() as connection:
        freed = await store.free_places(connection, platform.clock.now() - KEPT_MARKED)
        if freed:
            await DEVICES.changed(connection)
    return freed


async def _free_place(connection: Connection) -> int:
    """A place of the status list that was drawn at random and is now taken. One round trip, more as the list fills."""
    while True:
        place = secrets.randbelow(PLACES)
        if await store.take_place(connection, place):
            return place


def _point(text: str) -> bytes:
    """The bytes of a public key. Raises DEVICE_KEY_INVALID for what is no point of the curve."""
    try:
        point = base64url.decode(text)
        suite("intl").holder.verifier(point)
    except ValueError:
        raise DEVICE_KEY_INVALID.error() from None
    return point


def _device(row: Row) -> Device:
    return Device(
        id=row["id"],
        name=row["name"],
        public_key=base64url.encode(bytes(row["public_key"])),
        registered_at=row["registered_at"],
        revoked_at=row["revoked_at"],
        status_index=row["status_index"],
    )
