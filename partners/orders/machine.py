"""State machines as data: one table of states, events and what follows; code, tests and history share it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


class NotAllowed(Exception):
    """An event that the present state does not allow: `state`, `event`, and what it would allow."""

    def __init__(self, state: str, event: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{event} is not allowed in {state}")
        self.state = state
        self.event = event
        self.allowed = allowed


class Machine(msgspec.Struct, Generic[State, Event], frozen=True):
    """A state machine: where it starts, and for each state the events it allows with the state that follows."""

    start: State
    moves: Mapping[State, Mapping[Event, State]]

    def after(self, state: State, event: Event) -> State:
        """The state after an event. Raises NotAllowed."""
        allowed = self.moves.get(state, {})
        if event not in allowed:
            raise NotAllowed(state.value, event.value, tuple(sorted(name.value for name in allowed)))
        return allowed[event]

    def reachable(self) -> frozenset[State]:
        """Every state that can be reached from the start."""
        found, waiting = {self.start}, [self.start]
        while waiting:
            for state in self.moves.get(waiting.pop(), {}).values():
                if state not in found:
                    found.add(state)
                    waiting.append(state)
        return frozenset(found)
