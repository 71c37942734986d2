"""Deposit orders from agreement through use to done. An unpaid bill closes that one offer and touches nothing else.

Every change is told to the partner: one round trip, which is counted below, and two more where the partner has a webhook.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.deposits import store, views
from backend.deposits.messages import (
    OpenOrder,
    OrderForHolder,
    OrderForPartner,
    OrderPage,
    RecordPayment,
    Settle,
)
from backend.deposits.problems import AMOUNT_REFUSED, NOT_A_CONTRACT, NOT_YET_AGREED
from backend.market import once
from backend.market import service as market
from backend.market.messages import VerifiedHolder
from backend.market.once import Answered, Once
from backend.partner_accounts import service as partner_accounts
from backend.platform import cursors
from backend.platform.access import Access, Ground
from backend.platform.callers import Caller, Signer, system_access
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.due import Due, Handler, enqueue
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.benefits.terms import CONTRACTS
from partners.ledger.audit import Difference
from partners.orders.machine import NotAllowed
from partners.orders.money import AmountRefused, settle
from partners.orders.states import ORDER, PAYMENT_DAYS, UNTOUCHED_DAYS, OrderEvent, OrderState
from partners.pseudonyms import pairwise

# The topic of the due queue on which orders wait for their dates; keyed by order.
TOPIC = "deposit-order"

_TOLD: Mapping[OrderState, EventType] = {
    OrderState.IN_USE: EventType.ORDER_IN_USE,
    OrderState.PAYMENT_DUE: EventType.ORDER_PAYMENT_DUE,
    OrderState.IN_ARREARS: EventType.ORDER_IN_ARREARS,
    OrderState.DONE: EventType.ORDER_DONE,
    OrderState.REVOKED: EventType.ORDER_REVOKED,
    OrderState.EXPIRED: EventType.ORDER_EXPIRED,
}

_OPEN = (OrderState.IN_USE, OrderState.PAYMENT_DUE, OrderState.IN_ARREARS)


async def open_order(platform: Platform, signer: Signer, wanted: OpenOrder, act: Once) -> Answered:
    """Opens an order on an eligible verification, which it uses up. The body is an OrderForPartner.

    A holder whose phone confirmed partner, benefit and at least this amount has agreed with that, and is not asked twice.
    Raises PARTNER_SUSPENDED, NOT_FOUND, STATE_CONFLICT, QUOTA_EXHAUSTED, NOT_A_CONTRACT, AMOUNT_REFUSED, and
    idempotency's problems. Up to fourteen database round trips in one transaction; a replay takes two.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, signer.owner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.live_partner(connection, signer.owner_id)
        access = market.partner_access(
            partner.id, partner.name, "开立免押订单", "办理已核验的权益", signer.request_id, "eligibility"
        )
        verified = await market.use_verification(platform, connection, access, partner.id, wanted.verification_id)
        terms = verified.terms
        if terms.kind not in CONTRACTS or terms.cap_fen is None:
            raise NOT_A_CONTRACT.error()
        cap_fen = _cap(terms.cap_fen, verified)
        if wanted.agreed_fen > cap_fen:
            raise AMOUNT_REFUSED.error()
        now = platform.clock.now()
        order_id = new_id(now)
        await store.add(
            connection,
            (
                order_id,
                partner.id,
                partner.name,
                wanted.partner_ref,
                verified.verification_id,
                terms.id,
                terms.names.zh,
                terms.names.en,
                verified.account_id,
                verified.subject_id,
                pairwise(
                    platform.keys.active(Purpose.PSEUDONYM).secret, partner.credit_code, verified.subject_id, terms.kind
                ),
                wanted.agreed_fen,
                cap_fen,
                ORDER.start.value,
                now,
            ),
        )
        await store.add_entry(connection, order_id, "create", ORDER.start.value, "partner", now)
        if _confirmed(verified, wanted.agreed_fen):
            await store.agree(connection, order_id, now)
            await store.add_entry(connection, order_id, "confirm", ORDER.start.value, "holder", now)
        await enqueue(connection, TOPIC, [Due(order_id, now + timedelta(days=UNTOUCHED_DAYS))])
        row = await _of_partner(connection, access, signer, order_id)
        return await _answer(connection, signer, act, row, status=201)


async def start(platform: Platform, signer: Signer, order_id: UUID, act: Once) -> Answered:
    """The use begins, once the holder has agreed. Raises NOT_FOUND, NOT_YET_AGREED, STATE_CONFLICT. Eight round trips."""

    async def change(connection: Connection, row: Row) -> None:
        if row["agreed_at"] is None:
            raise NOT_YET_AGREED.error()
        await _move(platform, connection, row, OrderEvent.START, "partner")

    return await _by_partner(platform, signer, order_id, act, "开始使用", change)


async def settle_order(platform: Platform, signer: Signer, order_id: UUID, wanted: Settle, act: Once) -> Answered:
    """What the use cost. Nothing due: done; else the bill is due in seven days. The same settlement again succeeds.

    Raises NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT. Up to ten round trips.
    """
    charges, discounts = msgspec.to_builtins(wanted.charges), msgspec.to_builtins(wanted.discounts)

    async def change(connection: Connection, row: Row) -> None:
        if row["total_fen"] is not None:
            if (row["charges"], row["discounts"]) != (charges, discounts):
                raise STATE_CONFLICT.error()
            return
        try:
            total = settle(
                [position.fen for position in wanted.charges],
                [position.fen for position in wanted.discounts],
                row["agreed_fen"],
                row["cap_fen"],
            )
        except AmountRefused:
            raise AMOUNT_REFUSED.error() from None
        event = OrderEvent.SETTLE if total else OrderEvent.SETTLE_NOTHING_DUE
        await _move(platform, connection, row, event, "partner", charges, discounts, total)

    return await _by_partner(platform, signer, order_id, act, "结算订单", change)


async def record_payment(
    platform: Platform, signer: Signer, order_id: UUID, wanted: RecordPayment, act: Once
) -> Answered:
    """The holder paid the total: done, and an offer that was closed for it opens again.

    Raises NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT. Up to eleven round trips.
    """

    async def change(connection: Connection, row: Row) -> None:
        _after(row, OrderEvent.PAY)
        if wanted.paid_fen != row["total_fen"]:
            raise AMOUNT_REFUSED.error()
        await _move(platform, connection, row, OrderEvent.PAY, "partner")
        if (holder := row["subject_id"]) is not None:
            await store.lock_offer(connection, holder, row["benefit_id"])
            if not await store.has_arrears(connection, holder, row["benefit_id"]):
                await market.reopen_offer(connection, holder, row["benefit_id"])

    return await _by_partner(platform, signer, order_id, act, "登记付款", change)


async def revoke_by_partner(platform: Platform, signer: Signer, order_id: UUID, act: Once) -> Answered:
    """The partner takes back an order that was not begun. Raises NOT_FOUND, STATE_CONFLICT. Eight round trips."""

    async def change(connection: Connection, row: Row) -> None:
        await _move(platform, connection, row, OrderEvent.REVOKE, "partner")

    return await _by_partner(platform, signer, order_id, act, "取消订单", change)


async def for_partner(platform: Platform, signer: Signer, order_id: UUID) -> OrderForPartner:
    """An order of the partner. Raises NOT_FOUND, also for another partner's. Two round trips."""
    async with platform.database.connection() as connection:
        access = await _partner_access(connection, signer, "查询订单")
        return views.for_partner(await _of_partner(connection, access, signer, order_id))


async def agree(platform: Platform, caller: Caller, order_id: UUID) -> OrderForHolder:
    """The holder agrees on their own phone; agreeing twice changes nothing. Raises NOT_FOUND, STATE_CONFLICT. Six round trips."""
    async with platform.database.transaction() as connection:
        row = await _of_holder(connection, caller, order_id, lock=True)
        if row["agreed_at"] is None:
            if row["state"] != OrderState.CREATED:
                raise STATE_CONFLICT.error()
            now = platform.clock.now()
            await store.agree(connection, order_id, now)
            await store.add_entry(connection, order_id, "agree", row["state"], "holder", now)
            await webhooks.publish(
                connection, row["partner_id"], EventType.ORDER_AGREED, order_id, {"order_id": order_id}
            )
        return (await _views(connection, [await _of_holder(connection, caller, order_id)]))[0]


async def revoke_by_holder(platform: Platform, caller: Caller, order_id: UUID) -> OrderForHolder:
    """The holder takes back an order that was not begun. Raises NOT_FOUND, STATE_CONFLICT. Six round trips."""
    async with platform.database.transaction() as connection:
        row = await _of_holder(connection, caller, order_id, lock=True)
        await _move(platform, connection, row, OrderEvent.REVOKE, "holder")
        return (await _views(connection, [await _of_holder(connection, caller, order_id)]))[0]


async def for_holder(platform: Platform, caller: Caller, order_id: UUID) -> OrderForHolder:
    """One order of the caller with its history. Raises NOT_FOUND. Two round trips."""
    async with platform.database.connection() as connection:
        return (await _views(connection, [await _of_holder(connection, caller, order_id)]))[0]


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> OrderPage:
    """The caller's orders, newest first. Two round trips. Raises BAD_CURSOR."""
    before = cursors.decode(cursor, UUID)
    access = caller.access("查看我的订单", "orders")
    async with platform.database.connection() as connection:
        rows = await store.page_of_holder(connection, access, caller.proven_subject(), before, limit + 1)
        orders = await _views(connection, rows[:limit])
    return OrderPage(orders, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)


def due_handler(platform: Platform) -> Handler:
    """The due handler of TOPIC: an order untouched for 30 days expires; a bill past its date closes that offer only.

    Neither score nor records are touched, now or later (Reg. art. 27: only an effective legal document makes a record).
    """

    async def handle(connection: Connection, order_ids: list[UUID]) -> None:
        now = platform.clock.now()
        access = system_access("deposits", "检查订单到期", "订单到期处理", Ground.CONTRACT, "orders")
        for row in await store.due(connection, access, order_ids):
            if row["state"] == OrderState.CREATED:
                await _move(platform, connection, row, OrderEvent.EXPIRE, "system")
            elif row["state"] == OrderState.PAYMENT_DUE and row["due_at"] <= now:
                await _move(platform, connection, row, OrderEvent.PASS_DUE_DATE, "system")
                if (holder := row["subject_id"]) is not None:
                    await store.lock_offer(connection, holder, row["benefit_id"])
                    because = f"deposit-order {row['id']}"
                    await market.close_offer(platform, connection, holder, row["benefit_id"], because)

    return handle


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: orders not begun are revoked, and ended ones are nobody's. One that is in use or unpaid keeps the
    pseudonymous subject that its contract needs (PIPL art. 13 (2)) and no account."""
    if subject_id is None:
        return
    access = system_access("deposits", "注销时清理订单", "注销账户", Ground.CONTRACT, "orders")
    for row in await store.not_begun(connection, access, subject_id):
        await _move(platform, connection, row, OrderEvent.REVOKE, "holder")
    await store.forget(connection, subject_id, _OPEN)


async def verifications_used(connection: Connection) -> list[tuple[UUID, datetime]]:
    """The verifications that orders used up, and when. One round trip."""
    return [(row["verification_id"], row["created_at"]) for row in await store.verifications_used(connection)]


async def differences(connection: Connection) -> list[Difference]:
    """Orders whose total is not the sum of their charges less that of their discounts. One round trip."""
    return [
        Difference(f"order {row['id']}: total", row["total_fen"], row["derived"])
        for row in await store.wrong_totals(connection)
    ]


async def waived_of(connection: Connection, access: Access, subject_id: UUID) -> dict[str, tuple[int, int]]:
    """Benefit -> how many orders of a person were begun, and the deposits waived in them, in fen. One round trip."""
    not_begun = {OrderState.CREATED, OrderState.REVOKED, OrderState.EXPIRED}
    used = [state.value for state in OrderState if state not in not_begun]
    rows = await store.waived_of(connection, access, subject_id, used)
    return {row["benefit_id"]: (row["orders"], row["waived_fen"]) for row in rows}


async def opened_between(connection: Connection, begins: datetime, ends: datetime) -> dict[OrderState, tuple[int, int]]:
    """State -> how many orders that were opened between two instants are in it, and the deposits agreed in them, in fen. One
    round trip."""
    rows = await store.opened_between(connection, begins, ends)
    return {OrderState(row["state"]): (row["orders"], row["agreed_fen"]) for row in rows}


def _confirmed(verified: VerifiedHolder, agreed_fen: int) -> bool:
    return verified.confirmed_at is not None and verified.amount_fen is not None and agreed_fen <= verified.amount_fen


def _cap(cap_fen: int, verified: VerifiedHolder) -> int:
    """The most that may be agreed: the service's cap, the tier that was offered, and the amount that was asked about."""
    tier_fen = verified.tier_value if verified.terms.unit == "fen" else cap_fen
    return min(cap_fen, tier_fen, cap_fen if verified.amount_fen is None else verified.amount_fen)


async def _partner_access(connection: Connection, signer: Signer, action: str) -> Access:
    """A partner that is no longer live may still end what it began."""
    names = await partner_accounts.partner_names(connection, [signer.owner_id])
    name = names.get(signer.owner_id, "")
    return market.partner_access(signer.owner_id, name, action, "履行免押订单", signer.request_id, "order")


async def _by_partner(
    platform: Platform,
    signer: Signer,
    order_id: UUID,
    act: Once,
    action: str,
    change: Callable[[Connection, Row], Awaitable[None]],
) -> Answered:
    """One act of a partner on its own order, locked: once for its key, and answered with the order as it then stands."""
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, signer.owner_id, act)) is not None:
            return replayed
        access = await _partner_access(connection, signer, action)
        await change(connection, await _of_partner(connection, access, signer, order_id, lock=True))
        return await _answer(connection, signer, act, await _of_partner(connection, access, signer, order_id))


async def _of_partner(
    connection: Connection, access: Access, signer: Signer, order_id: UUID, *, lock: bool = False
) -> Row:
    row = await store.of_partner(connection, access, signer.owner_id, order_id, lock=lock)
    if row is None:
        raise NOT_FOUND.error()
    return row


async def _of_holder(connection: Connection, caller: Caller, order_id: UUID, *, lock: bool = False) -> Row:
    access = caller.access("查看我的订单", "orders")
    row = await store.of_holder(connection, access, caller.proven_subject(), order_id, lock=lock)
    if row is None:
        raise NOT_FOUND.error()
    return row


def _after(row: Row, event: OrderEvent) -> OrderState:
    try:
        return ORDER.after(OrderState(row["state"]), event)
    except NotAllowed:
        raise STATE_CONFLICT.error() from None


async def _move(
    platform: Platform,
    connection: Connection,
    row: Row,
    event: OrderEvent,
    actor: str,
    charges: object = None,
    discounts: object = None,
    total: int | None = None,
) -> None:
    """The event, if the state allows it, with its entry and the date that follows from it. Raises STATE_CONFLICT."""
    after, now, due_at = _after(row, event), platform.clock.now(), row["due_at"]
    if after is OrderState.PAYMENT_DUE:
        # Seven whole days in Shanghai: the bill is late from the first instant of the eighth.
        due_at = start_of_day(local_date(now) + timedelta(days=PAYMENT_DAYS + 1))
        await enqueue(connection, TOPIC, [Due(row["id"], due_at)])
    await store.put(
        connection,
        row["id"],
        after.value,
        row["charges"] if charges is None else charges,
        row["discounts"] if discounts is None else discounts,
        row["total_fen"] if total is None else total,
        due_at,
        now,
    )
    await webhooks.publish(connection, row["partner_id"], _TOLD[after], row["id"], {"order_id": row["id"]})
    await store.add_entry(connection, row["id"], event.value, after.value, actor, now)


async def _answer(connection: Connection, signer: Signer, act: Once, row: Row, status: int = 200) -> Answered:
    return await once.save(connection, signer.owner_id, act, msgspec.json.encode(views.for_partner(row)), status)


async def _views(connection: Connection, rows: Sequence[Row]) -> list[OrderForHolder]:
    entries = await store.entries(connection, [row["id"] for row in rows])
    return [views.for_holder(row, [entry for entry in entries if entry["order_id"] == row["id"]]) for row in rows]
