"""Our own keys, one for each purpose (protocol, section 3), sealed in the database under the master key.

Every worker holds a copy in memory that follows the database by signal. A signing key is published at least 24 hours
before it is used and 48 hours after, so that a rotation fails no request.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend.platform import signals
from backend.platform.cipher import FieldCipher
from backend.platform.clock import Clock
from backend.platform.database import Connection, Database, Row
from backend.platform.refusal import Refusal
from partners.codes import display
from partners.signatures.key_sets import SLOTS, IssuerKey
from partners.signatures.keys import jwk_of, thumbprint
from partners.signatures.requests import SigningKey
from partners.signatures.suites import suite_of

PUBLISHED_BEFORE_USE = timedelta(hours=24)
PUBLISHED_AFTER_USE = timedelta(hours=48)


class Purpose(StrEnum):
    """What a key is for; a key serves no other purpose."""

    ANSWER = "answer"
    ACCESS_TOKEN = "access-token"
    TICKET = "ticket"
    BUNDLE = "bundle"
    ATTESTATION = "attestation"
    DISPLAY = "display"
    STATUS = "status"
    PSEUDONYM = "pseudonym"


_FOR_OTHERS = frozenset({Purpose.ANSWER, Purpose.BUNDLE, Purpose.ATTESTATION, Purpose.DISPLAY, Purpose.STATUS})
# What phones and signs on a wall show has four bits to name its key.
IN_SLOTS = frozenset({Purpose.TICKET, Purpose.ATTESTATION, Purpose.DISPLAY})
# What is printed on a wall lives as long as it says: its key is published and keeps its slot until the last code has ended.
_KEEPS_ITS_SLOT = {Purpose.DISPLAY: timedelta(days=display.LONGEST_DAYS + 1)}
# All others are Ed25519 seeds.
_SHARED_SECRETS = frozenset({Purpose.TICKET, Purpose.PSEUDONYM})


class KeyState(StrEnum):
    """Where a key is in its life: published -> active -> retiring -> retired; revoked at once."""

    PUBLISHED = "published"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"
    REVOKED = "revoked"


class OwnKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key with its secret part: 32 bytes, an Ed25519 seed, or for tickets and pseudonyms an HMAC-SHA256 key. Slots are 0 to 15."""

    kid: str
    purpose: Purpose
    slot: int | None
    secret: bytes
    state: KeyState
    active_at: datetime

    def private_key(self) -> Ed25519PrivateKey:
        """The Ed25519 private key. Raises TypeError for a key that is none: the same bytes never serve two algorithms."""
        if self.purpose in _SHARED_SECRETS:
            raise TypeError(f"a {self.purpose.value} key is a shared secret and signs nothing")
        return Ed25519PrivateKey.from_private_bytes(self.secret)

    def public_key(self) -> Ed25519PublicKey:
        """The Ed25519 public key."""
        return self.private_key().public_key()

    def slot_number(self) -> int:
        """The slot of a key for what phones and walls show."""
        if self.slot is None:
            raise TypeError(f"a key for {self.purpose.value} has no slot")
        return self.slot

    def jwk(self) -> dict[str, str | int]:
        """The public key as a JWK (RFC 8037), with `kid`, `use`, `alg`, what it is for and its slot (protocol, section 10)."""
        jwk: dict[str, str | int] = {
            **jwk_of(self.public_key()),
            "kid": self.kid,
            "use": "sig",
            "alg": "EdDSA",
            "purpose": self.purpose.value,
        }
        return jwk if self.slot is None else {**jwk, "slot": self.slot}


class OwnKeys:
    """The worker's copy of our keys."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock) -> None:
        self._database = database
        self._cipher = cipher
        self._clock = clock
        self._keys: dict[str, OwnKey] = {}
        self._active: dict[Purpose, OwnKey] = {}
        self._signing: dict[Purpose, SigningKey] = {}
        self._tickets: dict[int, bytes] = {}
        self._issuers: dict[tuple[Purpose, int], IssuerKey] = {}
        self._published: list[dict[str, str | int]] = []

    async def reload(self, _: str = "") -> None:
        """Reads all keys that may still be used; the listener of the `keys` signal."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT kid, purpose, slot, sealed, state, active_at FROM signing_key "
                "WHERE state <> 'retired' OR purpose IN ('attestation', 'display')"
            )
        keys = [_opened(row, self._cipher) for row in rows]
        believed = [key for key in keys if key.state is not KeyState.REVOKED]
        usable = [key for key in believed if key.state is not KeyState.RETIRED]
        self._keys = {key.kid: key for key in usable}
        self._tickets = {key.slot_number(): key.secret for key in usable if key.purpose is Purpose.TICKET}
        self._issuers = {
            (key.purpose, key.slot_number()): IssuerKey(*suite_of(jwk_of(key.public_key())))
            for key in believed
            if key.purpose in (Purpose.ATTESTATION, Purpose.DISPLAY)
        }
        self._published = [
            key.jwk()
            for key in believed
            if key.purpose in _FOR_OTHERS and (key.state is not KeyState.RETIRED or key.purpose is Purpose.DISPLAY)
        ]
        self._active = {key.purpose: key for key in usable if key.state is KeyState.ACTIVE}
        self._signing = {
            purpose: SigningKey(key.kid, key.private_key())
            for purpose, key in self._active.items()
            if purpose not in _SHARED_SECRETS
        }

    def active(self, purpose: Purpose) -> OwnKey:
        """The key to sign with. Raises Refusal if there is none: `xinyi migrate` makes the first ones."""
        try:
            return self._active[purpose]
        except KeyError:
            raise Refusal(
                f"没有可用的 {purpose.value} 密钥，请运行 xinyi migrate。",
                f"There is no active key for {purpose.value}: run `xinyi migrate`.",
            ) from None

    def signing(self, purpose: Purpose) -> SigningKey:
        """The active key of a purpose, ready to sign: parsed once, not at every answer."""
        try:
            return self._signing[purpose]
        except KeyError:
            self.active(purpose)
            raise

    def verifying(self, purpose: Purpose, kid: str) -> OwnKey | None:
        """The key that may have signed something under `kid`, if it serves this purpose and is not revoked or retired."""
        key = self._keys.get(kid)
        return key if key is not None and key.purpose is purpose else None

    def ticket_slot(self, slot: int) -> bytes | None:
        """The HMAC key of a ticket slot, or None."""
        return self._tickets.get(slot)

    def attestation_slot(self, slot: int) -> IssuerKey | None:
        """The public key of an attestation slot, or None. A retired one is still believed here: what it attested may be
        uploaded days after it left the key set. A revoked one is not."""
        return self._issuers.get((Purpose.ATTESTATION, slot))

    def display_slot(self, slot: int) -> IssuerKey | None:
        """The public key of a slot of display codes, or None. A retired one is believed while a code of its time may still
        hang on a wall; a revoked one is not."""
        return self._issuers.get((Purpose.DISPLAY, slot))

    def key_set(self) -> list[dict[str, str | int]]:
        """The public JWKs that others may need, published, active and retiring: of answers, of bundles of scores, of
        attestations, of display codes and of status lists. Those of display codes stay after they have retired."""
        return self._published


def _opened(row: Row, cipher: FieldCipher) -> OwnKey:
    return OwnKey(
        kid=row["kid"],
        purpose=Purpose(row["purpose"]),
        slot=row["slot"],
        secret=cipher.open_bytes(row["sealed"], "signing_key", "sealed", row["kid"]),
        state=KeyState(row["state"]),
        active_at=row["active_at"],
    )


def _new_key(purpose: Purpose, cipher: FieldCipher, slot: int | None) -> tuple[str, bytes]:
    secret = secrets.token_bytes(32)
    if purpose in _SHARED_SECRETS:
        kid = "-".join((purpose.value, *([] if slot is None else [str(slot)]), secrets.token_hex(4)))
    else:
        kid = thumbprint(jwk_of(Ed25519PrivateKey.from_private_bytes(secret).public_key()))
    return kid, cipher.seal_bytes(secret, "signing_key", "sealed", kid)


async def _insert(
    connection: Connection, cipher: FieldCipher, purpose: Purpose, state: KeyState, now: datetime, active_at: datetime
) -> str:
    slot = await _free_slot(connection, purpose, now) if purpose in IN_SLOTS else None
    kid, sealed = _new_key(purpose, cipher, slot)
    await connection.execute(
        "INSERT INTO signing_key (kid, purpose, algorithm, slot, sealed, state, created_at, active_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        kid,
        purpose.value,
        "HS256" if purpose in _SHARED_SECRETS else "EdDSA",
        slot,
        sealed,
        state.value,
        now,
        active_at,
    )
    return kid


async def _free_slot(connection: Connection, purpose: Purpose, now: datetime) -> int:
    """A slot that no key of this purpose has. When all were used once, the key that has been dead for longest gives its own
    up: until then old attestations can be told from forged ones."""
    rows = await connection.fetch(
        "SELECT kid, slot, state = 'revoked' OR (state = 'retired' AND retiring_at <= $2) AS dead FROM signing_key "
        "WHERE purpose = $1 ORDER BY active_at",
        purpose.value,
        now - _KEEPS_ITS_SLOT.get(purpose, timedelta(0)),
    )
    taken = {row["slot"] for row in rows}
    for slot in range(SLOTS):
        if slot not in taken:
            return slot
    for row in rows:
        if row["dead"]:
            await connection.execute("DELETE FROM signing_key WHERE kid = $1", row["kid"])
            freed: int = row["slot"]
            return freed
    raise Refusal(
        f"{purpose.value} 密钥槽位已满，请先停用旧密钥。",
        f"All slots of {purpose.value} keys are in use: retire an old key first.",
    )


async def ensure_first_keys(connection: Connection, cipher: FieldCipher, now: datetime) -> None:
    """Makes an active key for each purpose that has none: the first start has nobody to publish to beforehand."""
    present = {
        row["purpose"] for row in await connection.fetch("SELECT purpose FROM signing_key WHERE state = 'active'")
    }
    for purpose in Purpose:
        if purpose.value not in present:
            await _insert(connection, cipher, purpose, KeyState.ACTIVE, now, now)
    await signals.send(connection, "keys")


async def rotate(connection: Connection, cipher: FieldCipher, purpose: Purpose, now: datetime) -> str:
    """Publishes the next key of a purpose, to be used in 24 hours (`advance` does it); gives its kid."""
    kid = await _insert(connection, cipher, purpose, KeyState.PUBLISHED, now, now + PUBLISHED_BEFORE_USE)
    await signals.send(connection, "keys")
    return kid


async def advance(connection: Connection, now: datetime) -> int:
    """Moves every key whose time has come: published to active (the one before it retires), retiring to retired. Gives how many moved."""
    due = await connection.fetch(
        "SELECT kid, purpose FROM signing_key WHERE state = 'published' AND active_at <= $1 ORDER BY active_at", now
    )
    for row in due:
        await connection.execute(
            "UPDATE signing_key SET state = 'retiring', retiring_at = $2 WHERE purpose = $1 AND state = 'active'",
            row["purpose"],
            now,
        )
        await connection.execute("UPDATE signing_key SET state = 'active' WHERE kid = $1", row["kid"])
    retired = await connection.execute(
        "UPDATE signing_key SET state = 'retired' WHERE state = 'retiring' AND retiring_at <= $1",
        now - PUBLISHED_AFTER_USE,
    )
    if due or retired:
        await signals.send(connection, "keys")
    return len(due) + retired


async def revoke(connection: Connection, cipher: FieldCipher, kid: str, now: datetime) -> bool:
    """Revokes a key at once, in all workers within a second; an active one is replaced in the same transaction."""
    row = await connection.fetch_one(
        "UPDATE signing_key SET state = 'revoked' WHERE kid = $1 AND state <> 'revoked' RETURNING purpose", kid
    )
    if row is None:
        return False
    await ensure_first_keys(connection, cipher, now)
    return True


async def signed_with(
    connection: Connection, cipher: FieldCipher, purpose: Purpose, kid: str
) -> Ed25519PublicKey | None:
    """The public key that has this kid and purpose, whatever became of it since, or None: for what is kept for years and
    compared with what it says. One round trip."""
    row = await connection.fetch_one(
        "SELECT kid, purpose, slot, sealed, state, active_at FROM signing_key WHERE kid = $1 AND purpose = $2",
        kid,
        purpose.value,
    )
    return None if row is None else _opened(row, cipher).public_key()


async def listing(connection: Connection) -> Iterable[dict[str, object]]:
    """Every key without its secret: kid, purpose, slot, state, created_at, active_at."""
    rows = await connection.fetch(
        "SELECT kid, purpose, slot, state, created_at, active_at FROM signing_key ORDER BY purpose, created_at"
    )
    return [dict(row) for row in rows]
