"""What the books must say: every posting and every balance derived anew from redemptions, reversals and plans alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from partners.ledger.postings import (
    Cause,
    Posting,
    appropriation,
    came_back,
    funded,
    guaranteed,
    paid,
    paid_out,
    returned,
)
from partners.ledger.sharing import Shares, minus, share_return
from partners.ledger.subsidies import Formula, subsidy, taken_back


class Difference(msgspec.Struct, frozen=True):
    """Something kept that is not what the events say. `what` names it with its ids; None stands for nothing at all."""

    what: str
    kept: int | str | None
    derived: int | str | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An approved plan on the days on which it pays, both included."""

    id: UUID
    budget_id: UUID
    benefit_id: str
    formula: Formula
    begins: date
    last_day: date


class Reversal(msgspec.Struct, frozen=True):
    """What was taken back of a redemption."""

    id: UUID
    amount_fen: int


class Redemption(msgspec.Struct, frozen=True, kw_only=True):
    """What was redeemed on a day of Asia/Shanghai, with all its reversals in the order in which they came."""

    id: UUID
    partner_id: UUID
    benefit_id: str
    amount_fen: int
    day: date
    reversals: tuple[Reversal, ...] = ()


class Guaranteed(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose loss was shared, with every later payment for it in the order in which they came: id and fen."""

    order_id: UUID
    partner_id: UUID
    budget_id: UUID
    shares: Shares
    returns: tuple[tuple[UUID, int], ...] = ()


class Payment(msgspec.Struct, frozen=True):
    """A payment to a partner that two operators recorded."""

    id: UUID
    partner_id: UUID
    amount_fen: int


class Funding(msgspec.Struct, frozen=True):
    """Funds of a budget for the pool."""

    id: UUID
    budget_id: UUID
    amount_fen: int


def plan_on(plans: Iterable[Plan], benefit_id: str, day: date) -> Plan | None:
    """The plan that pays for a benefit on a day, or None: the merchant bears it alone."""
    return next((plan for plan in plans if plan.benefit_id == benefit_id and plan.begins <= day <= plan.last_day), None)


def postings_of(
    budgets: Mapping[UUID, int], plans: Sequence[Plan], redemptions: Iterable[Redemption]
) -> dict[tuple[Cause, UUID], Posting]:
    """Every posting there must be, by its cause. `budgets`: the approved amount of each."""
    derived = [appropriation(budget_id, amount) for budget_id, amount in budgets.items()]
    by_benefit: defaultdict[str, list[Plan]] = defaultdict(list)
    for plan in plans:
        by_benefit[plan.benefit_id].append(plan)
    for redemption in redemptions:
        paying = plan_on(by_benefit[redemption.benefit_id], redemption.benefit_id, redemption.day)
        if paying is not None:
            derived += _of_redemption(paying, redemption)
    return {(posting.cause, posting.cause_id): posting for posting in derived}


def further_postings_of(
    fundings: Iterable[Funding], guarantees: Iterable[Guaranteed], payments: Iterable[Payment]
) -> dict[tuple[Cause, UUID], Posting]:
    """Every posting there must be beside those of redemptions, by its cause.

    Raises ValueError if more came back than was lost.
    """
    derived = [funded(funding.id, funding.budget_id, funding.amount_fen) for funding in fundings]
    derived += [paid_out(payment.id, payment.partner_id, payment.amount_fen) for payment in payments]
    for each in guarantees:
        derived += guaranteed(each.order_id, each.budget_id, each.partner_id, each.shares)
        left = each.shares
        for payment_id, fen in each.returns:
            back = share_return(left, fen)
            derived += came_back(payment_id, each.budget_id, each.partner_id, back)
            left = minus(left, back)
    return {(posting.cause, posting.cause_id): posting for posting in derived}


def _of_redemption(plan: Plan, redemption: Redemption) -> list[Posting]:
    left = redemption.amount_fen
    share = subsidy(plan.formula, left)
    derived = [paid(redemption.id, plan.budget_id, redemption.partner_id, share)]
    for reversal in redemption.reversals:
        after = left - reversal.amount_fen
        share = taken_back(plan.formula, left, after)
        derived.append(returned(reversal.id, plan.budget_id, redemption.partner_id, share))
        left = after
    return derived


def compare(kept: Iterable[Posting], derived: Mapping[tuple[Cause, UUID], Posting]) -> list[Difference]:
    """Where kept postings differ from those derived; one that stands twice is a difference too."""
    found = []
    missing = dict(derived)
    for posting in kept:
        expected = missing.pop((posting.cause, posting.cause_id), None)
        if expected == posting:
            continue
        what = f"posting of {posting.cause} {posting.cause_id}"
        if expected is None:
            found.append(Difference(what, posting.amount_fen, None))
        elif expected.amount_fen != posting.amount_fen:
            found.append(Difference(what, posting.amount_fen, expected.amount_fen))
        else:
            found.append(Difference(f"{what}: accounts", _accounts(posting), _accounts(expected)))
    found += [
        Difference(f"posting of {cause} {cause_id}", None, posting.amount_fen)
        for (cause, cause_id), posting in missing.items()
    ]
    return found


def _accounts(posting: Posting) -> str:
    source, target = posting.source, posting.target
    return f"{source.kind} {source.owner} -> {target.kind} {target.owner}"
