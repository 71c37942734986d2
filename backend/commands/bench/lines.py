"""What the parts of a bench yield, and how it is printed: each line with the least and the greatest of its rounds."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from backend.commands.bench.load import Wrong


class Line(NamedTuple):
    """A name, what each round found, and the unit."""

    name: str
    found: Sequence[float]
    unit: str


def show_all(parts: Iterable[Iterator[Line]], *, as_json: bool) -> int:
    """Prints the lines of all parts as they come, or one JSON object; gives the exit code, 1 if results could not be believed."""
    found: dict[str, dict[str, float | str]] = {}
    try:
        for part in parts:
            for line in part:
                found[line.name] = _figures(line)
                if not as_json:
                    _show(line)
    except Wrong as wrong:
        print(f"测量中止，结果不可信。 The bench ended: its results could not be believed.\n{wrong}", file=sys.stderr)
        return 1
    if as_json:
        print(msgspec.json.encode(found).decode())
    return 0


def _figures(line: Line) -> dict[str, float | str]:
    return {"median": median(line.found), "min": min(line.found), "max": max(line.found), "unit": line.unit}


def _show(line: Line) -> None:
    digits = 3 if line.unit == "ratio" else 2
    for end, value in (("", median(line.found)), ("_min", min(line.found)), ("_max", max(line.found))):
        print(f"bench {line.name}{end} {value:.{digits}f} {line.unit}", flush=True)
