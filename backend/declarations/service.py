"""What the declarations room does: declaring, listing, withdrawing, and letting expire."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from backend.declarations import store
from backend.declarations.messages import Declaration, DeclarationKind, DeclarationPage, MakeDeclaration
from backend.declarations.states import NEXT, START, DeclarationEvent, DeclarationState
from backend.enterprises import service as enterprises
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.platform.terms import day_after, require_last_day

TOPIC = "declaration"


async def declare(platform: Platform, caller: Caller, enterprise_id: UUID, declaration: MakeDeclaration) -> Declaration:
    """An agent declares something about the enterprise. Raises NOT_FOUND, LAST_DAY_UNUSABLE."""
    now = platform.clock.now()
    require_last_day(declaration.valid_until, now, "valid_until")
    async with platform.database.transaction() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        row = await store.add(
            connection,
            new_id(now),
            enterprise_id,
            declaration.kind,
            declaration.content,
            declaration.evidence,
            declaration.valid_until,
            START,
            now,
        )
        await enqueue(connection, TOPIC, [Due(row["id"], day_after(declaration.valid_until))])
    return _declaration(row)


async def listing(
    platform: Platform, caller: Caller, enterprise_id: UUID, cursor: str | None, limit: int
) -> DeclarationPage:
    """The declarations of an enterprise, newest first. Raises NOT_FOUND, BAD_CURSOR. Two round trips."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        rows = await store.page(connection, enterprise_id, before, limit + 1)
    declarations = [_declaration(row) for row in rows[:limit]]
    return DeclarationPage(declarations, cursors.encode(declarations[-1].id) if len(rows) > limit else None)


async def withdraw(platform: Platform, caller: Caller, enterprise_id: UUID, declaration_id: UUID) -> None:
    """An agent takes a declaration back. Raises NOT_FOUND, and STATE_CONFLICT if it ended before."""
    async with platform.database.transaction() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        row = await store.lock(connection, enterprise_id, declaration_id)
        if row is None:
            raise NOT_FOUND.error()
        after = NEXT.get((DeclarationState(row["state"]), DeclarationEvent.WITHDRAW))
        if after is None:
            raise STATE_CONFLICT.error()
        await store.end(connection, declaration_id, after, platform.clock.now())


async def open_of(platform: Platform, connection: Connection, enterprise_id: UUID, limit: int) -> list[Declaration]:
    """What the enterprise declares today, for everybody, newest first. One round trip."""
    today = local_date(platform.clock.now())
    rows = await store.open_of(connection, enterprise_id, DeclarationState.DECLARED, today, limit)
    return [_declaration(row) for row in rows]


def due_handler(platform: Platform) -> Callable[[Connection, list[UUID]], Awaitable[None]]:
    """The handler of the room's topic: declarations whose last day is over expire. One round trip for any number."""

    async def expire(connection: Connection, ids: list[UUID]) -> None:
        now = platform.clock.now()
        before, event = DeclarationState.DECLARED, DeclarationEvent.EXPIRE
        await store.expire(connection, ids, before, NEXT[before, event], local_date(now), now)

    return expire


def _declaration(row: Row) -> Declaration:
    return Declaration(
        id=row["id"],
        enterprise_id=row["enterprise_id"],
        kind=DeclarationKind(row["kind"]),
        content=row["content"],
        evidence=row["evidence"],
        valid_until=row["valid_until"],
        state=DeclarationState(row["state"]),
        declared_at=row["declared_at"],
        ended_at=row["ended_at"],
    )
