"""Postings 分录: money that moves from one account to another and names what moved it.

A posting has one source and one target and one amount, so that it balances by its form and not by care: double entry
with nothing left to add up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from uuid import UUID

import msgspec


class AccountKind(StrEnum):
    """Whose money: of the treasury 财政, which only gives out; of a department's budget 预算; owed to a partner 应付商户."""

    TREASURY = "treasury"
    BUDGET = "budget"
    PARTNER = "partner"


class Account(msgspec.Struct, frozen=True, order=True):
    """An account and the id of what it belongs to."""

    kind: AccountKind
    owner: UUID


TREASURY = Account(AccountKind.TREASURY, UUID(int=0))


class Cause(StrEnum):
    """What moves money: a budget that is approved, a redemption, a reversal."""

    BUDGET = "budget"
    REDEMPTION = "redemption"
    REVERSAL = "reversal"


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
