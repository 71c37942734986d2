"""How an order moves: its state, its entry, the dates that follow, and the one offer that an unpaid bill closes.

Neither score nor records are touched, now or later (Reg. art. 27: only an effective legal document makes a record).
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from backend.deposits import store
from backend.ledger import service as ledger
from backend.market import service as market
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.due import Due, Handler, enqueue
from backend.platform.platform import Platform
from backend.platform.problems import STATE_CONFLICT
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.orders.machine import NotAllowed
from partners.orders.money import outstanding
from partners.orders.reminders import LADDER, is_guaranteed, next_day, reminded
from partners.orders.states import CLOSING, ORDER, PAYMENT_DAYS, OrderEvent, OrderState

# The topic of the due queue on which orders wait for their dates; keyed by order.
TOPIC = "deposit-order"

_TOLD: Mapping[OrderState, EventType] = {
    OrderState.IN_USE: EventType.ORDER_IN_USE,
    OrderState.PAYMENT_DUE: EventType.ORDER_PAYMENT_DUE,
    OrderState.IN_ARREARS: EventType.ORDER_IN_ARREARS,
    OrderState.DISPUTED: EventType.ORDER_DISPUTED,
    OrderState.GUARANTEED: EventType.ORDER_GUARANTEED,
    OrderState.DONE: EventType.ORDER_DONE,
    OrderState.REVOKED: EventType.ORDER_REVOKED,
    OrderState.EXPIRED: EventType.ORDER_EXPIRED,
}


def after(row: Row, event: OrderEvent) -> OrderState:
    """The state after an event. Raises STATE_CONFLICT."""
    try:
        return ORDER.after(OrderState(row["state"]), event)
    except NotAllowed:
        raise STATE_CONFLICT.error() from None


async def move(
    platform: Platform,
    connection: Connection,
    row: Row,
    event: OrderEvent,
    actor: str,
    changes: Row | None = None,
) -> None:
    """The event, if the state allows it, with its entry and the date that follows from it; `changes`: other columns.

    The partner is told of a new state, and never of anything that leaves the state as it is. Raises STATE_CONFLICT. Two round
    trips, one more where a date follows, one for a partner that is told, two where an offer is closed and up to three where
    it may open again.
    """
    before, state, now = OrderState(row["state"]), after(row, event), platform.clock.now()
    moved = {"state": state.value, **(changes or {}), "updated_at": now}
    if event is OrderEvent.SETTLE:
        # Seven whole days in Shanghai: the bill is late from the first instant of the eighth.
        moved["due_at"] = start_of_day(local_date(now) + timedelta(days=PAYMENT_DAYS + 1))
    await store.change(connection, row["id"], moved)
    await _wait_for_next(connection, {**row, **moved})
    if state is not before:
        await webhooks.publish(connection, row["partner_id"], _TOLD[state], row["id"], {"order_id": row["id"]})
        await _close_or_reopen(platform, connection, row, before, state)
    await store.add_entry(connection, row["id"], event.value, state.value, actor, now)


async def _wait_for_next(connection: Connection, row: Row) -> None:
    """Puts the bill's next date into the due queue."""
    if row["state"] not in {OrderState.PAYMENT_DUE, OrderState.IN_ARREARS}:
        return
    day = next_day(LADDER, local_date(row["due_at"]), local_date(connection.now()))
    if day is not None:
        await enqueue(connection, TOPIC, [Due(row["id"], start_of_day(day))])


async def _close_or_reopen(
    platform: Platform, connection: Connection, row: Row, before: OrderState, state: OrderState
) -> None:
    holder, benefit_id = row["subject_id"], row["benefit_id"]
    if holder is None or (before in CLOSING) == (state in CLOSING):
        return
    await store.lock_offer(connection, holder, benefit_id)
    if state in CLOSING:
        await market.close_offer(platform, connection, holder, benefit_id, f"deposit-order {row['id']}")
    elif not await store.closes_offer(connection, holder, benefit_id, sorted(CLOSING)):
        await market.reopen_offer(connection, holder, benefit_id)


def due_handler(platform: Platform) -> Handler:
    """The due handler of TOPIC: an order untouched for 30 days expires; a bill is mentioned to its holder on the ladder's days,
    closes that one offer when it is late, and is shared by the rule on file at the ladder's end. A disputed one waits."""

    async def handle(connection: Connection, order_ids: list[UUID]) -> None:
        access = system_access("deposits", "检查订单到期", "订单到期处理", Ground.CONTRACT, "orders")
        lost = []
        for row in await store.due(connection, access, order_ids):
            if row["state"] == OrderState.CREATED:
                await move(platform, connection, row, OrderEvent.EXPIRE, "system")
            elif row["state"] in {OrderState.PAYMENT_DUE, OrderState.IN_ARREARS}:
                lost += await _climb(platform, connection, row)
        # After all offers: pool and budgets are the last that a transaction locks.
        for row in lost:
            await _guarantee(platform, connection, row)

    return handle


async def _climb(platform: Platform, connection: Connection, row: Row) -> list[Row]:
    """What the ladder says of one unpaid bill today; gives the bill back if the ladder is at its end. Steps that were missed
    are one reminder, not many."""
    late, today = local_date(row["due_at"]), local_date(platform.clock.now())
    if row["state"] == OrderState.PAYMENT_DUE and late <= today:
        await move(platform, connection, row, OrderEvent.PASS_DUE_DATE, "system")
        row = {**row, "state": OrderState.IN_ARREARS.value}
    steps = reminded(LADDER, late, today)
    if steps > row["reminded"]:
        await move(platform, connection, row, OrderEvent.REMIND, "system", {"reminded": steps})
    await _wait_for_next(connection, row)
    return [row] if is_guaranteed(LADDER, late, today) else []


async def _guarantee(platform: Platform, connection: Connection, row: Row) -> None:
    """The loss is shared by the rule that was on file when the order was opened. Without one the bill stays in arrears."""
    loss = ledger.Loss(
        order_id=row["id"],
        partner_id=row["partner_id"],
        benefit_id=row["benefit_id"],
        partner_ref=row["partner_ref"],
        opened_on=local_date(row["created_at"]),
        loss_fen=outstanding(row["total_fen"], row["paid_fen"]),
    )
    if await ledger.guarantee(platform, connection, loss):
        await move(platform, connection, row, OrderEvent.GUARANTEE, "system")
