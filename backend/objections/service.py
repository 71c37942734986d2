"""What the objections room does: filing, marking, asking for help, deciding with two persons, and keeping the clock."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from backend.objections import deadlines, store
from backend.objections.messages import (
    AskHelp,
    Decide,
    FileObjection,
    Help,
    Objection,
    ObjectionKind,
    ObjectionPage,
    Outcome,
    StaffObjection,
    StaffObjectionDetail,
    StaffObjectionPage,
)
from backend.objections.problems import OBJECTION_NEEDS_RECORD, OBJECTION_OPEN
from backend.objections.states import FINAL, NEXT, START, ObjectionEvent, ObjectionState
from backend.objections.store import Entry
from backend.platform import cursors
from backend.platform.access import Access, Ground
from backend.platform.callers import Caller, system_access
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.impartiality import OWN_MATTER, require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT, Problem
from backend.platform.row_ids import new_id
from backend.platform.terms import day_after, working_calendar
from backend.platform.working_days import WorkingCalendar
from backend.records import service as records
from backend.records.messages import Correction
from backend.records.problems import RECORD_STATE

TOPIC = "objection"

_RESIDENT, _OFFICER, _SYSTEM = "resident", "officer", "system"
_PURPOSE = "依法办理异议"
# A record that objections can still touch. The others count for nothing and are never published again.
_STANDING = frozenset({"active", "hidden", "marked"})
_PLACE = ("objection", "statement_sealed")
_BLANK = {"help": None, "reply_by": None, "overdue": False, "reason": None, "decided_at": None}


async def file(platform: Platform, caller: Caller, objection: FileObjection) -> Objection:
    """A person objects to a record of their own; the deadlines start.

    Raises NOT_FOUND for a record that is not theirs, RECORD_STATE for one that was withdrawn or archived,
    OBJECTION_NEEDS_RECORD, OBJECTION_OPEN.
    """
    subject_id, now = caller.proven_subject(), platform.clock.now()
    if objection.record_id is None and objection.kind is not ObjectionKind.OMISSION:
        raise OBJECTION_NEEDS_RECORD.error()
    calendar, filed_on = _calendar(platform), local_date(now)
    terms = deadlines.terms_on(filed_on)
    mark_by = calendar.add(filed_on, terms.mark)
    decide_by = calendar.add(filed_on, terms.decide)
    objection_id = new_id(now)
    row: dict[str, Any] = {
        "id": objection_id,
        "subject_id": subject_id,
        "record_id": objection.record_id,
        "kind": objection.kind,
        "statement_sealed": platform.cipher.seal(objection.statement, *_PLACE, objection_id),
        "evidence": objection.evidence,
        "state": START,
        "filed_at": now,
        "term": terms.decide,
        "excluded": 0,
        "mark_by": mark_by.day,
        "decide_by": decide_by.day,
        "provisional": mark_by.provisional or decide_by.provisional,
    }
    if objection.record_id is not None:
        await _require_standing(platform, caller, objection.record_id)
    async with platform.database.transaction() as connection:
        if not await store.add(connection, row):
            raise OBJECTION_OPEN.error()
        entry = Entry(event="file", before=None, after=START, actor_kind=_RESIDENT)
        await store.enter(connection, objection_id, subject_id, entry, now)
        await enqueue(connection, TOPIC, [Due(objection_id, day_after(mark_by.day))])
    return _objection(platform, {**_BLANK, **row, "history": [store.history_row(entry, now)]})


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> ObjectionPage:
    """The caller's objections, newest first, with history and clock. Raises BAD_CURSOR. One round trip."""
    before = cursors.decode(cursor, UUID)
    access = caller.access("查看我的异议", "objection")
    async with platform.database.connection() as connection:
        rows = await store.of_subject(connection, access, caller.proven_subject(), before, limit + 1)
    objections = [_objection(platform, row) for row in rows[:limit]]
    return ObjectionPage(objections, cursors.encode(objections[-1].id) if len(rows) > limit else None)


async def for_staff(
    platform: Platform,
    caller: Caller,
    state: ObjectionState | None,
    overdue: bool | None,
    cursor: str | None,
    limit: int,
) -> StaffObjectionPage:
    """The open objections, or those in one state, the most urgent first. Raises BAD_CURSOR. One round trip.

    Each person among them finds this look in their access log.
    """
    after = cursors.decode(cursor, tuple[date, UUID])
    access = caller.staff_access("查看异议清单", _PURPOSE, "objection")
    async with platform.database.connection() as connection:
        rows = await store.page(connection, access, state, overdue, after, limit + 1)
    objections = [_staff_objection(platform, row) for row in rows[:limit]]
    position = (rows[limit - 1]["decide_by"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return StaffObjectionPage(objections, cursors.encode(position) if position else None)


async def one_for_staff(platform: Platform, caller: Caller, objection_id: UUID) -> StaffObjectionDetail:
    """An objection with the record it is about. Raises NOT_FOUND. Two round trips.

    The person finds both looks in their access log.
    """
    async with platform.database.connection() as connection:
        row = await store.one(connection, caller.staff_access("查看异议", _PURPOSE, "objection"), objection_id)
        if row is None:
            raise NOT_FOUND.error()
        record = None
        if row["record_id"] is not None:
            access = caller.staff_access("查看被异议的记录", _PURPOSE, "record")
            found = await records.record_of(connection, access, row["record_id"])
            record = records.as_seen(platform, found) if found is not None else None
    return StaffObjectionDetail(_staff_objection(platform, row), record)


async def mark(platform: Platform, caller: Caller, objection_id: UUID) -> StaffObjection:
    """An officer marks the record: it counts for nothing until the decision. Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER."""
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "标注异议", objection_id)
        moved = await _move(platform, connection, caller, row, ObjectionEvent.MARK, {})
        if row["record_id"] is not None:
            await _while_it_stands(records.mark(platform, connection, _on_record(caller), row["record_id"]))
    return moved


async def assist(platform: Platform, caller: Caller, objection_id: UUID, help_asked: AskHelp) -> StaffObjection:
    """An officer asks for help. With another unit the whole term grows and the unit's reply has a term of its own; during an
    inspection, a test or an expert review the clock stands still. Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER."""
    calendar, today = _calendar(platform), local_date(platform.clock.now())
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "请求协助", objection_id)
        changes: dict[str, Any] = {
            "help": help_asked.help, "helper": help_asked.helper, "helped_since": today, "reply_by": None,
        }  # fmt: skip
        if help_asked.help is Help.UNIT:
            terms = deadlines.terms_on(local_date(row["filed_at"]))
            reply_by = calendar.add(today, terms.help_replies)
            changes |= {"reply_by": reply_by.day, **_term(calendar, row, terms.decide_with_help, row["excluded"])}
        return await _move(platform, connection, caller, row, ObjectionEvent.ASSIST, changes, help_asked.helper)


async def resume(platform: Platform, caller: Caller, objection_id: UUID, reply: str) -> StaffObjection:
    """The helper has answered; days of examination are added to the term. Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER."""
    calendar, today = _calendar(platform), local_date(platform.clock.now())
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "恢复办理异议", objection_id)
        changes: dict[str, Any] = {"help": None, "helper": None, "helped_since": None, "reply_by": None}
        if deadlines.is_paused(row):
            excluded = row["excluded"] + deadlines.excluded_by(calendar, row["helped_since"], today)
            changes |= _term(calendar, row, row["term"], excluded)
        return await _move(platform, connection, caller, row, ObjectionEvent.RESUME, changes, reply)


async def decide(platform: Platform, caller: Caller, objection_id: UUID, decision: Decide) -> StaffObjection:
    """An officer upholds the objection, and the record is corrected or withdrawn in the same transaction; or proposes to
    reject it, which waits for a second person. Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER; for a correction also RECORD_STATE,
    and MALFORMED_REQUEST naming its columns."""
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "作出异议处理决定", objection_id)
        if decision.outcome is Outcome.REJECTED:
            proposal = {"reason": decision.reason, "proposed_by": caller.account_id}
            return await _move(platform, connection, caller, row, ObjectionEvent.PROPOSE_REJECTION, proposal)
        changes = {"reason": decision.reason, "decided_at": now}
        moved = await _move(platform, connection, caller, row, ObjectionEvent.UPHOLD, changes, decision.reason)
        if row["record_id"] is not None:
            await _put_right(platform, connection, caller, row, decision)
    return moved


async def confirm(platform: Platform, caller: Caller, objection_id: UUID) -> StaffObjection:
    """A second person confirms a rejection; the record counts again.

    Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED.
    """
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "确认异议处理决定", objection_id)
        _require_proposal(row, caller)
        changes = {"proposed_by": None, "decided_at": now}
        moved = await _move(platform, connection, caller, row, ObjectionEvent.CONFIRM, changes, row["reason"])
        if row["record_id"] is not None:
            await _while_it_stands(records.unmark(platform, connection, _on_record(caller), row["record_id"]))
    return moved


async def send_back(platform: Platform, caller: Caller, objection_id: UUID, reason: str) -> StaffObjection:
    """A second person does not confirm a rejection: it is decided again.

    Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED.
    """
    async with platform.database.transaction() as connection:
        row = await _lock(connection, caller, "退回异议处理决定", objection_id)
        _require_proposal(row, caller)
        changes = {"reason": None, "proposed_by": None}
        return await _move(platform, connection, caller, row, ObjectionEvent.SEND_BACK, changes, reason)


def due_handler(platform: Platform) -> Callable[[Connection, list[UUID]], Awaitable[None]]:
    """The handler of the room's topic: an objection whose last day is over is marked as overdue, once for each deadline."""

    async def look_at_clocks(connection: Connection, ids: list[UUID]) -> None:
        now = platform.clock.now()
        today, later = local_date(now), []
        for row in await store.clocks(connection, ids):
            last_day = deadlines.present_deadline(row)
            if last_day is None or row["overdue"]:
                continue
            if last_day >= today:
                later.append(Due(row["id"], day_after(last_day)))
                continue
            await store.change(connection, row["id"], {"overdue": True})
            entry = Entry(event="overdue", before=row["state"], after=row["state"], actor_kind=_SYSTEM)
            await store.enter(connection, row["id"], row["subject_id"], entry, now)
        await enqueue(connection, TOPIC, later)

    return look_at_clocks


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: the objections go, and what they had marked is as it was before."""
    if subject_id is not None:
        access = system_access("leaving", "取消异议标注", "注销账户", Ground.OWN_REQUEST, "record")
        for record_id in await store.open_records(connection, subject_id, sorted(FINAL)):
            await _while_it_stands(records.unmark(platform, connection, access, record_id))
        await store.forget(connection, subject_id)


async def _require_standing(platform: Platform, caller: Caller, record_id: UUID) -> None:
    """Refuses a record of somebody else, and one that counts for nothing and is shown to nobody any more."""
    record = await records.mine_one(platform, caller, record_id)
    if record.state not in _STANDING:
        raise RECORD_STATE.error()


async def _while_it_stands(act: Awaitable[None]) -> None:
    """An act on a record that may have gone to the archive since: then nothing is left to do to it."""
    try:
        await act
    except Problem as problem:
        if problem.kind is not RECORD_STATE:
            raise


def _on_record(caller: Caller) -> Access:
    return caller.staff_access("办理被异议的记录", _PURPOSE, "record")


async def _put_right(platform: Platform, connection: Connection, caller: Caller, row: Row, decision: Decide) -> None:
    """What upholding does to the record: corrected if the officer says how; else an omission leaves it as it was, and
    anything else withdraws it."""
    access, record_id = _on_record(caller), row["record_id"]
    if decision.correction is not None:
        correction = Correction(decision.correction.fields)
        await records.correct(platform, connection, access, record_id, correction)
    elif row["kind"] == ObjectionKind.OMISSION:
        await _while_it_stands(records.unmark(platform, connection, access, record_id))
    else:
        await _while_it_stands(records.withdraw(platform, connection, access, record_id))


async def _lock(connection: Connection, caller: Caller, action: str, objection_id: UUID) -> Row:
    """An objection locked for an officer's act. Nobody acts on their own."""
    row = await store.lock(connection, caller.staff_access(action, _PURPOSE, "objection"), objection_id)
    if row is None:
        raise NOT_FOUND.error()
    if row["subject_id"] == caller.subject_id:
        raise OWN_MATTER.error()
    return row


async def _move(
    platform: Platform,
    connection: Connection,
    caller: Caller,
    row: Row,
    event: ObjectionEvent,
    changes: Row,
    note: str | None = None,
) -> StaffObjection:
    """Writes an officer's act, its history and the next look at the clock. The answer is made from the row that was read,
    so that one act is one line in the person's access log."""
    after = NEXT.get((ObjectionState(row["state"]), event))
    if after is None:
        raise STATE_CONFLICT.error()
    now = platform.clock.now()
    entry = Entry(
        event=event, before=row["state"], after=after, actor_kind=_OFFICER, account_id=caller.account_id, note=note
    )
    changes = {**changes, "state": after}
    last_day = deadlines.present_deadline({**row, **changes})
    changes["overdue"] = row["overdue"] and last_day is not None and last_day < local_date(now)
    await store.change(connection, row["id"], changes)
    await store.enter(connection, row["id"], row["subject_id"], entry, now)
    if last_day is not None:
        await enqueue(connection, TOPIC, [Due(row["id"], day_after(last_day))])
    moved = {**row, **changes, "history": [*row["history"], store.history_row(entry, now)]}
    return _staff_objection(platform, moved)


def _require_proposal(row: Row, caller: Caller) -> None:
    if row["proposed_by"] is None:
        raise STATE_CONFLICT.error()
    require_second_person(row["proposed_by"], caller.account_id)


def _calendar(platform: Platform) -> WorkingCalendar:
    return working_calendar(platform.settings.working_days_file)


def _term(calendar: WorkingCalendar, row: Row, term: int, excluded: int) -> dict[str, Any]:
    last = deadlines.decide_by(calendar, local_date(row["filed_at"]), term, excluded)
    return {
        "term": term,
        "excluded": excluded,
        "decide_by": last.day,
        "provisional": row["provisional"] or last.provisional,
    }


def _objection(platform: Platform, row: Row) -> Objection:
    # A rejection that nobody has confirmed is no decision yet: its reason is not shown.
    reason = row["reason"] if row["state"] in FINAL else None
    return msgspec.convert({**_opened(platform, row), "reason": reason}, Objection)


def _staff_objection(platform: Platform, row: Row) -> StaffObjection:
    final = row["state"] in FINAL
    reasons = {"reason": row["reason"] if final else None, "proposed_reason": None if final else row["reason"]}
    return msgspec.convert({**_opened(platform, row), **reasons}, StaffObjection)


def _opened(platform: Platform, row: Row) -> dict[str, Any]:
    today = local_date(platform.clock.now())
    return {
        **row,
        "statement": platform.cipher.open(row["statement_sealed"], *_PLACE, row["id"]),
        "clock": deadlines.clock_of(_calendar(platform), row, today),
    }
