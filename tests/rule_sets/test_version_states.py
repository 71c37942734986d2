"""The table of a version's states, as data."""

from backend.rule_sets.states import FINAL, NEXT, SECOND_PERSONS, STANDING, START, VersionEvent, VersionState
from tests.builders.state_machines import require_whole


def test_every_state_can_be_reached_and_ends() -> None:
    require_whole(NEXT, START, FINAL, set(VersionEvent))


def test_nothing_is_published_or_revoked_by_one_person() -> None:
    for decided in (VersionState.PUBLISHED, VersionState.REVOKED, VersionState.REFUSED):
        ways = {
            event for (before, event), after in NEXT.items() if after is decided and before not in STANDING - {after}
        }
        assert ways <= SECOND_PERSONS, decided


def test_a_published_version_is_left_by_revocation_alone() -> None:
    assert {event for (before, event) in NEXT if before is VersionState.PUBLISHED} == {VersionEvent.PROPOSE_REVOCATION}
