"""Postings 分录: money that moves from one account to another and names what moved it.

A posting has one source and one target and one amount, so that it balances by its form and not by care: double entry
with nothing left to add up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from uuid import UUID

import msgspec

from partners.ledger.sharing import Shares


class AccountKind(StrEnum):
    """Whose money: of the treasury 财政, which only gives out; of a department's budget 预算; owed to a partner 应付商户;
    of the guarantee pool 担保资金池; paid out through the bank 已付, which only takes in."""

    TREASURY = "treasury"
    BUDGET = "budget"
    PARTNER = "partner"
    POOL = "pool"
    BANK = "bank"


class Account(msgspec.Struct, frozen=True, order=True):
    """An account and the id of what it belongs to."""

    kind: AccountKind
    owner: UUID


TREASURY = Account(AccountKind.TREASURY, UUID(int=0))
POOL = Account(AccountKind.POOL, UUID(int=0))
BANK = Account(AccountKind.BANK, UUID(int=0))


class Cause(StrEnum):
    """What moves money: a budget that is approved, a redemption, a reversal; funds for the pool; pool's and city's share of an
    order's loss, and of a later payment for it; a payment to a partner."""

    BUDGET = "budget"
    REDEMPTION = "redemption"
    REVERSAL = "reversal"
    POOL_FUNDING = "pool-funding"
    GUARANTEE_POOL = "guarantee-pool"
    GUARANTEE_CITY = "guarantee-city"
    RETURN_POOL = "return-pool"
    RETURN_CITY = "return-city"
    PAYMENT = "payment"


GUARANTEES = frozenset({Cause.GUARANTEE_POOL, Cause.GUARANTEE_CITY})
RETURNS = frozenset({Cause.RETURN_POOL, Cause.RETURN_CITY})


class Entry(msgspec.Struct, frozen=True):
    """What a posting adds to one account; negative for what it takes."""

    account: Account
    fen: int


class Posting(msgspec.Struct, frozen=True):
    """`amount_fen` moves from `source` to `target` because of one cause, which moves money once and never again."""

    cause: Cause
    cause_id: UUID
    source: Account
    target: Account
    amount_fen: int

    def entries(self) -> tuple[Entry, Entry]:
        """Both sides; they sum to zero."""
        return Entry(self.source, -self.amount_fen), Entry(self.target, self.amount_fen)


def appropriation(budget_id: UUID, amount_fen: int) -> Posting:
    """A budget is approved: the treasury gives it what it may spend."""
    return _posting(Cause.BUDGET, budget_id, TREASURY, Account(AccountKind.BUDGET, budget_id), amount_fen)


def paid(redemption_id: UUID, budget_id: UUID, partner_id: UUID, amount_fen: int) -> Posting:
    """A subsidised redemption: the budget owes the partner its share."""
    budget, partner = Account(AccountKind.BUDGET, budget_id), Account(AccountKind.PARTNER, partner_id)
    return _posting(Cause.REDEMPTION, redemption_id, budget, partner, amount_fen)


def returned(reversal_id: UUID, budget_id: UUID, partner_id: UUID, amount_fen: int) -> Posting:
    """A reversal: the partner's claim goes back to the budget that it came from."""
    budget, partner = Account(AccountKind.BUDGET, budget_id), Account(AccountKind.PARTNER, partner_id)
    return _posting(Cause.REVERSAL, reversal_id, partner, budget, amount_fen)


def funded(funding_id: UUID, budget_id: UUID, amount_fen: int) -> Posting:
    """Funds for the pool: a budget gives it what it may bear."""
    return _posting(Cause.POOL_FUNDING, funding_id, Account(AccountKind.BUDGET, budget_id), POOL, amount_fen)


def guaranteed(order_id: UUID, budget_id: UUID, partner_id: UUID, shares: Shares) -> tuple[Posting, ...]:
    """A loss is shared: pool and city owe the partner what they bear; a share of nothing moves nothing."""
    budget, partner = Account(AccountKind.BUDGET, budget_id), Account(AccountKind.PARTNER, partner_id)
    moved = (
        _posting(Cause.GUARANTEE_POOL, order_id, POOL, partner, shares.pool_fen),
        _posting(Cause.GUARANTEE_CITY, order_id, budget, partner, shares.city_fen),
    )
    return tuple(posting for posting in moved if posting.amount_fen)


def came_back(payment_id: UUID, budget_id: UUID, partner_id: UUID, shares: Shares) -> tuple[Posting, ...]:
    """The holder paid after all: pool and city get their shares of the payment back from the partner that received it."""
    budget, partner = Account(AccountKind.BUDGET, budget_id), Account(AccountKind.PARTNER, partner_id)
    moved = (
        _posting(Cause.RETURN_POOL, payment_id, partner, POOL, shares.pool_fen),
        _posting(Cause.RETURN_CITY, payment_id, partner, budget, shares.city_fen),
    )
    return tuple(posting for posting in moved if posting.amount_fen)


def paid_out(payment_id: UUID, partner_id: UUID, amount_fen: int) -> Posting:
    """What was owed to a partner was paid."""
    return _posting(Cause.PAYMENT, payment_id, Account(AccountKind.PARTNER, partner_id), BANK, amount_fen)


def balances(postings: Iterable[Posting]) -> Mapping[Account, int]:
    """What every account holds after these postings; the sum over all accounts is zero."""
    held: Counter[Account] = Counter()
    for posting in postings:
        for entry in posting.entries():
            held[entry.account] += entry.fen
    return held


def _posting(cause: Cause, cause_id: UUID, source: Account, target: Account, amount_fen: int) -> Posting:
    if amount_fen < 0:
        raise ValueError("a posting moves money from its source to its target: the amount is not negative")
    return Posting(cause, cause_id, source, target, amount_fen)
