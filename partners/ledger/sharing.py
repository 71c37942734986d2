"""Sharing 分担: a loss between merchant, pool and city, and what comes back later, to the fen.

An amount is shared by largest remainder (Hamilton): each gets the floor of its quota, and what is left goes fen by fen to the
largest remainders, the earlier share first where they are equal. A loss on file is shared once, by the rule's permille. What
comes back is shared by *what of each share has not come back yet*: so parts, however many, give every share back exactly.
"""

from collections.abc import Sequence

import msgspec

WHOLE = 1000


class LossRule(msgspec.Struct, frozen=True, kw_only=True):
    """Who bears a loss, in permille that sum to 1000, and up to how much: of one order, of one partner's year, of the year."""

    merchant_permille: int
    pool_permille: int
    city_permille: int
    order_cap_fen: int
    partner_year_cap_fen: int
    year_cap_fen: int

    def __post_init__(self) -> None:
        shares = (self.merchant_permille, self.pool_permille, self.city_permille)
        if min(shares) < 0 or sum(shares) != WHOLE:
            raise ValueError("the shares of a loss are not negative and sum to 1000")


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Who bears what of a loss; the three sum to it."""

    merchant_fen: int
    pool_fen: int
    city_fen: int

    @property
    def loss_fen(self) -> int:
        """The whole loss."""
        return self.merchant_fen + self.pool_fen + self.city_fen


class Borne(msgspec.Struct, frozen=True, kw_only=True):
    """What pool and city may still bear: of the partner's year, of everybody's year, of the pool, of the city's budget."""

    partner_year_left_fen: int
    year_left_fen: int
    pool_left_fen: int
    city_left_fen: int


def apportion(amount_fen: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`amount_fen` in the proportion of whole weights, by largest remainder: the parts sum to it exactly.

    Raises ValueError for a negative amount or weight, and for something to share among no weight.
    """
    total = sum(weights)
    if amount_fen < 0 or any(weight < 0 for weight in weights) or (amount_fen and not total):
        raise ValueError("a non-negative amount is shared among non-negative weights that are not all zero")
    if not total:
        return tuple(0 for _ in weights)
    quotas = [divmod(amount_fen * weight, total) for weight in weights]
    parts = [quotient for quotient, _ in quotas]
    order = sorted(range(len(weights)), key=lambda place: (-quotas[place][1], place))
    for place in order[: amount_fen - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def share_loss(rule: LossRule, loss_fen: int, may: Borne) -> Shares:
    """Who bears what of a loss. What lies above a cap, or what pool or budget do not hold, is the merchant's."""
    covered = max(0, min(loss_fen, rule.order_cap_fen))
    _, pool, city = apportion(covered, (rule.merchant_permille, rule.pool_permille, rule.city_permille))
    left = max(0, min(may.partner_year_left_fen, may.year_left_fen))
    if pool + city > left:
        pool, city = apportion(left, (pool, city))
    pool, city = min(pool, max(0, may.pool_left_fen)), min(city, max(0, may.city_left_fen))
    return Shares(merchant_fen=loss_fen - pool - city, pool_fen=pool, city_fen=city)


def share_return(left: Shares, paid_fen: int) -> Shares:
    """Who gets what of a later payment: in the proportion of what each has not got back yet.

    Raises ValueError for more than is left.
    """
    if paid_fen > left.loss_fen:
        raise ValueError("more comes back than was lost")
    merchant, pool, city = apportion(paid_fen, (left.merchant_fen, left.pool_fen, left.city_fen))
    return Shares(merchant_fen=merchant, pool_fen=pool, city_fen=city)


def minus(left: Shares, returned: Shares) -> Shares:
    """What is left of shares after a return."""
    return Shares(
        merchant_fen=left.merchant_fen - returned.merchant_fen,
        pool_fen=left.pool_fen - returned.pool_fen,
        city_fen=left.city_fen - returned.city_fen,
    )
