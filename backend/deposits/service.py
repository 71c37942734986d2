"""Deposit orders from agreement through use to done. An unpaid bill closes that one offer and touches nothing else.

Every change is told to the partner: one round trip, which is counted below, and two more where the partner has a webhook.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.deposits import disputes, store, views
from backend.deposits.messages import (
    Charge,
    FileDispute,
    OpenOrder,
    OrderForHolder,
    OrderForPartner,
    OrderPage,
    PartnerHistory,
    Position,
    RecordPayment,
    Settle,
)
from backend.deposits.moving import TOPIC, after, move
from backend.deposits.problems import AMOUNT_REFUSED, NOT_A_CONTRACT, NOT_YET_AGREED
from backend.ledger import service as ledger
from backend.market import once
from backend.market import service as market
from backend.market.messages import VerifiedHolder
from backend.market.once import Answered, Once
from backend.partner_accounts import service as partner_accounts
from backend.platform import cursors
from backend.platform.access import Access, Ground
from backend.platform.callers import Caller, Signer, system_access
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.benefits.terms import CONTRACTS
from partners.ledger.audit import Difference
from partners.orders.money import AmountRefused, payable, settle
from partners.orders.states import OPEN, ORDER, UNTOUCHED_DAYS, OrderEvent, OrderState
from partners.pseudonyms import pairwise


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
        await move(platform, connection, row, OrderEvent.START, "partner")

    return await _by_partner(platform, signer, order_id, act, "开始使用", change)


async def charge(platform: Platform, signer: Signer, order_id: UUID, wanted: Charge, act: Once) -> Answered:
    """A part of the use is charged while it goes on 部分完结. The same charge under the same reference again succeeds.

    Raises NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT. Eight round trips.
    """
    charges, discounts = _of_part(wanted.charges, wanted.part_ref), _of_part(wanted.discounts, wanted.part_ref)

    async def change(connection: Connection, row: Row) -> None:
        known = [
            [position for position in row[side] if position.get("part") == wanted.part_ref]
            for side in ("charges", "discounts")
        ]
        if any(known):
            if known != [charges, discounts]:
                raise STATE_CONFLICT.error()
            return
        after(row, OrderEvent.CHARGE)
        changes = {"charges": row["charges"] + charges, "discounts": row["discounts"] + discounts}
        if _total({**row, **changes}) < row["paid_fen"]:
            raise AMOUNT_REFUSED.error()
        await move(platform, connection, row, OrderEvent.CHARGE, "partner", changes)

    return await _by_partner(platform, signer, order_id, act, "部分收费", change)


async def settle_order(platform: Platform, signer: Signer, order_id: UUID, wanted: Settle, act: Once) -> Answered:
    """What the use cost, beside what was charged in parts. Nothing left to pay: done; else the bill is due in seven days.
    The same settlement again succeeds.

    Raises NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT. Up to ten round trips.
    """
    charges, discounts = msgspec.to_builtins(wanted.charges), msgspec.to_builtins(wanted.discounts)

    async def change(connection: Connection, row: Row) -> None:
        if row["total_fen"] is not None:
            last = [[each for each in row[side] if "part" not in each] for side in ("charges", "discounts")]
            if last != [charges, discounts]:
                raise STATE_CONFLICT.error()
            return
        changes = {"charges": row["charges"] + charges, "discounts": row["discounts"] + discounts}
        total = _total({**row, **changes})
        if total < row["paid_fen"]:
            raise AMOUNT_REFUSED.error()
        event = OrderEvent.SETTLE if total > row["paid_fen"] else OrderEvent.SETTLE_NOTHING_DUE
        await move(platform, connection, row, event, "partner", {**changes, "total_fen": total})

    return await _by_partner(platform, signer, order_id, act, "结算订单", change)


async def record_payment(
    platform: Platform, signer: Signer, order_id: UUID, wanted: RecordPayment, act: Once
) -> Answered:
    """The holder paid, all or a part. All: done, and an offer that was closed for it opens again at once. After a guarantee,
    pool and city get their shares back. The same payment under the same reference again succeeds.

    Raises NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT. Up to twelve round trips; six more after a guarantee.
    """

    async def change(connection: Connection, row: Row) -> None:
        if wanted.payment_ref is not None:
            known = await store.payment_of(connection, order_id, wanted.payment_ref)
            if known is not None:
                if known != wanted.paid_fen:
                    raise STATE_CONFLICT.error()
                return
        after(row, OrderEvent.PAY_PART)
        try:
            billed = _total(row) if row["total_fen"] is None else row["total_fen"]
            paid = payable(billed, row["paid_fen"], wanted.paid_fen)
        except AmountRefused:
            raise AMOUNT_REFUSED.error() from None
        now = platform.clock.now()
        payment_id = new_id(now)
        payment = {
            "id": payment_id,
            "order_id": order_id,
            "partner_ref": wanted.payment_ref,
            "fen": wanted.paid_fen,
            "paid_fen": paid,
            "after_guarantee": row["state"] == OrderState.GUARANTEED,
            "at": now,
        }
        await store.add_payment(connection, payment)
        event = OrderEvent.PAY if paid == row["total_fen"] else OrderEvent.PAY_PART
        await move(platform, connection, row, event, "partner", {"paid_fen": paid})
        # After the offer: budgets are the last that a transaction locks.
        if row["state"] == OrderState.GUARANTEED:
            await ledger.take_back_guarantee(platform, connection, order_id, payment_id, wanted.paid_fen)

    return await _by_partner(platform, signer, order_id, act, "登记付款", change)


async def revoke_by_partner(platform: Platform, signer: Signer, order_id: UUID, act: Once) -> Answered:
    """The partner takes back an order that was not begun. Raises NOT_FOUND, STATE_CONFLICT. Eight round trips."""

    async def change(connection: Connection, row: Row) -> None:
        await move(platform, connection, row, OrderEvent.REVOKE, "partner")

    return await _by_partner(platform, signer, order_id, act, "取消订单", change)


async def for_partner(platform: Platform, signer: Signer, order_id: UUID) -> OrderForPartner:
    """An order of the partner. Raises NOT_FOUND, also for another partner's. Two round trips."""
    async with platform.database.connection() as connection:
        access = await _partner_access(connection, signer, "查询订单")
        return views.for_partner(await _of_partner(connection, access, signer, order_id))


async def history_for_partner(platform: Platform, signer: Signer, order_id: UUID) -> PartnerHistory:
    """What happened to an order of the partner, each state in a sentence; reminders are the holder's alone.

    Raises NOT_FOUND, also for another partner's. Three round trips.
    """
    async with platform.database.connection() as connection:
        access = await _partner_access(connection, signer, "查询订单经过")
        await _of_partner(connection, access, signer, order_id)
        return views.history_for_partner(order_id, await store.entries(connection, [order_id]))


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
        return await _shown(connection, caller, order_id)


async def revoke_by_holder(platform: Platform, caller: Caller, order_id: UUID) -> OrderForHolder:
    """The holder takes back an order that was not begun. Raises NOT_FOUND, STATE_CONFLICT. Six round trips."""
    async with platform.database.transaction() as connection:
        row = await _of_holder(connection, caller, order_id, lock=True)
        await move(platform, connection, row, OrderEvent.REVOKE, "holder")
        return await _shown(connection, caller, order_id)


async def dispute(platform: Platform, caller: Caller, order_id: UUID, wanted: FileDispute) -> OrderForHolder:
    """The holder disputes the bill of an order. Raises NOT_FOUND, STATE_CONFLICT. Up to twelve round trips."""
    async with platform.database.transaction() as connection:
        row = await _of_holder(connection, caller, order_id, lock=True)
        await disputes.file(platform, connection, row, wanted, caller.access("对账单提出异议", "orders"))
        return await _shown(connection, caller, order_id)


async def withdraw_dispute(platform: Platform, caller: Caller, order_id: UUID) -> OrderForHolder:
    """The holder takes the dispute back. Raises NOT_FOUND, STATE_CONFLICT. Ten round trips."""
    async with platform.database.transaction() as connection:
        row = await _of_holder(connection, caller, order_id, lock=True)
        await disputes.withdraw(platform, connection, row, caller.access("撤回账单异议", "orders"))
        return await _shown(connection, caller, order_id)


async def for_holder(platform: Platform, caller: Caller, order_id: UUID) -> OrderForHolder:
    """One order of the caller with its history. Raises NOT_FOUND. Two round trips."""
    async with platform.database.connection() as connection:
        return await _shown(connection, caller, order_id)


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> OrderPage:
    """The caller's orders, newest first. Two round trips. Raises BAD_CURSOR."""
    before = cursors.decode(cursor, UUID)
    access = caller.access("查看我的订单", "orders")
    async with platform.database.connection() as connection:
        rows = await store.page_of_holder(connection, access, caller.proven_subject(), before, limit + 1)
        orders = await _views(connection, access, rows[:limit])
    return OrderPage(orders, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: orders not begun are revoked, and ended ones are nobody's. One that is in use or unpaid keeps the
    pseudonymous subject that its contract needs (PIPL art. 13 (2)) and no account."""
    if subject_id is None:
        return
    access = system_access("deposits", "注销时清理订单", "注销账户", Ground.CONTRACT, "orders")
    for row in await store.not_begun(connection, access, subject_id):
        await move(platform, connection, row, OrderEvent.REVOKE, "holder")
    await store.forget(connection, subject_id, sorted(OPEN))


async def verifications_used(connection: Connection) -> list[tuple[UUID, datetime]]:
    """The verifications that orders used up, and when. One round trip."""
    return [(row["verification_id"], row["created_at"]) for row in await store.verifications_used(connection)]


async def differences(connection: Connection) -> list[Difference]:
    """Orders whose total is not the sum of their charges less that of their discounts, whose payments do not sum to what
    was paid, or that are done and unpaid. One round trip."""
    found = []
    for row in await store.wrong_totals(connection):
        what = f"order {row['id']}"
        if row["total_fen"] is not None and row["total_fen"] != row["derived"]:
            found.append(Difference(f"{what}: total", row["total_fen"], row["derived"]))
        if row["paid_fen"] != row["payments"]:
            found.append(Difference(f"{what}: paid", row["paid_fen"], row["payments"]))
        if (row["state"] == OrderState.DONE) != (row["paid_fen"] == row["total_fen"]):
            found.append(Difference(f"{what}: state {row['state']}", row["paid_fen"], row["total_fen"]))
    return found


async def lost(connection: Connection) -> list[ledger.Lost]:
    """Every order whose loss was shared: what was lost, and what came back since, payment by payment. Two round trips."""
    returns: defaultdict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    for row in await store.payments_after_guarantee(connection):
        returns[row["order_id"]].append((row["id"], row["fen"]))
    return [
        ledger.Lost(order_id=row["id"], loss_fen=row["loss_fen"], returns=tuple(returns[row["id"]]))
        for row in await store.losses(connection)
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


def _of_part(positions: Sequence[Position], part_ref: str) -> list[dict[str, object]]:
    return [{**msgspec.to_builtins(position), "part": part_ref} for position in positions]


def _total(row: Row) -> int:
    """What the positions of an order sum to. Raises AMOUNT_REFUSED."""
    charges, discounts = ([position["fen"] for position in row[side]] for side in ("charges", "discounts"))
    try:
        return settle(charges, discounts, row["agreed_fen"], row["cap_fen"])
    except AmountRefused:
        raise AMOUNT_REFUSED.error() from None


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


async def _answer(connection: Connection, signer: Signer, act: Once, row: Row, status: int = 200) -> Answered:
    return await once.save(connection, signer.owner_id, act, msgspec.json.encode(views.for_partner(row)), status)


async def _shown(connection: Connection, caller: Caller, order_id: UUID) -> OrderForHolder:
    row = await _of_holder(connection, caller, order_id)
    return (await _views(connection, caller.access("查看我的异议", "orders"), [row]))[0]


async def _views(connection: Connection, access: Access, rows: Sequence[Row]) -> list[OrderForHolder]:
    """Orders with every event, and what was decided about a dispute. Two round trips."""
    order_ids = [row["id"] for row in rows]
    entries = await store.entries(connection, order_ids)
    disputed = {row["order_id"]: row for row in await store.disputes_of(connection, access, order_ids)}
    return [
        views.for_holder(row, [entry for entry in entries if entry["order_id"] == row["id"]], disputed.get(row["id"]))
        for row in rows
    ]
