"""An order as each of its two sides sees it."""

from collections.abc import Sequence
from uuid import UUID

from backend.deposits.messages import (
    DisputeForHolder,
    DisputeState,
    Entry,
    OrderForHolder,
    OrderForPartner,
    PartnerHistory,
    Position,
)
from backend.deposits.sentences import FOR_HOLDER, FOR_PARTNER
from backend.platform.database import Row
from partners.orders.money import held
from partners.orders.states import OrderState


def for_partner(row: Row) -> OrderForPartner:
    """The partner's side: nothing about the person but, once they agreed, the pseudonym of this contract."""
    return OrderForPartner(
        order_id=row["id"],
        verification_id=row["verification_id"],
        benefit=row["benefit_id"],
        state=OrderState(row["state"]),
        agreed=row["agreed_at"] is not None,
        agreed_fen=row["agreed_fen"],
        total_fen=row["total_fen"],
        paid_fen=row["paid_fen"],
        held_fen=held(OrderState(row["state"]), row["agreed_fen"], row["total_fen"], row["paid_fen"]),
        due_at=row["due_at"],
        partner_ref=row["partner_ref"],
        ppid=row["ppid"] if row["agreed_at"] is not None else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def history_for_partner(order_id: UUID, entries: Sequence[Row]) -> PartnerHistory:
    """What the partner may know of what happened: every state, and no reminder."""
    return PartnerHistory(
        order_id,
        [
            Entry(entry["at"], entry["event"], *FOR_PARTNER[entry["event"]])
            for entry in entries
            if entry["event"] in FOR_PARTNER
        ],
    )


def for_holder(row: Row, entries: Sequence[Row], dispute: Row | None) -> OrderForHolder:
    """The holder's side, with every event in a sentence."""
    used = row["state"] not in {OrderState.CREATED, OrderState.REVOKED, OrderState.EXPIRED}
    return OrderForHolder(
        order_id=row["id"],
        partner=row["partner_name"],
        benefit=row["benefit_id"],
        benefit_name=row["benefit_name"],
        benefit_name_en=row["benefit_name_en"],
        state=OrderState(row["state"]),
        agreed_at=row["agreed_at"],
        agreed_fen=row["agreed_fen"],
        charges=[Position(each["what"], each["fen"]) for each in row["charges"]],
        discounts=[Position(each["what"], each["fen"]) for each in row["discounts"]],
        total_fen=row["total_fen"],
        paid_fen=row["paid_fen"],
        due_at=row["due_at"],
        saved_fen=row["agreed_fen"] if used else 0,
        dispute=None if dispute is None else _dispute(dispute),
        created_at=row["created_at"],
        history=[Entry(entry["at"], entry["event"], *FOR_HOLDER[entry["event"]]) for entry in entries],
    )


def _dispute(row: Row) -> DisputeForHolder:
    decided = row["state"] == DisputeState.DECIDED
    return DisputeForHolder(
        dispute_id=row["id"],
        state=DisputeState(row["state"]),
        filed_at=row["filed_at"],
        owed_fen=row["owed_fen"] if decided else None,
        reasons=row["reasons"] if decided else None,
        decided_at=row["decided_at"],
    )
