"""Order states and money: no dead ends, nothing above what was agreed, whatever comes in which order."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partners.orders.machine import Machine, NotAllowed
from partners.orders.money import AmountRefused, held, payable, reversible, settle
from partners.orders.reminders import LADDER, is_guaranteed, late_after_dispute, next_day, reminded
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


@pytest.mark.parametrize("state", [OrderState.PAYMENT_DUE, OrderState.IN_ARREARS, OrderState.GUARANTEED])
def test_an_unpaid_bill_can_always_be_paid(state: OrderState) -> None:
    assert ORDER.after(state, OrderEvent.PAY) is OrderState.DONE


def test_while_a_bill_is_disputed_no_date_does_anything() -> None:
    for event in (OrderEvent.REMIND, OrderEvent.PASS_DUE_DATE, OrderEvent.GUARANTEE, OrderEvent.EXPIRE):
        with pytest.raises(NotAllowed):
            ORDER.after(OrderState.DISPUTED, event)


def test_a_reminder_changes_no_state() -> None:
    for state, moves in ORDER.moves.items():
        assert moves.get(OrderEvent.REMIND, state) is state


@given(FEN, some.lists(FEN, max_size=6))
def test_payments_in_parts_never_exceed_the_bill(billed: int, wanted: list[int]) -> None:
    paid = 0
    for amount in wanted:
        try:
            paid = payable(billed, paid, amount)
        except AmountRefused:
            assert amount == 0 or paid + amount > billed
    assert 0 <= paid <= billed


@pytest.mark.parametrize("state", OrderState)
def test_what_is_held_is_never_more_than_was_agreed_and_nothing_at_the_end(state: OrderState) -> None:
    ended = state in {OrderState.DONE, OrderState.REVOKED, OrderState.EXPIRED}
    assert held(state, 1000, None if state in {OrderState.CREATED, OrderState.IN_USE} else 600, 100) == (
        0 if ended else 900 if state in {OrderState.CREATED, OrderState.IN_USE} else 500
    )


LATE = date(2026, 12, 1)


def test_the_ladder_mentions_a_bill_on_its_days_and_then_steps_aside() -> None:
    days = [LATE + timedelta(days=step) for step in range(-7, 40)]
    counts = [reminded(LADDER, LATE, day) for day in days]
    fresh = [day for day, before, after in zip(days[1:], counts, counts[1:], strict=False) if after > before]
    assert fresh == [LATE + timedelta(days=step) for step in LADDER.reminders]
    assert next(day for day in days if is_guaranteed(LADDER, LATE, day)) == LATE + timedelta(days=LADDER.guarantee)
    assert next_day(LADDER, LATE, LATE + timedelta(days=LADDER.guarantee)) is None


@given(some.integers(-7, 60), some.integers(0, 400))
def test_the_days_that_were_left_count_from_the_end_of_a_dispute(disputed: int, took: int) -> None:
    filed = LATE + timedelta(days=disputed)
    late = late_after_dispute(LATE, filed, filed + timedelta(days=took))
    left = (late - filed).days - took
    assert left == max(-disputed, 4)


@pytest.mark.parametrize("state", [OrderState.DONE, OrderState.REVOKED, OrderState.EXPIRED])
def test_what_has_ended_does_not_start_again(state: OrderState) -> None:
    for event in OrderEvent:
        with pytest.raises(NotAllowed):
            ORDER.after(state, event)


def test_a_refused_event_says_what_would_be_allowed() -> None:
    with pytest.raises(NotAllowed) as refused:
        ORDER.after(OrderState.IN_USE, OrderEvent.PAY)
    assert refused.value.allowed == ("charge", "pay-part", "settle", "settle-nothing-due")


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
