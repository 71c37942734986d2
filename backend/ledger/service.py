"""What the ledger does, for its own API and for other rooms: one function for each act."""

from backend.ledger.checking import Redeemed, differences, planned_benefits
from backend.ledger.holding import Hold, hold, let_go
from backend.ledger.plans import (
    approve_budget,
    approve_plan,
    budget,
    budgets,
    end_plan,
    plan,
    plans,
    propose_budget,
    propose_plan,
    published,
    refuse_budget,
    refuse_plan,
)
from backend.ledger.posting import Return, Use, paying, paying_on, subsidise, take_back
from backend.ledger.settling import (
    draw_last_month,
    draw_statements,
    listing,
    one,
    one_as_csv,
    paid_between,
    previous_month,
    span,
)

__all__ = [
    "Hold",
    "Redeemed",
    "Return",
    "Use",
    "approve_budget",
    "approve_plan",
    "budget",
    "budgets",
    "differences",
    "draw_last_month",
    "draw_statements",
    "end_plan",
    "hold",
    "let_go",
    "listing",
    "one",
    "one_as_csv",
    "paid_between",
    "paying",
    "paying_on",
    "plan",
    "planned_benefits",
    "plans",
    "previous_month",
    "propose_budget",
    "propose_plan",
    "published",
    "refuse_budget",
    "refuse_plan",
    "span",
    "subsidise",
    "take_back",
]
