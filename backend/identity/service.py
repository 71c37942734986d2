"""What the identity room does: one-time codes, sign-in, sessions, real name, leaving."""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

from backend.identity import codes, store, tokens
from backend.identity.messages import Channel, Group, Me, ProvenPerson, Tokens
from backend.identity.problems import (
    IDENTITY_FIXED,
    IDENTITY_NUMBER_INVALID,
    IDENTITY_TAKEN,
    NAME_INVALID,
    NOT_ADULT,
    PHONE_INVALID,
    REFRESH_REFUSED,
)
from backend.platform import signals
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.identifiers import (
    IdentityNumber,
    InvalidIdentifier,
    age_on,
    mask_identity_number,
    mask_mobile_number,
    mask_name,
    normalise_identity_number,
    normalise_mobile_number,
)
from backend.platform.platform import Platform
from backend.platform.problems import NOT_SIGNED_IN, FieldError
from backend.platform.rate_limits import RateLimit, take
from backend.platform.roles import Role
from backend.platform.row_ids import new_id
from backend.subjects import service as subjects
from backend.subjects.service import Identifier, SubjectKind

SESSION_LIFETIME = timedelta(days=90)
ADULT_AGE = 18
AGE_BANDS = (ADULT_AGE, 30, 40, 50, 60, 70)
"""The first age of each band; bands are wide, so that an age says little."""

_CODES_PER_PHONE = RateLimit("sign-in-phone", capacity=5, seconds_each=60)
_CODES_PER_ADDRESS = RateLimit("sign-in-address", capacity=100, seconds_each=5)
_NAME = re.compile(r"[一-鿿㐀-䶿a-zA-Z·.\- ]{2,50}")

Forget = Callable[[Platform, Connection, UUID, UUID | None], Awaitable[None]]


def _phone(text: str) -> str:
    number = normalise_mobile_number(text)
    if isinstance(number, InvalidIdentifier):
        raise PHONE_INVALID.error(errors=[FieldError("phone", number.zh, number.en)])
    return number.value


async def send_code(platform: Platform, phone: str, address: str) -> int:
    """Sends a one-time code to a phone; gives its life in seconds. Raises PHONE_INVALID, RATE_LIMITED.

    The answer is the same whether or not the phone has an account. Three cache round trips.
    """
    number = _phone(phone)
    index = platform.cipher.blind_index("phone", number)
    await take(platform.cache, _CODES_PER_PHONE, index.hex())
    await take(platform.cache, _CODES_PER_ADDRESS, address)
    code = await codes.make(platform.cache, platform.cipher, index)
    await platform.delivery.send_code(number, code)
    return codes.LIFETIME_SECONDS


async def sign_in(platform: Platform, phone: str, code: str) -> Tokens:
    """Signs in, registering the phone at its first time. Raises PHONE_INVALID, CODE_WRONG."""
    number = _phone(phone)
    index = platform.cipher.blind_index("phone", number)
    await codes.use(platform.cache, platform.cipher, index, code)
    async with platform.database.transaction() as connection:
        account_id = await register_phone(platform, connection, number, Channel.APP)
        now = platform.clock.now()
        session_id = new_id(now)
        await store.open_session(connection, session_id, account_id, now, now + SESSION_LIFETIME)
        return await _issue(platform, connection, account_id, session_id)


async def register_phone(
    platform: Platform, connection: Connection, number: str, channel: Channel = Channel.UNKNOWN
) -> UUID:
    """The account of a normalised phone number, made if there is none, in the caller's transaction; one that is there
    keeps its channel."""
    now = platform.clock.now()
    account_id = new_id(now)
    index = platform.cipher.blind_index("phone", number)
    # The sealed phone is bound to its index, which the row keeps, because an existing account keeps its own id.
    sealed = platform.cipher.seal(number, "account", "phone_sealed", index.hex())
    return await store.upsert_account(connection, account_id, index, sealed, channel.value, now)


async def subject_with_phone(platform: Platform, access: Access, phone: str) -> UUID | None:
    """The subject of the account with this phone, if its identity is proven. One round trip. Raises PHONE_INVALID."""
    index = platform.cipher.blind_index("phone", _phone(phone))
    async with platform.database.connection() as connection:
        row = await store.subject_with_phone(connection, access, index)
    return row["subject_id"] if row is not None else None


async def grant_role(platform: Platform, connection: Connection, account_id: UUID, role: Role) -> None:
    """Gives an account a role beyond being a resident."""
    await store.grant_role(connection, account_id, role.value, platform.clock.now())


async def take_role(connection: Connection, account_id: UUID, role: Role) -> None:
    """Takes a role from an account; the next access token, within fifteen minutes, does not have it any more. One round trip."""
    await store.take_role(connection, account_id, role.value)


async def refresh(platform: Platform, token: str) -> Tokens:
    """New tokens for a refresh token, which is used up. A second use ends the whole session: the token was stolen.

    Raises REFRESH_REFUSED (RFC 9700, section 4.14.2: refresh token rotation and reuse detection).
    """
    token_hash = hashlib.sha256(token.encode()).digest()
    async with platform.database.transaction() as connection:
        now = platform.clock.now()
        row = await store.refresh_token(connection, token_hash)
        if row is None or row["ended_at"] is not None or row["expires_at"] <= now:
            raise REFRESH_REFUSED.error()
        if row["used_at"] is None:
            await store.use_refresh_token(connection, token_hash, now)
            return await _issue(platform, connection, row["account_id"], row["session_id"])
        # The end of the session must be committed, so the refusal is raised outside the transaction.
        await store.end_session(connection, row["session_id"], "refresh-token-reused", now)
        await signals.send(connection, "sessions")
    raise REFRESH_REFUSED.error()


async def sign_out_everywhere(platform: Platform, caller: Caller) -> int:
    """Ends every session of the caller, in all workers at once; gives their number."""
    async with platform.database.transaction() as connection:
        ended = await store.end_all_sessions(connection, caller.account_id, "signed-out", platform.clock.now())
        await signals.send(connection, "sessions")
        return ended


async def prove_identity(platform: Platform, caller: Caller, name: str, identity_number: str) -> Tokens:
    """Real name 实名: checks name, number and age, links the account to its subject, and gives tokens of a resident.

    Raises NAME_INVALID, IDENTITY_NUMBER_INVALID, NOT_ADULT (Reg. art. 37: full civil capacity), IDENTITY_TAKEN, IDENTITY_FIXED.
    """
    cleaned = name.strip()
    if not _NAME.fullmatch(cleaned):
        raise NAME_INVALID.error(
            errors=[FieldError("name", "姓名含有不能识别的字符", "the name has characters that no document has")]
        )
    number = normalise_identity_number(identity_number)
    if isinstance(number, InvalidIdentifier):
        raise IDENTITY_NUMBER_INVALID.error(errors=[FieldError("identity_number", number.zh, number.en)])
    if age_on(number.birth_date, local_date(platform.clock.now())) < ADULT_AGE:
        raise NOT_ADULT.error()
    async with platform.database.transaction() as connection:
        await link_identity(platform, connection, caller.account_id, cleaned, number)
        return await _issue(platform, connection, caller.account_id, caller.session_id)


async def link_identity(
    platform: Platform, connection: Connection, account_id: UUID, name: str, number: IdentityNumber
) -> UUID:
    """Writes a checked identity to an account in the caller's transaction; gives the subject. Raises IDENTITY_TAKEN, IDENTITY_FIXED."""
    [subject_id] = await subjects.find_or_create(platform, connection, [Identifier(SubjectKind.PERSON, number.value)])
    if await store.subject_taken(connection, subject_id):
        raise IDENTITY_TAKEN.error()
    proven = await store.prove(
        connection,
        account_id,
        subject_id,
        platform.cipher.seal(name, "account", "name_sealed", account_id),
        platform.cipher.seal(number.value, "account", "identity_number_sealed", account_id),
        platform.clock.now(),
    )
    if not proven:
        raise IDENTITY_FIXED.error()
    return subject_id


async def register_proven(
    platform: Platform, connection: Connection, people: Sequence[ProvenPerson]
) -> list[tuple[UUID, UUID]]:
    """Registers people whose identity was checked elsewhere (account, subject of each); three round trips for any number."""
    subject_ids = await subjects.find_or_create(
        platform, connection, [Identifier(SubjectKind.PERSON, person.identity_number) for person in people]
    )
    now, cipher = platform.clock.now(), platform.cipher
    registered = [(new_id(now), subject_id) for subject_id in subject_ids]
    rows = []
    for person, (account_id, subject_id) in zip(people, registered, strict=True):
        index = cipher.blind_index("phone", person.phone)
        rows.append(
            (
                account_id,
                subject_id,
                cipher.seal(person.phone, "account", "phone_sealed", index.hex()),
                index,
                cipher.seal(person.name, "account", "name_sealed", account_id),
                cipher.seal(person.identity_number, "account", "identity_number_sealed", account_id),
                person.district,
                person.channel.value,
                now,
                now,
            )
        )
    await store.copy_accounts(connection, rows)
    return registered


async def me(platform: Platform, caller: Caller) -> Me:
    """The caller's own account, masked (Reg. art. 23). Raises NOT_SIGNED_IN if the account is gone. One round trip."""
    async with platform.database.connection() as connection:
        access = caller.access("查看账户信息", "phone", "name", "identity_number", "district", "channel")
        row = await store.account(connection, access, caller.account_id)
    if row is None:
        raise NOT_SIGNED_IN.error()
    cipher = platform.cipher
    name, number = row["name_sealed"], row["identity_number_sealed"]
    phone = cipher.open(row["phone_sealed"], "account", "phone_sealed", row["phone_index"].hex())
    return Me(
        account_id=row["id"],
        phone=mask_mobile_number(phone),
        name=mask_name(cipher.open(name, "account", "name_sealed", row["id"])) if name else None,
        identity_number=(
            mask_identity_number(cipher.open(number, "account", "identity_number_sealed", row["id"]))
            if number
            else None
        ),
        proven=row["proven_at"] is not None,
        roles=sorted(caller.roles),
        created_at=row["created_at"],
        district=row["district"],
        channel=Channel(row["channel"]),
    )


async def choose_district(platform: Platform, caller: Caller, district: str) -> None:
    """Writes the district that the caller chose, or `unknown`; choosing is free and changes nothing else. One round trip."""
    async with platform.database.transaction() as connection:
        await store.choose_district(connection, caller.account_id, district)


async def groups_of(
    platform: Platform, connection: Connection, access: Access, subject_ids: Sequence[UUID], day: date
) -> dict[UUID, Group]:
    """The statistical group of each of these residents who has an account. One round trip.

    The sealed number is opened for its birth date alone; only the age band on `day` leaves this function.
    """
    return {
        row["subject_id"]: Group(row["district"], _age_band(platform, row, day), Channel(row["channel"]))
        for row in await store.groups(connection, access, subject_ids)
    }


def _age_band(platform: Platform, row: Row, day: date) -> int:
    opened = platform.cipher.open(row["identity_number_sealed"], "account", "identity_number_sealed", row["id"])
    number = normalise_identity_number(opened)
    assert isinstance(number, IdentityNumber)  # noqa: S101 it was checked before it was sealed
    age = age_on(number.birth_date, day)
    # On a day before the eighteenth birthday the person is still counted among the youngest.
    return max((first for first in AGE_BANDS if first <= age), default=ADULT_AGE)


async def leave(platform: Platform, caller: Caller, forget: Sequence[Forget]) -> None:
    """Leaving 注销: every room forgets what it held by consent, all personal fields go, phone and number are free again.

    Records that public bodies delivered under the catalogue are not the app's to delete; they stay behind a keyed index
    that no account points to (docs/rights.md says so to the resident).
    """
    async with platform.database.transaction() as connection:
        now = platform.clock.now()
        for room in forget:
            await room(platform, connection, caller.account_id, caller.subject_id)
        await store.end_all_sessions(connection, caller.account_id, "left", now)
        await store.leave(connection, caller.account_id, now)
        await signals.send(connection, "sessions")


async def forget_old_sessions(platform: Platform) -> int:
    """Deletes sessions that ended or expired 30 days ago."""
    async with platform.database.transaction() as connection:
        return await store.forget_old_sessions(connection, platform.clock.now() - timedelta(days=30))


async def _issue(platform: Platform, connection: Connection, account_id: UUID, session_id: UUID) -> Tokens:
    now = platform.clock.now()
    row = await store.subject_of_account(connection, account_id)
    if row is None:
        raise REFRESH_REFUSED.error()
    subject_id: UUID | None = row["subject_id"]
    base = Role.RESIDENT if subject_id is not None else Role.APPLICANT
    roles = frozenset({base} | {Role(role) for role in await store.roles(connection, account_id)})
    refresh_token = secrets.token_urlsafe(32)
    await store.add_refresh_token(connection, hashlib.sha256(refresh_token.encode()).digest(), session_id, now)
    return Tokens(
        access_token=tokens.issue(platform.keys, account_id, session_id, subject_id, roles, now),
        refresh_token=refresh_token,
        expires_in=int(tokens.LIFETIME.total_seconds()),
        roles=sorted(roles),
    )
