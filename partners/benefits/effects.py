"""What changed terms would do, level by level, and what they would cost: pure counting, nobody is named."""

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from partners.benefits.eligibility import Holder, tier_for
from partners.benefits.terms import Terms

_WHOLE = 1000


class Used(msgspec.Struct, frozen=True):
    """How often a tier was used, and what that was worth in fen."""

    times: int
    worth_fen: int


class Effect(msgspec.Struct, frozen=True):
    """What a level has before and after; None is nothing. A value that grows is a gain."""

    rank: int
    before: int | None
    after: int | None

    @property
    def gains(self) -> bool:
        """Whether a person of this level has more than before."""
        return self.after is not None and (self.before is None or self.after > self.before)

    @property
    def loses(self) -> bool:
        """Whether a person of this level has less than before."""
        return self.before is not None and (self.after is None or self.after < self.before)


def value_at(terms: Terms | None, rank: int) -> int | None:
    """What a level has under terms by the one function that decides everywhere, all limits apart; None without terms."""
    if terms is None:
        return None
    tier = tier_for(terms, Holder(computes=True, shows=True, rank=rank))
    return tier.value if tier is not None else None


def effects(before: Terms | None, after: Terms, ranks: list[int]) -> list[Effect]:
    """The effect of a change on each level."""
    return [Effect(rank, value_at(before, rank), value_at(after, rank)) for rank in ranks]


def cost_after(
    changes: list[Effect], people: Mapping[int, int], used: Mapping[int, Used], unit: str, cap_fen: int | None
) -> int | None:
    """What the uses that were made would cost under the new terms, in whole fen, rounded down.

    `used` by the value of the tier under which it was given. A tier's uses are shared among the levels that had it, by how many
    people they have; a level that is new uses the benefit as often as everybody did on average. None where nobody has a share.
    """
    having = [change for change in changes if change.before is not None and people.get(change.rank, 0)]
    everybody = sum(people[change.rank] for change in having)
    if not everybody:
        return None
    times = sum(each.times for each in used.values())
    price = sum((_price(value, each, unit) for value, each in used.items()), Fraction(0))
    total = Fraction(0)
    for change in changes:
        here = people.get(change.rank, 0)
        if change.after is None or not here:
            continue
        if change.before is None or change.before not in used:
            shared = Fraction(here, everybody) if change.before is None else Fraction(0)
            uses, spent = times * shared, price * shared
        else:
            same = sum(people[each.rank] for each in having if each.before == change.before)
            share = Fraction(here, same)
            uses, spent = used[change.before].times * share, _price(change.before, used[change.before], unit) * share
        cost = spent * change.after / _WHOLE if unit == "permille" else spent * change.after
        total += cost if cap_fen is None else min(cost, uses * cap_fen)
    return int(total)


def _price(value: int, used: Used, unit: str) -> Fraction:
    """What the discounts were taken from; of sums, how many whole values were given."""
    if not value:
        return Fraction(0)
    return Fraction(used.worth_fen * _WHOLE, value) if unit == "permille" else Fraction(used.worth_fen, value)
