"""Draws from a seed that are the same on every machine: integers only, no hash order, one independent stream per name."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Choice = TypeVar("Choice")


class Draw:
    """A stream of draws. Python keeps the bits of a seeded generator stable; what is made of them is decided here."""

    def __init__(self, name: str) -> None:
        self._bits = Random(name).getrandbits  # noqa: S311 - a synthetic city must be the same every time

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1, for limits far below 2**32."""
        return self._bits(48) * limit >> 48

    def between(self, first: int, last: int) -> int:
        """A whole number from `first` to `last` inclusive."""
        return first + self.below(last - first + 1)

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """One of the choices."""
        return choices[self.below(len(choices))]
