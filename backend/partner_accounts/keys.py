"""A partner's own keys: at most two live ones, each proven to be held, changed without a failed request."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from backend.partner_accounts import store
from backend.partner_accounts.lists import PARTNER_KEYS, PLACES
from backend.partner_accounts.messages import NewPartnerKey, PartnerKey, PublishedKey
from backend.partner_accounts.problems import KEY_INVALID, KEY_PROOF_INVALID, KEY_USED, LAST_KEY, TOO_MANY_KEYS
from backend.platform import signers
from backend.platform.callers import Signer
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.roles import Role
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.signatures.keys import PublicKey, jwk_of, public_key_from_jwk, thumbprint
from partners.signatures.possession import proven

MOST_LIVE = 2
PROOF_SECONDS = 300
# What is carried to a desk takes days.
DESK_PROOF_SECONDS = 7 * 24 * 3600
# How long a place stays marked: as that of a device, the three years within which a claim may be brought.
KEPT_MARKED = timedelta(days=3 * 366)


async def register(platform: Platform, signer: Signer, new: NewPartnerKey) -> PartnerKey:
    """Registers a further key of the partner that signs; the same key again gives what is there.

    Raises KEY_INVALID (neither Ed25519 nor P-256), KEY_PROOF_INVALID (not made by the key, for this signer's key, within five
    minutes), TOO_MANY_KEYS, KEY_USED (somebody else's, or revoked once). Eight round trips.
    """
    public_key = read(new.key)
    now = platform.clock.now()
    fresh = abs(int(now.timestamp()) - new.created) <= PROOF_SECONDS
    if not fresh or not proven(public_key, platform.settings.external_url, signer.key_id, new.created, new.proof):
        raise KEY_PROOF_INVALID.error()
    async with platform.database.transaction() as connection:
        key_id = await add(platform, connection, signer.owner_id, jwk_of(public_key))
        [found] = [key for key in await _live(connection, signer.owner_id) if key.key_id == key_id]
    return found


async def register_at_the_desk(
    platform: Platform, connection: Connection, partner_id: UUID, credit_code: str, new: NewPartnerKey
) -> str:
    """Registers a key that a partner handed to the operator, proven for the partner's credit code within the last week.

    Raises KEY_INVALID, KEY_PROOF_INVALID, TOO_MANY_KEYS, KEY_USED. Gives the key's id. Seven round trips.
    """
    public_key = read(new.key)
    age = int(platform.clock.now().timestamp()) - new.created
    fresh = -PROOF_SECONDS <= age <= DESK_PROOF_SECONDS
    if not fresh or not proven(public_key, platform.settings.external_url, credit_code, new.created, new.proof):
        raise KEY_PROOF_INVALID.error()
    return await add(platform, connection, partner_id, jwk_of(public_key))


async def add(platform: Platform, connection: Connection, partner_id: UUID, jwk: Mapping[str, object]) -> str:
    """Registers a key whose possession is proven, or that we made ourselves; gives its id. Seven round trips.

    Raises KEY_INVALID, TOO_MANY_KEYS, KEY_USED. The partner's row is locked: two at once never make three.
    """
    await store.state_for_update(connection, partner_id)
    return await _add(platform, connection, Role.PARTNER, partner_id, jwk)


async def add_test(platform: Platform, connection: Connection, sandbox_id: UUID, jwk: Mapping[str, object]) -> str:
    """Registers a test key of a sandbox, whose partner's row the caller holds. Raises and takes what `add` does, but one trip."""
    return await _add(platform, connection, Role.PARTNER_TEST, sandbox_id, jwk)


async def _add(
    platform: Platform, connection: Connection, role: Role, owner_id: UUID, jwk: Mapping[str, object]
) -> str:
    key_id = thumbprint(jwk_of(read(jwk)))
    live = {key.key_id for key in await _live(connection, owner_id, role)}
    if key_id in live:
        return key_id
    if len(live) >= MOST_LIVE:
        raise TOO_MANY_KEYS.error()
    try:
        await signers.register(connection, role, owner_id, jwk, platform.clock.now())
    except ValueError:
        raise KEY_USED.error() from None
    await signers.give_place(connection, key_id, lambda: secrets.randbelow(PLACES))
    return key_id


async def of_partner(platform: Platform, partner_id: UUID) -> list[PartnerKey]:
    """The live keys, oldest first. One round trip."""
    async with platform.database.connection() as connection:
        return await _live(connection, partner_id)


async def any_live(connection: Connection, partner_id: UUID) -> bool:
    """Whether the partner has a live key. One round trip."""
    return bool(await _live(connection, partner_id))


async def published(platform: Platform, key_id: str) -> PublishedKey:
    """A partner's key, live or revoked, for whoever holds its signature. Raises NOT_FOUND. Two round trips."""
    async with platform.database.connection() as connection:
        row = await signers.registered(connection, Role.PARTNER, key_id)
        if row is None:
            raise NOT_FOUND.error()
        [partner] = await store.names(connection, [row["owner_id"]])
    return PublishedKey(
        key_id=row["kid"],
        partner_id=row["owner_id"],
        partner=partner["name"],
        algorithm=row["algorithm"],
        key=row["public_key"],
        registered_at=row["created_at"],
        revoked_at=row["revoked_at"],
        status_list=PARTNER_KEYS.address(platform),
        status_index=row["status_index"],
    )


async def free_places(platform: Platform) -> int:
    """Frees the places of keys that were revoked long ago; gives their number."""
    async with platform.database.transaction() as connection:
        return await signers.free_places(connection, platform.clock.now() - KEPT_MARKED)


async def revoke(platform: Platform, signer: Signer, key_id: str) -> None:
    """Takes one of the partner's own keys out of use at once, in all workers; for good.

    Raises NOT_FOUND, LAST_KEY: without a key a partner could not register the next one. Six round trips, two more with a webhook.
    """
    async with platform.database.transaction() as connection:
        await store.state_for_update(connection, signer.owner_id)
        live = {key.key_id for key in await _live(connection, signer.owner_id)}
        if key_id not in live:
            raise NOT_FOUND.error()
        if len(live) == 1:
            raise LAST_KEY.error()
        await signers.revoke(connection, key_id)
        await webhooks.publish(connection, signer.owner_id, EventType.KEY_REVOKED, key_id, {"key_id": key_id})


async def revoke_at_the_desk(connection: Connection, key_id: str) -> bool:
    """The operator takes anybody's key out of use at once; a partner is told, also of its test keys. False if there is none to revoke.

    Up to four round trips, two more with a webhook.
    """
    if not await signers.revoke(connection, key_id):
        return False
    for role in (Role.PARTNER, Role.PARTNER_TEST):
        row = await signers.registered(connection, role, key_id)
        if row is not None:
            await webhooks.publish(connection, row["owner_id"], EventType.KEY_REVOKED, key_id, {"key_id": key_id})
    return True


async def _live(connection: Connection, owner_id: UUID, role: Role = Role.PARTNER) -> list[PartnerKey]:
    return [
        PartnerKey(row["kid"], row["algorithm"], row["created_at"], row["status_index"])
        for row in await signers.live(connection, role, owner_id)
    ]


def read(jwk: Mapping[str, object]) -> PublicKey:
    """The public key of a JWK. Raises KEY_INVALID."""
    try:
        return public_key_from_jwk(jwk)
    except ValueError:
        raise KEY_INVALID.error() from None
