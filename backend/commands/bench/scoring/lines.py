"""What a part of the bench yields."""

from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """A name, what each round found, and the unit."""

    name: str
    found: Sequence[float]
    unit: str
