"""The states of a record (domain rules, section 8), as data."""

from collections.abc import Mapping
from enum import StrEnum

from scoring.facts import FactState


class RecordState(StrEnum):
    """Where a record is. A row that was returned never became one."""

    ACTIVE = "active"
    MARKED = "marked"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"


class RecordEvent(StrEnum):
    """What happens to a record."""

    MARK = "mark"
    UNMARK = "unmark"
    CORRECT = "correct"
    WITHDRAW = "withdraw"
    HIDE = "hide"
    SHOW = "show"
    ARCHIVE = "archive"


MOVES: Mapping[RecordState, Mapping[RecordEvent, RecordState]] = {
    RecordState.ACTIVE: {
        RecordEvent.MARK: RecordState.MARKED,
        RecordEvent.CORRECT: RecordState.ACTIVE,
        RecordEvent.WITHDRAW: RecordState.WITHDRAWN,
        RecordEvent.HIDE: RecordState.HIDDEN,
        RecordEvent.ARCHIVE: RecordState.ARCHIVED,
    },
    RecordState.MARKED: {
        RecordEvent.UNMARK: RecordState.ACTIVE,
        RecordEvent.CORRECT: RecordState.ACTIVE,
        RecordEvent.WITHDRAW: RecordState.WITHDRAWN,
        RecordEvent.ARCHIVE: RecordState.ARCHIVED,
    },
    # A hidden record counts for nothing and is shown to nobody: there is nothing to mark, and it stays hidden when corrected.
    RecordState.HIDDEN: {
        RecordEvent.SHOW: RecordState.ACTIVE,
        RecordEvent.CORRECT: RecordState.HIDDEN,
        RecordEvent.WITHDRAW: RecordState.WITHDRAWN,
        RecordEvent.ARCHIVE: RecordState.ARCHIVED,
    },
}

# The state of the fact that a rule set sees. The words are the same; the types keep the two rooms apart.
AS_FACT: Mapping[RecordState, FactState] = {
    RecordState.ACTIVE: "active",
    RecordState.MARKED: "marked",
    RecordState.HIDDEN: "hidden",
    RecordState.WITHDRAWN: "withdrawn",
    RecordState.ARCHIVED: "archived",
}

# An objection marks a record, it does not unpublish it: whoever reads it reads the mark too.
DISCLOSED_IN = frozenset({RecordState.ACTIVE, RecordState.MARKED})


def states_allowing(event: RecordEvent) -> list[str]:
    """The states in which an event is allowed."""
    return [state.value for state, moves in MOVES.items() if event in moves]
