"""The states of a complaint are a table with nothing missing in it, and its terms are dated."""

from datetime import date

from backend.complaints.states import FINAL, NEXT, START, WAITING, ComplaintEvent, ComplaintState
from backend.complaints.terms import terms_on, versions
from tests.builders.state_machines import require_whole


def test_the_table_is_whole() -> None:
    require_whole(NEXT, START, FINAL, list(ComplaintEvent))


def test_whatever_is_open_can_be_taken_back_and_whatever_waits_accepted() -> None:
    for state in set(ComplaintState) - FINAL:
        assert NEXT[state, ComplaintEvent.WITHDRAW] is ComplaintState.WITHDRAWN
    for state in WAITING:
        assert NEXT[state, ComplaintEvent.ACCEPT] is ComplaintState.ACCEPTED


def test_the_terms_are_those_of_the_law() -> None:
    assert terms_on(date(2026, 11, 23)).answer == 20
    assert all(terms.legal_basis for terms in versions())
