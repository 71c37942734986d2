"""The table of an objection's states, and its clock, as data and pure functions."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.objections import deadlines
from backend.objections.states import FINAL, NEXT, START, ObjectionEvent, ObjectionState
from backend.platform.working_days import WorkingCalendar
from tests.builders.state_machines import require_whole

CALENDAR = WorkingCalendar()


def test_every_state_can_be_reached_and_ends() -> None:
    require_whole(NEXT, START, FINAL, set(ObjectionEvent))


def test_nothing_is_decided_before_the_record_is_marked() -> None:
    assert [event for before, event in NEXT if before is START] == [ObjectionEvent.MARK]


def test_nothing_is_rejected_without_a_confirmation() -> None:
    assert {event for (_, event), after in NEXT.items() if after is ObjectionState.REJECTED} == {ObjectionEvent.CONFIRM}


@pytest.mark.parametrize(
    ("filed_on", "term", "last_day"),
    [
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 13), 3, date(2026, 2, 25)),
        (date(2026, 4, 30), 3, date(2026, 5, 8)),
        (date(2026, 9, 18), 3, date(2026, 9, 22)),
        (date(2026, 9, 30), 7, date(2026, 10, 15)),
    ],
)
def test_the_term_is_counted_in_working_days_from_the_day_after(filed_on: date, term: int, last_day: date) -> None:
    assert deadlines.decide_by(CALENDAR, filed_on, term, 0).day == last_day


def test_the_terms_are_those_of_the_regulation() -> None:
    terms = deadlines.terms_on(date(2026, 11, 23))
    assert (terms.mark, terms.decide, terms.decide_with_help, terms.help_replies) == (1, 3, 7, 2)


@settings(max_examples=60, deadline=None)
@given(
    filed_on=st.dates(date(2026, 1, 1), date(2026, 10, 31)),
    paused_after=st.integers(0, 3),
    pause=st.integers(0, 30),
)
def test_a_pause_costs_the_authority_no_working_day(filed_on: date, paused_after: int, pause: int) -> None:
    paused_on = CALENDAR.add(filed_on, paused_after).day
    resumed_on = paused_on + timedelta(days=pause)
    excluded = deadlines.excluded_by(CALENDAR, paused_on, resumed_on)
    last_day = deadlines.decide_by(CALENDAR, filed_on, 3, excluded).day
    used = CALENDAR.between(filed_on, paused_on) + CALENDAR.between(resumed_on, last_day)
    assert used == 3
