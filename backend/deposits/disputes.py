"""Disputes about a bill 账单异议: the clock stands until an officer has decided, with reasons that the holder reads.

A decision for the holder takes effect at once. One that leaves something to pay is against the holder, and needs two
officers; neither may be the holder. A bill is disputed once.
"""

from datetime import datetime
from uuid import UUID

from backend.deposits import store
from backend.deposits.messages import (
    DecideDispute,
    DisputeForOfficer,
    DisputePage,
    DisputeState,
    FileDispute,
    Position,
)
from backend.deposits.moving import after, move
from backend.deposits.problems import AMOUNT_REFUSED
from backend.platform import cursors
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.impartiality import OWN_MATTER, require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from partners.orders.reminders import late_after_dispute
from partners.orders.states import OrderEvent

_PLACE = ("order_dispute", "statement_sealed")
_PURPOSE = "裁定免押订单账单异议"

# What a decision calls the part of a bill that it takes off.
REDUCTION = "异议裁定减免"


async def file(platform: Platform, connection: Connection, order: Row, wanted: FileDispute, access: Access) -> None:
    """The holder disputes an unpaid bill: reminders, arrears and guarantee wait, and an offer closed for it opens.

    `order`: the holder's own, locked. Raises STATE_CONFLICT, also for a bill that was disputed before. Up to eight round trips.
    """
    after(order, OrderEvent.DISPUTE)
    if await store.disputes_of(connection, access, [order["id"]]):
        raise STATE_CONFLICT.error()
    now = platform.clock.now()
    dispute_id = new_id(now)
    await store.add_dispute(
        connection,
        {
            "id": dispute_id,
            "order_id": order["id"],
            "subject_id": order["subject_id"],
            "statement_sealed": platform.cipher.seal(wanted.statement, *_PLACE, dispute_id),
            "state": DisputeState.OPEN.value,
            "filed_at": now,
            "late_after": order["due_at"],
        },
    )
    await move(platform, connection, order, OrderEvent.DISPUTE, "holder")


async def withdraw(platform: Platform, connection: Connection, order: Row, access: Access) -> None:
    """The holder takes the dispute back; the days that were left count from now, three at least.

    `order`: the holder's own, locked. Raises STATE_CONFLICT. Six round trips.
    """
    after(order, OrderEvent.WITHDRAW_DISPUTE)
    [dispute] = await store.disputes_of(connection, access, [order["id"]])
    await store.change_dispute(connection, dispute["id"], {"state": DisputeState.WITHDRAWN.value})
    changes = {"due_at": _late(dispute, platform.clock.now())}
    await move(platform, connection, order, OrderEvent.WITHDRAW_DISPUTE, "holder", changes)


async def waiting(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> DisputePage:
    """The undecided disputes, oldest first; each holder sees this look. Raises BAD_CURSOR. One round trip."""
    position = cursors.decode(cursor, tuple[datetime, UUID])
    access = caller.staff_access("查看账单异议", _PURPOSE, "orders", "statement")
    async with platform.database.connection() as connection:
        rows = await store.disputes_waiting(connection, access, position, limit + 1)
    shown = [_for_officer(platform, caller, row) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return DisputePage(shown, None if last is None else cursors.encode((last["filed_at"], last["id"])))


async def decide(platform: Platform, caller: Caller, dispute_id: UUID, wanted: DecideDispute) -> DisputeForOfficer:
    """An officer decides what the bill is to be. Nothing left to pay: in effect at once. Else it is proposed, and another
    officer confirms it.

    Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT, AMOUNT_REFUSED. Up to nine round trips.
    """
    async with platform.database.transaction() as connection:
        order, dispute = await _lock(connection, caller, "裁定账单异议", dispute_id)
        if dispute["state"] != DisputeState.OPEN:
            raise STATE_CONFLICT.error()
        if not order["paid_fen"] <= wanted.owed_fen <= order["total_fen"]:
            raise AMOUNT_REFUSED.error()
        adverse, now = wanted.owed_fen > order["paid_fen"], platform.clock.now()
        changes = {
            "state": (DisputeState.PROPOSED if adverse else DisputeState.DECIDED).value,
            "owed_fen": wanted.owed_fen,
            "adverse": adverse,
            "reasons": wanted.reasons,
            "proposed_by": caller.account_id,
            "decided_by": None if adverse else caller.account_id,
            "decided_at": None if adverse else now,
        }
        await store.change_dispute(connection, dispute_id, changes)
        decided = {**dispute, **changes}
        if not adverse:
            order = await _carry_out(platform, connection, order, decided, OrderEvent.WAIVE_BILL)
        return _for_officer(platform, caller, {**order, **decided})


async def confirm(platform: Platform, caller: Caller, dispute_id: UUID) -> DisputeForOfficer:
    """A second officer confirms a decision that leaves something to pay.

    Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT, SECOND_PERSON_NEEDED. Nine round trips.
    """
    async with platform.database.transaction() as connection:
        order, dispute = await _proposed(connection, caller, "确认账单异议裁定", dispute_id)
        changes = {
            "state": DisputeState.DECIDED.value,
            "decided_by": caller.account_id,
            "decided_at": platform.clock.now(),
        }
        await store.change_dispute(connection, dispute_id, changes)
        decided = {**dispute, **changes}
        order = await _carry_out(platform, connection, order, decided, OrderEvent.KEEP_BILL)
        return _for_officer(platform, caller, {**order, **decided})


async def send_back(platform: Platform, caller: Caller, dispute_id: UUID) -> DisputeForOfficer:
    """A second officer sends a proposed decision back: the dispute is open as before.

    Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT, SECOND_PERSON_NEEDED. Three round trips.
    """
    async with platform.database.transaction() as connection:
        order, dispute = await _proposed(connection, caller, "退回账单异议裁定", dispute_id)
        changes = {
            "state": DisputeState.OPEN.value,
            "owed_fen": None,
            "adverse": None,
            "reasons": None,
            "proposed_by": None,
        }
        await store.change_dispute(connection, dispute_id, changes)
        return _for_officer(platform, caller, {**order, **dispute, **changes})


async def _proposed(connection: Connection, caller: Caller, action: str, dispute_id: UUID) -> tuple[Row, Row]:
    order, dispute = await _lock(connection, caller, action, dispute_id)
    if dispute["state"] != DisputeState.PROPOSED:
        raise STATE_CONFLICT.error()
    require_second_person(dispute["proposed_by"], caller.account_id)
    return order, dispute


async def _lock(connection: Connection, caller: Caller, action: str, dispute_id: UUID) -> tuple[Row, Row]:
    """A dispute under its order's lock, for an officer's act. Nobody decides about their own bill."""
    access = caller.staff_access(action, _PURPOSE, "orders", "statement")
    order = await store.order_of_dispute(connection, access, dispute_id)
    if order is None:
        raise NOT_FOUND.error()
    if order["subject_id"] == caller.subject_id and caller.subject_id is not None:
        raise OWN_MATTER.error()
    [dispute] = await store.disputes_of(connection, access, [order["id"]])
    return order, dispute


async def _carry_out(platform: Platform, connection: Connection, order: Row, dispute: Row, event: OrderEvent) -> Row:
    """The bill becomes what was decided: what it is less stands as a discount, so that it still adds up."""
    less = order["total_fen"] - dispute["owed_fen"]
    reduction = [{"what": REDUCTION, "fen": less, "part": f"dispute:{dispute['id']}"}] if less else []
    changes = {"discounts": order["discounts"] + reduction, "total_fen": dispute["owed_fen"]}
    if event is OrderEvent.KEEP_BILL:
        changes["due_at"] = _late(dispute, platform.clock.now())
    await move(platform, connection, order, event, "officer", changes)
    return {**order, **changes}


def _late(dispute: Row, now: datetime) -> datetime:
    """From when on the bill is late, once the dispute is over."""
    late, filed = local_date(dispute["late_after"]), local_date(dispute["filed_at"])
    return start_of_day(late_after_dispute(late, filed, local_date(now)))


def _for_officer(platform: Platform, caller: Caller, row: Row) -> DisputeForOfficer:
    sealed = row["statement_sealed"]
    return DisputeForOfficer(
        dispute_id=row["id"],
        order_id=row["order_id"],
        partner=row["partner_name"],
        benefit=row["benefit_id"],
        state=DisputeState(row["state"]),
        filed_at=row["filed_at"],
        statement=None if sealed is None else platform.cipher.open(sealed, *_PLACE, row["id"]),
        agreed_fen=row["agreed_fen"],
        charges=[Position(each["what"], each["fen"]) for each in row["charges"]],
        discounts=[Position(each["what"], each["fen"]) for each in row["discounts"]],
        total_fen=row["total_fen"],
        paid_fen=row["paid_fen"],
        owed_fen=row["owed_fen"],
        reasons=row["reasons"],
        mine=row["proposed_by"] == caller.account_id,
    )
