"""What every table of states must hold: each state can be reached, and each that is not final can be left."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def require_whole(
    table: Mapping[tuple[State, Event], State], start: State, final: Collection[State], events: Collection[Event]
) -> None:
    """Fails for an unreachable state, a dead end, an exit from a final state, a state cut off from the end, or an unused event."""
    states = frozenset(type(start))
    reached = {start}
    while more := {after for (before, _), after in table.items() if before in reached} - reached:
        reached |= more
    assert states == reached, f"unreachable: {states - reached}"
    ends = set(final)
    while more := {before for (before, _), after in table.items() if after in ends} - ends:
        ends |= more
    assert states == ends, f"no way to the end from: {states - ends}"
    assert not {before for before, _ in table} & set(final), "a final state has an exit"
    assert {event for _, event in table} == set(events), "an event that nothing uses"
