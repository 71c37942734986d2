"""Public keys of those who sign requests to us: partners and sources. The worker's copy follows the database by signal."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.platform import signals
from backend.platform.database import Connection, Database
from backend.platform.roles import Role
from partners.signatures.keys import PublicKey, public_key_from_jwk


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


async def register(
    connection: Connection, role: Role, owner_id: UUID, kid: str, jwk: dict[str, str], algorithm: str, now: datetime
) -> None:
    """Registers a public key (JWK) under its thumbprint; doing it twice changes nothing."""
    await connection.execute(
        "INSERT INTO signer_key (kid, owner_kind, owner_id, algorithm, public_key, state, created_at) "
        "VALUES ($1, $2, $3, $4, $5, 'live', $6) ON CONFLICT (kid) DO NOTHING",
        kid,
        role.value,
        owner_id,
        algorithm,
        jwk,
        now,
    )
    await signals.send(connection, "signers")


async def revoke(connection: Connection, kid: str) -> bool:
    """Takes a key out of use at once, in all workers; False if there is no such live key."""
    touched = await connection.execute("UPDATE signer_key SET state = 'revoked' WHERE kid = $1 AND state = 'live'", kid)
    await signals.send(connection, "signers")
    return touched == 1
