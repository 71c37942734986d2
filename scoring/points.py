"""Points as the file writes them and as every engine counts them: whole millipoints, 1,000 to a point, never a float."""

from typing import Annotated

from msgspec import Meta

MILLIPOINTS = 1000

# A whole number, or a decimal of at most three places in quotes: `10`, `"-0.25"`. An unquoted 0.25 is a float and refused.
Points = Annotated[int, Meta(ge=-10_000, le=10_000)] | Annotated[str, Meta(pattern=r"^-?[0-9]{1,5}\.[0-9]{1,3}$")]


def millipoints(points: int | str) -> int:
    """`10` -> 10000, `"-0.25"` -> -250."""
    if isinstance(points, int):
        return points * MILLIPOINTS
    whole, _, places = points.partition(".")
    size = int(whole.removeprefix("-")) * MILLIPOINTS + int(places.ljust(3, "0"))
    return -size if whole.startswith("-") else size


def points_text(value: int, *, signed: bool = False) -> str:
    """Millipoints as an exact decimal: 604000 -> `604`, 12500 -> `12.5`; with `signed`, `+12.5`."""
    whole, rest = divmod(abs(value), MILLIPOINTS)
    sign = "-" if value < 0 else "+" if signed else ""
    return f"{sign}{whole}" + (f".{rest:03d}".rstrip("0") if rest else "")
