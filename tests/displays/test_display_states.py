"""The table of a display code's states, as data."""

from backend.displays.states import FINAL, NEXT, PROPOSED, SHOWN, START, DisplayEvent, DisplayKind, DisplayState
from tests.builders.state_machines import require_whole


def test_every_state_can_be_reached_and_ends() -> None:
    require_whole(NEXT, START[DisplayKind.SECTOR], FINAL, set(DisplayEvent))


def test_every_kind_has_a_beginning_and_only_a_sector_code_waits_for_the_authority() -> None:
    assert set(START) == set(DisplayKind)
    assert {kind for kind, state in START.items() if state not in SHOWN} == {DisplayKind.SECTOR}


def test_nothing_that_officers_do_against_an_enterprise_stands_without_a_confirmation() -> None:
    theirs = {DisplayEvent.PROPOSE_REFUSAL, DisplayEvent.PROPOSE_REVOCATION, DisplayEvent.CONFIRM, DisplayEvent.GRANT}
    ending = {event for (_, event), after in NEXT.items() if after in FINAL}
    assert ending & theirs == {DisplayEvent.CONFIRM}
    assert {before for before, event in NEXT if event is DisplayEvent.CONFIRM} == PROPOSED


def test_every_proposal_can_be_confirmed_or_sent_back_to_where_it_was() -> None:
    for proposing in (DisplayEvent.PROPOSE_REFUSAL, DisplayEvent.PROPOSE_REVOCATION):
        [(before, after)] = [(before, after) for (before, event), after in NEXT.items() if event is proposing]
        assert NEXT[after, DisplayEvent.SEND_BACK] is before


def test_the_enterprise_may_end_whatever_has_not_ended() -> None:
    own = {DisplayEvent.WITHDRAW, DisplayEvent.RECALL}
    assert {before for before, event in NEXT if event in own} == set(DisplayState) - FINAL
    assert {before for before, event in NEXT if event is DisplayEvent.LEAVE} == set(DisplayState) - FINAL
