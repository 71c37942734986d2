"""What a partner is owed, and payments to it 拨付: recorded by one operator, confirmed by another, in double entry."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.ledger import approvals, deciding, guarantee_store, settling
from backend.ledger.guarantee_messages import Balance, Paid, PaymentOut, PaymentPage, ProposePayment
from backend.ledger.guarantee_store import Movement
from backend.ledger.problems import PAYMENT_UNUSABLE
from backend.ledger.states import ProposalState
from backend.platform import cursors
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.row_ids import new_id
from partners.ledger.postings import paid_out


async def propose_payment(connection: Connection, account_id: UUID, wanted: ProposePayment, now: datetime) -> UUID:
    """Records a transfer that was made; it counts once a second operator has confirmed it. Gives its id. Four round trips.

    Raises PAYMENT_UNUSABLE for more than is owed, a day to come, or a reference of the bank that stands already.
    """
    await _require_payable(connection, wanted.partner_id, wanted.amount_fen)
    taken = await guarantee_store.reference_is_taken(connection, wanted.bank_reference)
    if taken or wanted.paid_on > local_date(now):
        raise PAYMENT_UNUSABLE.error()
    payment_id = new_id(now)
    await guarantee_store.propose(
        connection,
        "partner_payment",
        {"id": payment_id, **msgspec.structs.asdict(wanted), "proposed_by": account_id, "proposed_at": now},
    )
    return payment_id


async def approve_payment(
    platform: Platform, connection: Connection, account_id: UUID, payment_id: UUID, now: datetime
) -> None:
    """A second operator confirms it: the partner is owed that much less. Six round trips.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED, PAYMENT_UNUSABLE.
    """
    row = await deciding.proposed(connection, "partner_payment", account_id, payment_id)
    partner_id = row["partner_id"]
    await guarantee_store.one_at_a_time(connection, f"payments to {partner_id}")
    await _require_payable(connection, partner_id, row["amount_fen"])
    says = approvals.of_payment(row)
    await deciding.approve(
        platform, connection, "partner_payment", account_id, payment_id, approvals.PAYMENT, says, now
    )
    posting = paid_out(payment_id, partner_id, row["amount_fen"])
    movement = Movement(id=new_id(now), posting=posting, at=now, partner_ref=row["bank_reference"])
    await guarantee_store.book(connection, [movement])


async def refuse_payment(connection: Connection, account_id: UUID, payment_id: UUID, now: datetime) -> None:
    """A second operator refuses a payment. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. Two round trips."""
    await deciding.refuse(connection, "partner_payment", account_id, payment_id, now)


async def payment(connection: Connection, account_id: UUID, payment_id: UUID) -> PaymentOut:
    """One payment as an operator sees it. Raises NOT_FOUND. One round trip."""
    row = await guarantee_store.proposal(connection, "partner_payment", payment_id)
    if row is None:
        raise NOT_FOUND.error()
    return _payment(row, account_id)


async def payments(connection: Connection, account_id: UUID, cursor: str | None, limit: int) -> PaymentPage:
    """All payments, newest first. Raises BAD_CURSOR. One round trip."""
    rows = await guarantee_store.proposals(connection, "partner_payment", cursors.decode(cursor, UUID), limit + 1)
    following = cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None
    return PaymentPage([_payment(row, account_id) for row in rows[:limit]], following)


async def balance(connection: Connection, partner_id: UUID, cursor: str | None, limit: int) -> Balance:
    """What a partner is owed now, from its last statement and what came since, and its payments. Raises BAD_CURSOR. Three
    round trips."""
    rows = await guarantee_store.payments_of(connection, partner_id, cursors.decode(cursor, UUID), limit + 1)
    return Balance(
        balance_fen=await settling.balance_now(connection, partner_id),
        payments=[
            Paid(row["id"], row["amount_fen"], row["bank_reference"], row["paid_on"], row["decided_at"])
            for row in rows[:limit]
        ],
        next=cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None,
    )


async def _require_payable(connection: Connection, partner_id: UUID, amount_fen: int) -> None:
    if amount_fen > await settling.balance_now(connection, partner_id):
        raise PAYMENT_UNUSABLE.error()


def _payment(row: Row, account_id: UUID) -> PaymentOut:
    return PaymentOut(
        id=row["id"],
        partner_id=row["partner_id"],
        amount_fen=row["amount_fen"],
        bank_reference=row["bank_reference"],
        paid_on=row["paid_on"],
        state=ProposalState(row["state"]),
        proposed_at=row["proposed_at"],
        mine=row["proposed_by"] == account_id,
    )
