"""Order states and money: no dead ends, nothing above what was agreed, whatever comes in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partners.orders.machine import Machine, NotAllowed
from partners.orders.money import AmountRefused, reversible, settle
from partners.orders.states import (
    ORDER,
    REDEMPTION,
    RESERVATION,
    VERIFICATION,
    OrderEvent,
    OrderState,
    RedemptionState,
    ReservationState,
    VerificationState,
)

FEN = some.integers(0, 10**10)


@pytest.mark.parametrize(
    ("machine", "states"),
    [
        (ORDER, set(OrderState)),
        (REDEMPTION, set(RedemptionState)),
        (VERIFICATION, set(VerificationState)),
        (RESERVATION, set(ReservationState)),
    ],
)
def test_every_state_can_be_reached(machine: Machine, states: set[str]) -> None:
    assert machine.reachable() == states


def test_an_unpaid_bill_can_always_be_paid() -> None:
    assert ORDER.after(OrderState.IN_ARREARS, OrderEvent.PAY) is OrderState.DONE


@pytest.mark.parametrize("state", [OrderState.DONE, OrderState.REVOKED, OrderState.EXPIRED])
def test_what_has_ended_does_not_start_again(state: OrderState) -> None:
    for event in OrderEvent:
        with pytest.raises(NotAllowed):
            ORDER.after(state, event)


def test_a_refused_event_says_what_would_be_allowed() -> None:
    with pytest.raises(NotAllowed) as refused:
        ORDER.after(OrderState.IN_USE, OrderEvent.PAY)
    assert refused.value.allowed == ("settle", "settle-nothing-due")


@given(some.lists(FEN, max_size=5), some.lists(FEN, max_size=5), FEN, FEN)
def test_a_total_is_exact_and_never_above_what_was_agreed(
    charges: list[int], discounts: list[int], agreed: int, cap: int
) -> None:
    try:
        total = settle(charges, discounts, agreed, cap)
    except AmountRefused:
        assert not 0 <= sum(charges) - sum(discounts) <= agreed <= cap
    else:
        assert total == sum(charges) - sum(discounts)
        assert 0 <= total <= agreed <= cap


@given(FEN, some.lists(some.one_of(some.none(), FEN), max_size=6))
def test_reversals_together_never_take_back_more_than_was_redeemed(redeemed: int, wanted: list[int | None]) -> None:
    taken = 0
    for amount in wanted:
        try:
            taken += reversible(redeemed, taken, amount)
        except AmountRefused:
            continue
    assert 0 <= taken <= redeemed


@pytest.mark.parametrize(("charges", "discounts"), [([-1], []), ([1], [-1])])
def test_negative_amounts_are_refused(charges: list[int], discounts: list[int]) -> None:
    with pytest.raises(AmountRefused, match="negative"):
        settle(charges, discounts, 10, 10)
