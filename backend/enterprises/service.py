"""What the enterprises room does: registering by choice, acting as agent, withdrawing by choice."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.enterprises import store
from backend.enterprises.messages import ActingFor, AgentRole, Enterprise, EnterpriseDetail, Profile, RegisterEnterprise
from backend.enterprises.problems import ENTERPRISE_CODE_INVALID, ENTERPRISE_TAKEN
from backend.enterprises.states import NEXT, START, EnterpriseEvent, EnterpriseState
from backend.platform.access import Access, ActorKind, Ground
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.identifiers import InvalidIdentifier, normalise_unified_social_credit_code
from backend.platform.impartiality import OWN_MATTER
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT, FieldError
from backend.platform.row_ids import new_id
from backend.records import service as records
from backend.subjects import service as subjects
from backend.subjects.service import Identifier, SubjectKind

# The topic of the due queue on which the room of display codes waits; its keys are enterprises that withdrew.
WITHDRAWN = "enterprise-withdrawn"


async def register(platform: Platform, caller: Caller, enterprise: RegisterEnterprise) -> Enterprise:
    """The caller registers an enterprise as its agent; doing it twice changes nothing.

    Raises ENTERPRISE_CODE_INVALID, ENTERPRISE_TAKEN, NOT_ALLOWED for a caller whose identity is not proven.
    """
    caller.proven_subject()
    async with platform.database.transaction() as connection:
        enterprise_id = await add_enterprise(platform, connection, caller.account_id, enterprise)
        [row] = await store.of_agent(connection, caller.account_id, enterprise_id)
    return _enterprise(row)


async def add_enterprise(
    platform: Platform, connection: Connection, account_id: UUID, enterprise: RegisterEnterprise
) -> UUID:
    """Registers an enterprise with its agent in the caller's transaction; gives its id. Seven round trips.

    An enterprise that withdrew, or whose agent left, comes back with all it had. Raises ENTERPRISE_CODE_INVALID,
    ENTERPRISE_TAKEN.
    """
    code = normalise_unified_social_credit_code(enterprise.code)
    if isinstance(code, InvalidIdentifier):
        raise ENTERPRISE_CODE_INVALID.error(errors=[FieldError("code", code.zh, code.en)])
    now = platform.clock.now()
    [subject_id] = await subjects.find_or_create(platform, connection, [Identifier(SubjectKind.ENTERPRISE, code.value)])
    await store.add(connection, new_id(now), subject_id, code.value, enterprise.name, START, now)
    row = await store.by_code(connection, code.value)
    if row is None:
        raise NOT_FOUND.error()
    enterprise_id: UUID = row["id"]
    agents = await store.present_agents(connection, enterprise_id)
    if account_id in agents:
        return enterprise_id
    if agents:
        raise ENTERPRISE_TAKEN.error()
    state = EnterpriseState(row["state"])
    await store.put(connection, enterprise_id, enterprise.name, NEXT.get((state, EnterpriseEvent.RETURN), state))
    await store.add_agent(
        connection, new_id(now), enterprise_id, account_id, enterprise.agent_role, enterprise.authorisation, now
    )
    return enterprise_id


async def mine(platform: Platform, caller: Caller) -> list[Enterprise]:
    """The enterprises that the caller acts for, newest first. One round trip."""
    async with platform.database.connection() as connection:
        return [_enterprise(row) for row in await store.of_agent(connection, caller.account_id)]


async def detail(
    platform: Platform, caller: Caller, enterprise_id: UUID, cursor: str | None, limit: int
) -> EnterpriseDetail:
    """An enterprise that the caller acts for, with its records. Raises NOT_FOUND, BAD_CURSOR. Two round trips."""
    async with platform.database.connection() as connection:
        rows = await store.of_agent(connection, caller.account_id, enterprise_id)
    if not rows:
        raise NOT_FOUND.error()
    access = access_for(caller, _acting(rows[0]), "查看企业信用记录", "records")
    page = await records.records_of_enterprise(platform, access, rows[0]["subject_id"], cursor, limit)
    return EnterpriseDetail(_enterprise(rows[0]), page.records, page.next)


async def withdraw(platform: Platform, caller: Caller, enterprise_id: UUID) -> None:
    """The enterprise leaves the app by choice: nobody acts for it any more. Withdrawing costs it nothing; what it promised
    to an authority stays promised, its display codes end. Raises NOT_FOUND."""
    async with platform.database.transaction() as connection:
        row = await store.lock(connection, enterprise_id)
        if row is None or caller.account_id not in await store.present_agents(connection, enterprise_id):
            raise NOT_FOUND.error()
        after = NEXT.get((EnterpriseState(row["state"]), EnterpriseEvent.WITHDRAW))
        if after is None:
            raise STATE_CONFLICT.error()
        await store.put(connection, enterprise_id, row["name"], after)
        now = platform.clock.now()
        await store.end_agents(connection, enterprise_id, now)
        await enqueue(connection, WITHDRAWN, [Due(enterprise_id, now)])


async def acting_for(connection: Connection, caller: Caller, enterprise_id: UUID, *, hold: bool = False) -> ActingFor:
    """The enterprise, if the caller acts for it now. Raises NOT_FOUND otherwise: who is registered is nobody else's business.

    With `hold` it cannot withdraw until the transaction ends. One round trip.
    """
    rows = await store.of_agent(connection, caller.account_id, enterprise_id, hold=hold)
    if not rows:
        raise NOT_FOUND.error()
    return _acting(rows[0])


async def acting_since(connection: Connection, account_id: UUID, enterprise_id: UUID) -> datetime | None:
    """Since when an account acts for a registered enterprise without a break; None if it does not now. One round trip."""
    rows = await store.of_agent(connection, account_id, enterprise_id)
    return rows[0]["since"] if rows else None


async def profiles(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Profile]:
    """Enterprises by id, for rooms that keep something of theirs. One round trip."""
    return {row["id"]: msgspec.convert(dict(row), Profile) for row in await store.profiles(connection, ids)}


async def require_impartial(connection: Connection, caller: Caller, enterprise_id: UUID) -> None:
    """Raises OWN_MATTER if a member of staff acts for the enterprise whose matter it is. One round trip."""
    if caller.account_id in await store.present_agents(connection, enterprise_id):
        raise OWN_MATTER.error()


def access_for(caller: Caller, enterprise: ActingFor, action: str, *fields: str) -> Access:
    """The context in which an agent reads what is about the enterprise itself."""
    return Access(
        actor_kind=ActorKind.ENTERPRISE,
        actor=str(caller.account_id),
        actor_name=enterprise.name,
        action=action,
        purpose="企业查询本企业信用信息",
        ground=Ground.OWN_REQUEST,
        fields=fields,
        subject=enterprise.subject_id,
        request_id=caller.request_id,
    )


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: the person is nobody's agent any more; another agent may take the enterprise over."""
    await store.forget_agent(connection, account_id)


def _acting(row: Row) -> ActingFor:
    return ActingFor(row["id"], row["code"], row["name"], row["subject_id"])


def _enterprise(row: Row) -> Enterprise:
    return Enterprise(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        state=EnterpriseState(row["state"]),
        registered_at=row["registered_at"],
        agent_role=AgentRole(row["agent_role"]),
        agent_since=row["since"],
    )
