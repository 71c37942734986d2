"""What the passes room does: one function for each act."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from backend.passes import risk_store, store
from backend.passes.issuing import issue, key_message
from backend.passes.lists import PASSES
from backend.passes.messages import MyPass, MyPasses, MyRiskCase, PassState
from backend.passes.risk import decide, propose, waiting
from backend.passes.settling import LATEST_UPLOAD, settle
from backend.passes.states import RiskState
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.status_lists import spread

__all__ = [
    "decide",
    "device_ended_handler",
    "forget",
    "forget_ended",
    "issue",
    "key_message",
    "mine",
    "propose",
    "revoke",
    "settle",
    "waiting",
    "withdrawn_handler",
]

_SHOWN = 100
# Longer than clocks differ: a place is not given to another pass while a till could still accept the old one.
_ENDED_FOR = timedelta(hours=1)

Handler = Callable[[Connection, list[UUID]], Awaitable[None]]


async def mine(platform: Platform, caller: Caller) -> MyPasses:
    """The caller's passes of the last days, and their risk cases. Two round trips."""
    now, subject_id = platform.clock.now(), caller.proven_subject()
    async with platform.database.connection() as connection:
        rows = await store.of_subject(connection, caller.access("查看离线凭证", "passes"), subject_id, _SHOWN)
        cases = await risk_store.cases_of_subject(
            connection, caller.access("查看风险核查", "risk-case"), subject_id, _SHOWN
        )
    return MyPasses(
        [
            MyPass(
                id=row["id"],
                benefit=row["benefit_id"],
                device_id=row["device_id"],
                issued_at=row["issued_at"],
                usable_until=row["ends_at"],
                state=_state(row, now),
            )
            for row in rows
        ],
        [
            MyRiskCase(
                id=row["id"],
                device_id=row["device_id"],
                benefit=row["benefit_id"],
                state=RiskState(row["state"]),
                opened_at=row["opened_at"],
                decided_at=row["decided_at"],
                reason=row["reason"],
            )
            for row in cases
        ],
    )


def _state(row: Row, now: datetime) -> PassState:
    if row["used"]:
        return "used"
    if row["revoked_at"] is not None:
        return "revoked"
    return "usable" if now < row["ends_at"] else "ended"


async def revoke(platform: Platform, caller: Caller, pass_id: UUID) -> None:
    """Revokes one of the caller's passes. Raises NOT_FOUND. Two round trips."""
    now = platform.clock.now()
    [marked_at] = spread(now, 1)
    async with platform.database.transaction() as connection:
        access = caller.access("作废离线凭证", "passes")
        if not await store.revoke_one(connection, access, caller.proven_subject(), pass_id, now, marked_at):
            raise NOT_FOUND.error()
        await PASSES.changed(connection)


def device_ended_handler(platform: Platform) -> Handler:
    """The handler of `devices.ENDED`: the passes of a revoked device are void. Three round trips for any number."""

    async def revoke_passes(connection: Connection, device_ids: list[UUID]) -> None:
        await _revoke(platform, connection, await store.lock_live_of_devices(connection, device_ids))

    return revoke_passes


def withdrawn_handler(platform: Platform) -> Handler:
    """The handler of `consents.WITHDRAWN`: what was issued under a consent ends with it. Three round trips for any number."""

    async def revoke_passes(connection: Connection, subject_ids: list[UUID]) -> None:
        await _revoke(platform, connection, await store.lock_live_of_subjects(connection, subject_ids))

    return revoke_passes


async def _revoke(platform: Platform, connection: Connection, ids: list[UUID]) -> None:
    """Revokes locked passes at once, and publishes their marks one by one: together they would say that they are one person's."""
    if ids:
        now = platform.clock.now()
        await store.revoke(connection, dict(zip(ids, spread(now, len(ids)), strict=True)), now)
        await PASSES.changed(connection)


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: passes are void and nobody's; their places in the status list stay marked until they would have ended."""
    if subject_id is not None:
        await _revoke(platform, connection, await store.lock_live_of_subjects(connection, [subject_id]))
        await store.forget(connection, subject_id)


async def forget_ended(platform: Platform) -> int:
    """Frees the places of ended passes, and deletes passes for which no upload is taken any more; gives the number of these."""
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        if await store.end_passes(connection, now - _ENDED_FOR):
            await PASSES.changed(connection)
        return await store.forget_ended(connection, now - LATEST_UPLOAD - timedelta(days=1))
