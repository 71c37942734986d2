"""Risk cases 风险核查: a pass that was accepted in two places. One phone gets no offline passes meanwhile; nothing else follows.

A double use may be the holder's, a clerk's or a copied picture's. So it is two persons who decide, with a reason that the
person concerned reads; nobody decides about themselves.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.partner_accounts import service as partner_accounts
from backend.passes import risk_store as store
from backend.passes.messages import RiskCase, RiskCasePage, RiskDecision, RiskProposal
from backend.passes.states import FINAL, NEXT, START, RiskEvent, RiskState
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.impartiality import OWN_MATTER, require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id

_PURPOSE = "核查离线凭证的重复受理"


class Acceptance(msgspec.Struct, frozen=True):
    """One acceptance of a use: who, at which till, under which reference and when. The same again is the same."""

    partner_id: UUID
    terminal: str
    partner_ref: str
    accepted_at: datetime


def acceptance_of(row: Row) -> Acceptance:
    """The acceptance under which a use was settled."""
    return Acceptance(row["partner_id"], row["terminal"], row["partner_ref"], row["accepted_at"])


async def open_case(connection: Connection, of_pass: Row, first: Acceptance, second: Acceptance, now: datetime) -> None:
    """Opens the case of a use that was accepted twice; a third time adds nothing. Whoever has left is left alone. One round trip."""
    if of_pass["device_id"] is None:
        return
    await store.add_case(
        connection, new_id(now), of_pass,
        (first.partner_id, first.terminal, first.accepted_at),
        (second.partner_id, second.terminal, second.accepted_at),
        START, now,
    )  # fmt: skip


async def waiting(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> RiskCasePage:
    """The cases not yet decided, oldest first. Raises BAD_CURSOR. Two round trips."""
    after = cursors.decode(cursor, UUID)
    access = caller.staff_access("查看风险核查", _PURPOSE, "risk-case")
    async with platform.database.connection() as connection:
        rows = await store.waiting_cases(connection, access, sorted(FINAL), after, limit + 1)
        cases = await _shown(connection, rows[:limit])
    return RiskCasePage(cases, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)


async def propose(platform: Platform, caller: Caller, case_id: UUID, proposal: RiskProposal) -> RiskCase:
    """An officer proposes to clear the phone or to leave it stopped, with the reason. Raises NOT_FOUND, STATE_CONFLICT,
    OWN_MATTER. Three round trips."""
    event = RiskEvent.PROPOSE_CLEARING if proposal.proposal == "clear" else RiskEvent.PROPOSE_STOPPING
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "提出风险核查意见", case_id)
        after = _after(row, event)
        await store.propose(connection, case_id, after, caller.account_id, proposal.reason)
        changed = {**row, "state": after, "reason": proposal.reason}
        [shown] = await _shown(connection, [changed])
    return shown


async def decide(platform: Platform, caller: Caller, case_id: UUID, decision: RiskDecision) -> RiskCase:
    """A second officer confirms the proposal or sends it back. Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER,
    SECOND_PERSON_NEEDED. Three round trips."""
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "决定风险核查", case_id)
        after = _after(row, RiskEvent.CONFIRM if decision.confirm else RiskEvent.SEND_BACK)
        require_second_person(row["proposed_by"], caller.account_id)
        decided_at = now if after in FINAL else None
        await store.decide(connection, case_id, after, caller.account_id if decision.confirm else None, decided_at)
        [shown] = await _shown(connection, [{**row, "state": after, "decided_at": decided_at}])
    return shown


async def _lock(connection: Connection, caller: Caller, action: str, case_id: UUID) -> Row:
    row = await store.lock_case(connection, caller.staff_access(action, _PURPOSE, "risk-case"), case_id)
    if row is None:
        raise NOT_FOUND.error()
    if row["subject_id"] is not None and row["subject_id"] == caller.subject_id:
        raise OWN_MATTER.error()
    return row


def _after(row: Row, event: RiskEvent) -> RiskState:
    after = NEXT.get((RiskState(row["state"]), event))
    if after is None:
        raise STATE_CONFLICT.error()
    return after


async def _shown(connection: Connection, rows: list[Row]) -> list[RiskCase]:
    ids = sorted({row[member] for row in rows for member in ("first_partner_id", "second_partner_id")})
    names = await partner_accounts.partner_names(connection, ids)
    return [
        RiskCase(
            id=row["id"],
            benefit=row["benefit_id"],
            state=RiskState(row["state"]),
            first_partner=names[row["first_partner_id"]],
            first_terminal=row["first_terminal"],
            first_accepted_at=row["first_accepted_at"],
            second_partner=names[row["second_partner_id"]],
            second_terminal=row["second_terminal"],
            second_accepted_at=row["second_accepted_at"],
            reason=row["reason"],
            opened_at=row["opened_at"],
            decided_at=row["decided_at"],
        )
        for row in rows
    ]
