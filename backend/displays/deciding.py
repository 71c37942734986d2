"""What the authority does: granting a sector's code, and, by two officers, refusing an application or revoking a code.

Every act against an enterprise has its reason on file, is read by the enterprise with how to object, and stands only once a
second officer has confirmed it. Nobody decides about an enterprise they act for.
"""

from uuid import UUID

from backend.commitments import service as commitments
from backend.displays import moves, store
from backend.displays.endings import TOPIC
from backend.displays.making import free_place, require_term
from backend.displays.messages import Decision, Display, DisplayPage, Grant, Proposal
from backend.displays.problems import COMMITMENT_UNSUITABLE
from backend.displays.sectors import sectors
from backend.displays.states import PROPOSED, DisplayEvent, DisplayState, EndedBy
from backend.displays.views import told, told_one
from backend.enterprises import service as enterprises
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.impartiality import require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.terms import day_after, require_last_day


async def for_staff(platform: Platform, state: DisplayState | None, cursor: str | None, limit: int) -> DisplayPage:
    """Display codes, newest first, all or in one state, for the authority. Raises BAD_CURSOR. Two round trips."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        rows = await store.page(connection, None, state, before, limit + 1)
        codes = await told(platform, connection, rows[:limit])
    return DisplayPage(codes, cursors.encode(codes[-1].id) if len(rows) > limit else None)


async def one_for_staff(platform: Platform, code_id: UUID) -> Display:
    """One display code with its history, for the authority. Raises NOT_FOUND. Two round trips."""
    async with platform.database.connection() as connection:
        return await told_one(platform, connection, code_id)


async def grant(platform: Platform, caller: Caller, code_id: UUID, granted: Grant) -> Display:
    """An officer grants an application until a last day: the code is live from today on.

    Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER, LAST_DAY_UNUSABLE, DATES_UNUSABLE, COMMITMENT_UNSUITABLE. Ten round trips.
    """
    now = platform.clock.now()
    today = local_date(now)
    require_last_day(granted.valid_until, now, "valid_until")
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, code_id)
        if row["sector"] is None:
            raise STATE_CONFLICT.error()
        require_term(granted.valid_until, today, sectors()[row["sector"]].months)
        if not await commitments.is_published(connection, row["enterprise_id"], row["commitment_id"]):
            raise COMMITMENT_UNSUITABLE.error()
        await moves.move(
            connection,
            row,
            DisplayEvent.GRANT,
            now,
            actor_kind=moves.OFFICER,
            caller=caller,
            values={
                "issued_on": today,
                "valid_until": granted.valid_until,
                "status_index": await free_place(connection),
            },
        )
        await enqueue(connection, TOPIC, [Due(code_id, day_after(granted.valid_until))])
        return await told_one(platform, connection, code_id)


async def propose(platform: Platform, caller: Caller, code_id: UUID, proposal: Proposal) -> Display:
    """An officer proposes to refuse an application or to revoke a code. Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER. Six round
    trips."""
    event = DisplayEvent.PROPOSE_REFUSAL if proposal.proposal == "refuse" else DisplayEvent.PROPOSE_REVOCATION
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, code_id)
        await moves.move(
            connection,
            row,
            event,
            platform.clock.now(),
            actor_kind=moves.OFFICER,
            caller=caller,
            note=proposal.reason,
            values={"reason": proposal.reason, "proposed_by": caller.account_id},
        )
        return await told_one(platform, connection, code_id)


async def decide(platform: Platform, caller: Caller, code_id: UUID, decision: Decision) -> Display:
    """A second officer confirms a proposal or sends it back. Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED.
    Seven round trips."""
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, code_id)
        if row["state"] not in PROPOSED:
            raise STATE_CONFLICT.error()
        require_second_person(row["proposed_by"], caller.account_id)
        await moves.move(
            connection,
            row,
            DisplayEvent.CONFIRM if decision.confirm else DisplayEvent.SEND_BACK,
            platform.clock.now(),
            actor_kind=moves.OFFICER,
            caller=caller,
            note=decision.note,
            ended_by=EndedBy.OFFICERS,
            values={"decided_by": caller.account_id} if decision.confirm else {"reason": None, "proposed_by": None},
        )
        return await told_one(platform, connection, code_id)


async def _lock(connection: Connection, caller: Caller, code_id: UUID) -> Row:
    row = await store.lock(connection, code_id)
    if row is None:
        raise NOT_FOUND.error()
    await enterprises.require_impartial(connection, caller, row["enterprise_id"])
    return row
