"""An order as each of its two sides sees it."""

from collections.abc import Sequence

import msgspec

from backend.deposits.messages import Entry, OrderForHolder, OrderForPartner, Position
from backend.deposits.sentences import SENTENCES
from backend.platform.database import Row
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
        due_at=row["due_at"],
        partner_ref=row["partner_ref"],
        ppid=row["ppid"] if row["agreed_at"] is not None else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def for_holder(row: Row, entries: Sequence[Row]) -> OrderForHolder:
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
        charges=msgspec.convert(row["charges"], list[Position]),
        discounts=msgspec.convert(row["discounts"], list[Position]),
        total_fen=row["total_fen"],
        due_at=row["due_at"],
        saved_fen=row["agreed_fen"] if used else 0,
        created_at=row["created_at"],
        history=[Entry(entry["at"], entry["event"], *SENTENCES[entry["event"]]) for entry in entries],
    )
