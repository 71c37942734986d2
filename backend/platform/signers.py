"""Public keys of those who sign requests to us: partners and sources. The worker's copy follows the database by signal."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from backend.platform import signals
from backend.platform.database import Connection, Database, Row
from backend.platform.roles import Role
from partners.signatures.keys import PublicKey, algorithm_of, jwk_of, public_key_from_jwk, thumbprint

# Says that keys were registered or revoked.
SIGNAL = "signers"


class SignerKeyEntry(msgspec.Struct, frozen=True):
    """A registered key: whose it is and what it verifies with."""

    role: Role
    owner_id: UUID
    public_key: PublicKey


class SignerKeys:
    """All live keys by key id (RFC 7638 thumbprint)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: dict[str, SignerKeyEntry] = {}

    async def reload(self, _: str = "") -> None:
        """Reads all live keys; the listener of the `signers` signal."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT kid, owner_kind, owner_id, public_key FROM signer_key WHERE state = 'live'"
            )
        self._entries = {
            row["kid"]: SignerKeyEntry(Role(row["owner_kind"]), row["owner_id"], public_key_from_jwk(row["public_key"]))
            for row in rows
        }

    def find(self, key_id: str) -> SignerKeyEntry | None:
        """The live key of that id, or None."""
        return self._entries.get(key_id)

    def ids(self, role: Role) -> Iterator[str]:
        """The ids of all live keys of one kind of owner."""
        return (key_id for key_id, entry in self._entries.items() if entry.role is role)


async def register(connection: Connection, role: Role, owner_id: UUID, jwk: Mapping[str, object], now: datetime) -> str:
    """Registers a public key (JWK, Ed25519 or P-256) under its thumbprint (RFC 7638), which it gives; twice changes nothing.

    The algorithm is the key's own and is fixed here, never by a message (RFC 9421, section 3.2). Raises ValueError for a
    key that is neither, that is somebody else's, or that was revoked: a revoked key never comes back.
    """
    public_key = public_key_from_jwk(jwk)
    known = jwk_of(public_key)
    key_id = thumbprint(known)
    await connection.execute(
        "INSERT INTO signer_key (kid, owner_kind, owner_id, algorithm, public_key, state, created_at) "
        "VALUES ($1, $2, $3, $4, $5, 'live', $6) ON CONFLICT (kid) DO NOTHING",
        key_id,
        role.value,
        owner_id,
        algorithm_of(public_key),
        known,
        now,
    )
    row = await connection.fetch_one("SELECT owner_kind, owner_id, state FROM signer_key WHERE kid = $1", key_id)
    if row is None or (row["owner_kind"], row["owner_id"], row["state"]) != (role.value, owner_id, "live"):
        raise ValueError(f"the key {key_id} is registered for somebody else, or was revoked")
    await signals.send(connection, SIGNAL)
    return key_id


async def live(connection: Connection, role: Role, owner_id: UUID) -> list[Row]:
    """The live keys of an owner, oldest first: kid, algorithm, created_at, status_index. One round trip."""
    return await connection.fetch(
        "SELECT kid, algorithm, created_at, status_index FROM signer_key WHERE owner_kind = $1 AND owner_id = $2 AND state = 'live' "
        "ORDER BY created_at, kid",
        role.value,
        owner_id,
    )


async def revoke(connection: Connection, kid: str) -> bool:
    """Takes a key out of use at once, in all workers; False if there is no such live key."""
    touched = await connection.execute(
        "UPDATE signer_key SET state = 'revoked', revoked_at = $2 WHERE kid = $1 AND state = 'live'",
        kid,
        connection.now(),
    )
    await signals.send(connection, SIGNAL)
    return touched == 1


async def give_place(connection: Connection, kid: str, draw: Callable[[], int]) -> None:
    """Gives a key without one a free place in a status list, of those that `draw` draws. Three round trips.

    Whoever gives a place does it after the other until the transaction ends: two draw none that is the same.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('signer key places', 0))")
    if await connection.fetch_value("SELECT status_index FROM signer_key WHERE kid = $1", kid) is not None:
        return
    while not await connection.execute(
        "UPDATE signer_key SET status_index = $2 WHERE kid = $1 "
        "AND NOT EXISTS (SELECT FROM signer_key WHERE status_index = $2)",
        kid,
        draw(),
    ):
        pass


async def revoked_places(connection: Connection) -> dict[int, datetime | None]:
    """The places of revoked keys, all of them published at once: a key is an institution's."""
    rows = await connection.fetch(
        "SELECT status_index FROM signer_key WHERE state = 'revoked' AND status_index IS NOT NULL"
    )
    return dict.fromkeys(row["status_index"] for row in rows)


async def free_places(connection: Connection, before: datetime) -> int:
    """Frees the places of keys that were revoked before an instant; gives their number."""
    freed = await connection.execute(
        "UPDATE signer_key SET status_index = NULL WHERE revoked_at < $1 AND status_index IS NOT NULL", before
    )
    await signals.send(connection, SIGNAL)
    return freed


async def registered(connection: Connection, role: Role, kid: str) -> Row | None:
    """A key of that role, live or revoked: owner_id, algorithm, public_key, created_at, revoked_at, status_index. One round trip."""
    return await connection.fetch_one(
        "SELECT kid, owner_id, algorithm, public_key, created_at, revoked_at, status_index FROM signer_key "
        "WHERE kid = $1 AND owner_kind = $2",
        kid,
        role.value,
    )
