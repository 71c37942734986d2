"""Hearing 陈述与异议: what the partner and the officers say in a case. Two officers stop one, and decide about an objection."""

from uuid import UUID

from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.states import PartnerEvent
from backend.platform import cursors
from backend.platform.callers import Caller, Signer
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.impartiality import require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.reviews import cards, case_store
from backend.reviews.cases import close
from backend.reviews.messages import (
    CaseForPartner,
    CaseOutcome,
    DecideOutcome,
    ProposeOutcome,
    Reply,
    StaffCase,
    StaffCasePage,
    Standing,
)
from partners.reviews.verdicts import Ground


async def standing(platform: Platform, signer: Signer) -> Standing:
    """Where the partner that signs is. Raises NOT_FOUND. Four round trips."""
    async with platform.database.connection() as connection:
        return await _standing(platform, connection, signer.owner_id)


async def reply(platform: Platform, signer: Signer, said: Reply) -> Standing:
    """The partner replies in an open case; what it says last counts. Raises NOT_FOUND (no case), STATE_CONFLICT. Six round trips."""
    async with platform.database.transaction() as connection:
        row = await _last(connection, signer.owner_id)
        if row["outcome"] is not None:
            raise STATE_CONFLICT.error()
        changes = {"reply": said.statement, "replied_at": platform.clock.now()}
        await case_store.change(connection, row["id"], changes)
        return await _standing(platform, connection, signer.owner_id)


async def object_to(platform: Platform, signer: Signer, said: Reply) -> Standing:
    """A delisted partner objects, until the last day for it and before it was decided; what it says last counts.

    Raises NOT_FOUND (no case), STATE_CONFLICT. Six round trips.
    """
    async with platform.database.transaction() as connection:
        row = await _last(connection, signer.owner_id)
        today = local_date(platform.clock.now())
        if row["outcome"] != CaseOutcome.DELISTED or row["objection_by"] < today:
            raise STATE_CONFLICT.error()
        changes = {"objected": said.statement, "objected_at": platform.clock.now()}
        await case_store.change(connection, row["id"], changes)
        return await _standing(platform, connection, signer.owner_id)


async def listing(platform: Platform, outcome: CaseOutcome | None, cursor: str | None, limit: int) -> StaffCasePage:
    """Open cases, or those that ended so, newest first. Raises BAD_CURSOR. Two round trips, and one for each case."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        rows = await case_store.page(connection, None if outcome is None else [outcome], before, limit + 1)
        cases = [await _staff_case(connection, row) for row in rows[:limit]]
    return StaffCasePage(cases, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)


async def propose(platform: Platform, caller: Caller, case_id: UUID, wanted: ProposeOutcome) -> StaffCase:
    """One officer proposes to stop an open case, or what becomes of an objection.

    Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT (not possible now, or another proposal waits). Eight round trips.
    """
    async with platform.database.transaction() as connection:
        row = await _held(connection, caller, case_id)
        if row["proposal"] is not None or not _possible(row, wanted.proposal):
            raise STATE_CONFLICT.error()
        changes = {"proposal": wanted.proposal, "proposed_by": caller.account_id, "because": wanted.because}
        await case_store.change(connection, case_id, changes)
        return await _staff_case(connection, {**row, **changes})


async def decide(platform: Platform, caller: Caller, case_id: UUID, decision: DecideOutcome) -> StaffCase:
    """A second officer confirms what was proposed, or sends it back; confirmed, the partner is told.

    Raises NOT_FOUND, OWN_MATTER, SECOND_PERSON_NEEDED, STATE_CONFLICT (nothing is proposed, or the clock was faster). Up to twelve
    round trips.
    """
    async with platform.database.transaction() as connection:
        row = await _held(connection, caller, case_id)
        if row["proposal"] is None:
            raise STATE_CONFLICT.error()
        require_second_person(row["proposed_by"], caller.account_id)
        if not decision.confirm:
            await case_store.change(connection, case_id, {"proposal": None, "proposed_by": None, "because": None})
        else:
            await _confirmed(platform, connection, caller, row)
        changed = await case_store.one(connection, case_id)
        return await _staff_case(connection, changed or row)


async def _confirmed(platform: Platform, connection: Connection, caller: Caller, row: Row) -> None:
    actor, because = str(caller.account_id), row["because"]
    if row["proposal"] == "stop":
        event, outcome = PartnerEvent.CLEAR, CaseOutcome.STOPPED
    elif row["proposal"] == "reinstate":
        event, outcome = PartnerEvent.REINSTATE, CaseOutcome.REINSTATED
    else:
        kept = {"closed_on": row["closed_on"], "because": because}
        await close(platform, connection, row, CaseOutcome.UPHELD, kept)
        return
    await partner_accounts.move_partner(platform, connection, row["partner_id"], event, actor, because)
    await close(platform, connection, row, outcome)


def _possible(row: Row, proposal: str) -> bool:
    """An open case may be stopped; an objection that was made be decided, one way or the other."""
    if proposal == "stop":
        return row["outcome"] is None
    return row["outcome"] == CaseOutcome.DELISTED and row["objected_at"] is not None


async def _last(connection: Connection, partner_id: UUID) -> Row:
    row = await case_store.last_of_partner(connection, partner_id, lock=True)
    if row is None:
        raise NOT_FOUND.error()
    return row


async def _held(connection: Connection, caller: Caller, case_id: UUID) -> Row:
    row = await case_store.lock(connection, case_id)
    if row is None:
        raise NOT_FOUND.error()
    await partner_accounts.require_no_part(connection, caller, row["partner_id"])
    return row


async def _standing(platform: Platform, connection: Connection, partner_id: UUID) -> Standing:
    row = await case_store.last_of_partner(connection, partner_id)
    figures = await cards.figures_shown(platform, connection, [partner_id])
    return Standing(
        state=await partner_accounts.state_of(connection, partner_id),
        figures=figures.get(partner_id),
        case=None if row is None else _case(row),
        history=await partner_accounts.history(connection, partner_id),
    )


async def _staff_case(connection: Connection, row: Row) -> StaffCase:
    profile = (await partner_accounts.profiles(connection, [row["partner_id"]]))[row["partner_id"]]
    return StaffCase(
        case=_case(row),
        partner_id=row["partner_id"],
        partner=profile.name,
        state=profile.state,
        rules_from=row["rules_from"],
        proposal=row["proposal"],
        because=row["because"],
        history=await partner_accounts.history(connection, row["partner_id"]),
    )


def _case(row: Row) -> CaseForPartner:
    again = row["found_again"]
    return CaseForPartner(
        case_id=row["id"],
        grounds=[Ground(code) for code in row["grounds"]],
        opened_on=row["opened_on"],
        next_day=row["next_day"],
        provisional=row["provisional"],
        reply=row["reply"],
        found_again=None if again is None else [Ground(code) for code in again],
        objection_by=row["objection_by"],
        objection=row["objected"],
        outcome=None if row["outcome"] is None else CaseOutcome(row["outcome"]),
        closed_on=row["closed_on"],
        because=row["because"] if row["outcome"] == CaseOutcome.UPHELD else None,
    )
