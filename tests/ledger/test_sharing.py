"""分担: a loss and what comes back are shared to the fen, whatever the shares and however many the parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partners.ledger.sharing import Borne, LossRule, Shares, apportion, minus, share_loss, share_return

FEN = some.integers(0, 10**9)


@given(FEN, some.lists(some.integers(0, 1000), min_size=1, max_size=5).filter(any))
def test_parts_sum_exactly_and_are_less_than_a_fen_from_their_quota(amount: int, weights: list[int]) -> None:
    parts, total = apportion(amount, weights), sum(weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - amount * weight) < total


@given(FEN, FEN, FEN, some.lists(some.integers(1, 10**8), max_size=8))
def test_returns_in_parts_give_every_share_back_exactly(merchant: int, pool: int, city: int, parts: list[int]) -> None:
    left = Shares(merchant_fen=merchant, pool_fen=pool, city_fen=city)
    for part in [*(min(part, left.loss_fen) for part in parts), None]:
        back = share_return(left, min(left.loss_fen, 10**18 if part is None else part))
        assert min(back.merchant_fen, back.pool_fen, back.city_fen) >= 0
        left = minus(left, back)
        assert min(left.merchant_fen, left.pool_fen, left.city_fen) >= 0
        if not left.loss_fen:
            break
    assert left == Shares(merchant_fen=0, pool_fen=0, city_fen=0)


@given(FEN, FEN, FEN, FEN, FEN, FEN, some.integers(0, 1000), some.integers(0, 1000))
def test_no_cap_is_passed_and_no_fen_is_lost(
    loss: int, order_cap: int, partner: int, year: int, pool: int, city: int, first: int, second: int
) -> None:
    a, b = sorted((first, second))
    rule = LossRule(
        merchant_permille=a, pool_permille=b - a, city_permille=1000 - b,
        order_cap_fen=order_cap, partner_year_cap_fen=partner, year_cap_fen=year,
    )  # fmt: skip
    may = Borne(partner_year_left_fen=partner, year_left_fen=year, pool_left_fen=pool, city_left_fen=city)
    shares = share_loss(rule, loss, may)
    assert shares.loss_fen == loss
    assert min(shares.merchant_fen, shares.pool_fen, shares.city_fen) >= 0
    assert shares.pool_fen + shares.city_fen <= min(loss, order_cap, partner, year)
    assert (shares.pool_fen <= pool, shares.city_fen <= city) == (True, True)


def test_shares_that_do_not_sum_to_the_whole_are_no_rule() -> None:
    with pytest.raises(ValueError, match="1000"):
        LossRule(
            merchant_permille=1, pool_permille=1, city_permille=1,
            order_cap_fen=1, partner_year_cap_fen=1, year_cap_fen=1,
        )  # fmt: skip
