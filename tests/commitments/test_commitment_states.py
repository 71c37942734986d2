"""The table of a commitment's states, as data."""

from backend.commitments.states import NEXT, START, CommitmentEvent, CommitmentState
from tests.builders.state_machines import require_whole

FINAL = {CommitmentState.KEPT, CommitmentState.BROKEN}


def test_every_state_can_be_reached_and_ends() -> None:
    require_whole(NEXT, START, FINAL, set(CommitmentEvent))


def test_nothing_negative_stands_without_a_confirmation() -> None:
    negative = {CommitmentState.RECTIFYING, CommitmentState.BROKEN}
    assert {event for (_, event), after in NEXT.items() if after in negative} == {CommitmentEvent.CONFIRM}


def test_every_proposal_can_be_confirmed_or_sent_back() -> None:
    for proposed in (CommitmentState.FINDING_PROPOSED, CommitmentState.BREACH_PROPOSED):
        exits = {event for before, event in NEXT if before is proposed}
        assert exits == {CommitmentEvent.CONFIRM, CommitmentEvent.SEND_BACK}


def test_no_commitment_is_broken_without_a_term_to_rectify() -> None:
    without_rectifying = {key: after for key, after in NEXT.items() if after is not CommitmentState.RECTIFYING}
    reached = {START}
    while more := {after for (before, _), after in without_rectifying.items() if before in reached} - reached:
        reached |= more
    assert CommitmentState.BROKEN not in reached
