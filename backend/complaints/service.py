"""What the complaints room does: filing with one tap, accepting, passing on what it is about, answering, and keeping the clock."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend.complaints import store
from backend.complaints.messages import (
    Answer,
    Complaint,
    ComplaintPage,
    DecideRefusal,
    FileComplaint,
    PartnerComplaint,
    PartnerComplaintPage,
    PartnerReply,
    PassOn,
    ProposeRefusal,
    StaffComplaint,
    StaffComplaintPage,
)
from backend.complaints.problems import COMPLAINT_OPEN
from backend.complaints.states import FINAL, NEXT, START, WAITING, ComplaintEvent, ComplaintState
from backend.complaints.store import Entry
from backend.complaints.terms import terms_on
from backend.market import service as market
from backend.partner_accounts import service as partner_accounts
from backend.platform import cursors
from backend.platform.callers import Caller, Signer
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.impartiality import OWN_MATTER, require_second_person
from backend.platform.masking import masked_text
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.platform.terms import day_after, working_calendar
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType

TOPIC = "complaint"

_RESIDENT, _OFFICER, _PARTNER, _SYSTEM = "resident", "officer", "partner", "system"
_PURPOSE = "依法办理投诉"
_WORDS, _ANSWER = ("complaint", "words_sealed"), ("complaint", "answer_sealed")
_BLANK: Mapping[str, Any] = {
    "accepted_on": None, "overdue": False, "substance": None, "passed_on": None, "partner_reply": None, "reason": None,
    "proposed_by": None, "answer_sealed": None, "closed_at": None,
}  # fmt: skip


async def file(platform: Platform, caller: Caller, filed: FileComplaint) -> Complaint:
    """A resident complains about a visit of theirs, whatever the answer was then; the clock starts.

    Raises NOT_FOUND (not theirs), COMPLAINT_OPEN. Five round trips.
    """
    subject_id, now = caller.proven_subject(), platform.clock.now()
    today = local_date(now)
    due_day, provisional = _term(platform, today, terms_on(today).accept)
    async with platform.database.transaction() as connection:
        access = caller.access("投诉到店", "verification")
        visit = await market.visit_of(platform, connection, access, subject_id, filed.verification_id)
        if visit is None:
            raise NOT_FOUND.error()
        complaint_id = new_id(now)
        row = {
            "id": complaint_id,
            # Not the row's own id, which tells the instant it was made.
            "number": uuid4(),
            "subject_id": subject_id,
            "partner_id": visit.partner_id,
            "verification_id": visit.verification_id,
            "benefit_id": visit.benefit_id,
            "about": filed.about,
            "words_sealed": None if filed.words is None else platform.cipher.seal(filed.words, *_WORDS, complaint_id),
            "state": START,
            "filed_at": now,
            "due_day": due_day,
            "provisional": provisional,
        }
        if not await store.add(connection, row):
            raise COMPLAINT_OPEN.error()
        entry = Entry(event="file", before=None, after=START, actor_kind=_RESIDENT)
        await store.enter(connection, complaint_id, entry, now)
        await enqueue(connection, TOPIC, [Due(complaint_id, day_after(due_day))])
        names = await partner_accounts.partner_names(connection, [visit.partner_id])
    return _complaint(platform, {**_BLANK, **row, "history": [store.history_row(entry, now)]}, names)


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> ComplaintPage:
    """The caller's complaints with history and clock, newest first. Raises BAD_CURSOR. Two round trips."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        access = caller.access("查看我的投诉", "complaint")
        rows = await store.of_subject(connection, access, caller.proven_subject(), before, limit + 1)
        names = await partner_accounts.partner_names(connection, [row["partner_id"] for row in rows])
    shown = [_complaint(platform, row, names) for row in rows[:limit]]
    return ComplaintPage(shown, cursors.encode(shown[-1].id) if len(rows) > limit else None)


async def withdraw(platform: Platform, caller: Caller, complaint_id: UUID) -> Complaint:
    """The person takes a complaint back that is not decided. Raises NOT_FOUND, STATE_CONFLICT. Four round trips."""
    async with platform.database.transaction() as connection:
        access = caller.access("撤回投诉", "complaint")
        row = await store.lock(connection, access, complaint_id, caller.proven_subject())
        if row is None:
            raise NOT_FOUND.error()
        moved = await _move(platform, connection, row, ComplaintEvent.WITHDRAW, _RESIDENT)
        names = await partner_accounts.partner_names(connection, [row["partner_id"]])
    return _complaint(platform, moved, names)


async def for_staff(
    platform: Platform,
    caller: Caller,
    state: ComplaintState | None,
    overdue: bool | None,
    cursor: str | None,
    limit: int,
) -> StaffComplaintPage:
    """The open complaints, or those in one state, the most urgent first. Raises BAD_CURSOR. Two round trips.

    Each person among them finds this look in their access log.
    """
    after = cursors.decode(cursor, tuple[date | None, UUID])
    access = caller.staff_access("查看投诉清单", _PURPOSE, "complaint")
    async with platform.database.connection() as connection:
        rows = await store.page(connection, access, state, overdue, after, limit + 1)
        names = await partner_accounts.partner_names(connection, [row["partner_id"] for row in rows])
    shown = [_staff_complaint(platform, row, names) for row in rows[:limit]]
    position = (rows[limit - 1]["due_day"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return StaffComplaintPage(shown, cursors.encode(position) if position else None)


async def accept(platform: Platform, caller: Caller, complaint_id: UUID) -> StaffComplaint:
    """An officer accepts a complaint: it is answered in writing within the term that starts now. Raises NOT_FOUND, OWN_MATTER,
    STATE_CONFLICT. Eight round trips."""
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "受理投诉", complaint_id)
        changes = _accepted(platform, row)
        return await _act(platform, connection, caller, row, ComplaintEvent.ACCEPT, changes)


async def pass_on(platform: Platform, caller: Caller, complaint_id: UUID, told: PassOn) -> StaffComplaint:
    """An officer tells the partner once what a complaint is about, in words of their own. Raises NOT_FOUND, OWN_MATTER,
    STATE_CONFLICT (not accepted, or passed on already). Nine round trips, two more with a webhook."""
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "向商户转达投诉", complaint_id)
        if row["substance"] is not None:
            raise STATE_CONFLICT.error()
        changes = {"substance": masked_text(told.substance), "passed_on": local_date(platform.clock.now())}
        passed = await _act(platform, connection, caller, row, ComplaintEvent.PASS_ON, changes)
        ids = {"complaint": row["number"]}
        await webhooks.publish(connection, row["partner_id"], EventType.COMPLAINT_PASSED_ON, row["number"], ids)
    return passed


async def answer(platform: Platform, caller: Caller, complaint_id: UUID, given: Answer) -> StaffComplaint:
    """An officer answers the person in writing, and the complaint is closed. Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT. Seven
    round trips."""
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "答复投诉", complaint_id)
        changes = {"answer_sealed": platform.cipher.seal(given.answer, *_ANSWER, complaint_id)}
        return await _act(platform, connection, caller, row, ComplaintEvent.ANSWER, changes)


async def propose_refusal(
    platform: Platform, caller: Caller, complaint_id: UUID, proposal: ProposeRefusal
) -> StaffComplaint:
    """An officer proposes not to take a complaint up; the clock goes on. Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT. Seven round trips."""
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "提出不予受理", complaint_id)
        changes = {"reason": proposal.reason, "proposed_by": caller.account_id}
        return await _act(platform, connection, caller, row, ComplaintEvent.PROPOSE_REFUSAL, changes)


async def decide_refusal(
    platform: Platform, caller: Caller, complaint_id: UUID, decision: DecideRefusal
) -> StaffComplaint:
    """A second officer confirms a refusal or sends it back. Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT, SECOND_PERSON_NEEDED.
    Seven round trips."""
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "复核不予受理", complaint_id)
        if row["state"] != ComplaintState.REFUSAL_PROPOSED:
            raise STATE_CONFLICT.error()
        require_second_person(row["proposed_by"], caller.account_id)
        event = ComplaintEvent.CONFIRM if decision.confirm else ComplaintEvent.SEND_BACK
        changes: dict[str, Any] = {"proposed_by": None, "reason": row["reason"] if decision.confirm else None}
        return await _act(platform, connection, caller, row, event, changes)


async def of_partner(platform: Platform, signer: Signer, cursor: str | None, limit: int) -> PartnerComplaintPage:
    """What was passed on to the partner that signs, newest first. Raises BAD_CURSOR. One round trip."""
    after = cursors.decode(cursor, tuple[date, UUID])
    async with platform.database.connection() as connection:
        rows = await store.of_partner(connection, signer.owner_id, after, limit + 1)
    shown = [_for_partner(row) for row in rows[:limit]]
    position = (rows[limit - 1]["passed_on"], rows[limit - 1]["number"]) if len(rows) > limit else None
    return PartnerComplaintPage(shown, cursors.encode(position) if position else None)


async def reply(platform: Platform, signer: Signer, number: UUID, said: PartnerReply) -> PartnerComplaint:
    """The partner replies to an open complaint; what it says last counts. Raises NOT_FOUND (also another partner's), STATE_CONFLICT.
    Three round trips."""
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await store.for_partner(connection, signer.owner_id, number)
        if row is None:
            raise NOT_FOUND.error()
        if row["closed_at"] is not None:
            raise STATE_CONFLICT.error()
        await store.change(connection, row["id"], {"partner_reply": said.reply})
        entry = Entry(event="reply", before=row["state"], after=row["state"], actor_kind=_PARTNER)
        await store.enter(connection, row["id"], entry, now)
    return _for_partner({**row, "partner_reply": said.reply})


def due_handler(platform: Platform) -> Callable[[Connection, list[UUID]], Awaitable[None]]:
    """The handler of the room's topic: what nobody accepted in time is accepted by the clock, and what nobody answered in time is late.
    One round trip, and up to three for each complaint."""

    async def look_at_clocks(connection: Connection, ids: list[UUID]) -> None:
        now = platform.clock.now()
        later = []
        for row in await store.clocks(connection, ids):
            due_day: date | None = row["due_day"]
            if due_day is None or row["overdue"]:
                continue
            if due_day >= local_date(now):
                later.append(Due(row["id"], day_after(due_day)))
                continue
            if ComplaintState(row["state"]) in WAITING:
                changes = {**_accepted(platform, row), "state": ComplaintState.ACCEPTED}
                entry = Entry(
                    event=ComplaintEvent.ACCEPT, before=row["state"], after=ComplaintState.ACCEPTED, actor_kind=_SYSTEM
                )
                later.append(Due(row["id"], day_after(changes["due_day"])))
            else:
                changes = {"overdue": True}
                entry = Entry(event="overdue", before=row["state"], after=row["state"], actor_kind=_SYSTEM)
            await store.change(connection, row["id"], changes)
            await store.enter(connection, row["id"], entry, now)
        await enqueue(connection, TOPIC, later)

    return look_at_clocks


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: open complaints are taken back, and what is kept of all of them is nobody's: no words, no answer."""
    if subject_id is None:
        return
    now = platform.clock.now()
    for row in await store.open_of_subject(connection, subject_id, sorted(FINAL)):
        ended = {"state": ComplaintState.WITHDRAWN, "due_day": None, "closed_at": now, "proposed_by": None}
        await store.change(connection, row["id"], ended)
        entry = Entry(
            event=ComplaintEvent.WITHDRAW, before=row["state"], after=ComplaintState.WITHDRAWN, actor_kind=_SYSTEM
        )
        await store.enter(connection, row["id"], entry, now)
    await store.forget(connection, subject_id)


async def _lock(connection: Connection, caller: Caller, action: str, complaint_id: UUID) -> Row:
    """A complaint locked for an officer's act. Nobody acts on their own, nor for a partner they have a part in."""
    row = await store.lock(connection, caller.staff_access(action, _PURPOSE, "complaint"), complaint_id)
    if row is None:
        raise NOT_FOUND.error()
    if row["subject_id"] is not None and row["subject_id"] == caller.subject_id:
        raise OWN_MATTER.error()
    await partner_accounts.require_no_part(connection, caller, row["partner_id"])
    return row


async def _act(
    platform: Platform,
    connection: Connection,
    caller: Caller,
    row: Row,
    event: ComplaintEvent,
    changes: Mapping[str, Any],
) -> StaffComplaint:
    moved = await _move(platform, connection, row, event, _OFFICER, changes, caller.account_id)
    names = await partner_accounts.partner_names(connection, [row["partner_id"]])
    return _staff_complaint(platform, moved, names)


async def _move(
    platform: Platform,
    connection: Connection,
    row: Row,
    event: ComplaintEvent,
    actor_kind: str,
    changes: Mapping[str, Any] | None = None,
    account_id: UUID | None = None,
) -> dict[str, Any]:
    """Writes an act, its history and the next look at the clock; gives the row as it is now."""
    after = NEXT.get((ComplaintState(row["state"]), event))
    if after is None:
        raise STATE_CONFLICT.error()
    now = platform.clock.now()
    written = {**(changes or {}), "state": after}
    if after in FINAL:
        written |= {"due_day": None, "closed_at": now, "proposed_by": None}
    entry = Entry(event=event, before=row["state"], after=after, actor_kind=actor_kind, account_id=account_id)
    await store.change(connection, row["id"], written)
    await store.enter(connection, row["id"], entry, now)
    due_day = written.get("due_day")
    if due_day is not None:
        await enqueue(connection, TOPIC, [Due(row["id"], day_after(due_day))])
    return {**row, **written, "history": [*row["history"], store.history_row(entry, now)]}


def _accepted(platform: Platform, row: Row) -> dict[str, Any]:
    """What acceptance today writes: the term of the law starts. What was proposed against it is void."""
    today = local_date(platform.clock.now())
    due_day, provisional = _term(platform, today, terms_on(local_date(row["filed_at"])).answer)
    return {
        "accepted_on": today,
        "due_day": due_day,
        "provisional": provisional,
        "reason": None,
        "proposed_by": None,
    }


def _term(platform: Platform, start: date, days: int) -> tuple[date, bool]:
    reached = working_calendar(platform.settings.working_days_file).add(start, days)
    return reached.day, reached.provisional


def _complaint(platform: Platform, row: Row, names: Mapping[UUID, str]) -> Complaint:
    # A refusal that nobody has confirmed is no decision yet: neither it nor its reason is shown.
    shown = _opened(platform, row, names)
    if row["state"] == ComplaintState.REFUSAL_PROPOSED:
        shown |= {"state": ComplaintState.FILED, "reason": None}
    unseen = {ComplaintEvent.PROPOSE_REFUSAL, ComplaintEvent.SEND_BACK}
    shown["history"] = [
        {**each, "before": _public(each["before"]), "after": _public(each["after"])}
        for each in row["history"]
        if each["event"] not in unseen
    ]
    return msgspec.convert(shown, Complaint)


def _public(state: str | None) -> str | None:
    return ComplaintState.FILED if state == ComplaintState.REFUSAL_PROPOSED else state


def _staff_complaint(platform: Platform, row: Row, names: Mapping[UUID, str]) -> StaffComplaint:
    proposed = row["state"] == ComplaintState.REFUSAL_PROPOSED
    reasons = {"reason": None if proposed else row["reason"], "proposed_reason": row["reason"] if proposed else None}
    return msgspec.convert({**_opened(platform, row, names), **reasons}, StaffComplaint)


def _opened(platform: Platform, row: Row, names: Mapping[UUID, str]) -> dict[str, Any]:
    calendar, due_day = working_calendar(platform.settings.working_days_file), row["due_day"]
    words, answered = row["words_sealed"], row["answer_sealed"]
    return {
        **row,
        "partner": names[row["partner_id"]],
        "benefit": row["benefit_id"],
        "words": None if words is None else platform.cipher.open(words, *_WORDS, row["id"]),
        "answer": None if answered is None else platform.cipher.open(answered, *_ANSWER, row["id"]),
        "clock": {
            "due_day": due_day,
            "accepted_on": row["accepted_on"],
            "overdue": row["overdue"],
            "provisional": row["provisional"],
            "working_days_left": None
            if due_day is None
            else calendar.between(local_date(platform.clock.now()), due_day),
        },
    }


def _for_partner(row: Row) -> PartnerComplaint:
    return PartnerComplaint(
        complaint=row["number"],
        about=row["about"],
        substance=row["substance"],
        passed_on=row["passed_on"],
        open=row["closed_at"] is None,
        reply=row["partner_reply"],
    )
