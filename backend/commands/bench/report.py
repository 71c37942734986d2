"""What a run found: the medians of its rounds with their spread, as lines for a machine and as a table for a reader."""

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

CEILINGS = ("empty", "select_and_cache")


class Found(msgspec.Struct, frozen=True):
    """One measurement of one round: things a second, and the latency of a request in milliseconds."""

    rate: float
    p50: float
    p99: float


class Value(msgspec.Struct, frozen=True):
    """A median over the rounds, with the least and the greatest."""

    name: str
    value: float
    unit: str
    least: float
    greatest: float


class Report(msgspec.Struct, frozen=True):
    """A whole run. Its numbers mean something beside each other only."""

    seconds: float
    connections: int
    rounds: int
    residents: int
    workers: int
    measurements: list[str]
    values: list[Value]


def values_of(rounds: Sequence[Mapping[str, Found]], units: Mapping[str, str]) -> list[Value]:
    """Rates, latencies and ratios. `units` names what each measurement counts, in the order of the answer.

    A ratio is taken within each round, where both sides met the same machine, and only then its median.
    """
    values: list[Value] = []
    for name, unit in units.items():
        values += [
            _value(f"{name}_rate", [found[name].rate for found in rounds], unit),
            _value(f"{name}_p50", [found[name].p50 for found in rounds], "ms"),
            _value(f"{name}_p99", [found[name].p99 for found in rounds], "ms"),
        ]
    for ceiling in CEILINGS:
        values += [
            _value(f"{name}_of_{ceiling}_ratio", [found[name].rate / found[ceiling].rate for found in rounds], "ratio")
            for name in units
            if name != ceiling and (name, ceiling) != ("empty", "select_and_cache")
        ]
    return values


def _value(name: str, of_rounds: list[float], unit: str) -> Value:
    return Value(name, median(of_rounds), unit, min(of_rounds), max(of_rounds))


def as_text(report: Report, *, as_json: bool) -> str:
    """`bench NAME VALUE UNIT`: each median, then under `_min` and `_max` the least and the greatest of the rounds; or JSON."""
    if as_json:
        return msgspec.json.encode(report).decode()
    return "\n".join(
        f"bench {value.name}{end} {_digits(number, value.unit)} {value.unit}"
        for value in report.values
        for end, number in (("", value.value), ("_min", value.least), ("_max", value.greatest))
    )


def show(report: Report) -> None:
    """The medians of each measurement in one row, on standard error; of the rate also the spread."""
    by_name = {value.name: value for value in report.values}
    table = Table(box=None, header_style="", pad_edge=False)
    for title in ("", "每秒 a second", "最小–最大", "p50 ms", "p99 ms", "/ empty", "/ select"):
        table.add_column(title, justify="right" if title else "left", no_wrap=True)
    for name in report.measurements:
        rate = by_name[f"{name}_rate"]
        of_ceilings = [by_name.get(f"{name}_of_{ceiling}_ratio") for ceiling in CEILINGS]
        table.add_row(
            name,
            f"{_digits(rate.value, rate.unit)} {rate.unit.partition('/')[0]}",
            f"{_digits(rate.least, rate.unit)}–{_digits(rate.greatest, rate.unit)}",
            *(_digits(by_name[f"{name}_{share}"].value, "ms") for share in ("p50", "p99")),
            *(_digits(ratio.value, ratio.unit) if ratio is not None else "" for ratio in of_ceilings),
        )
    Console(stderr=True, width=100).print(table)


def _digits(number: float, unit: str) -> str:
    return f"{number:.3f}" if unit == "ratio" else f"{number:.1f}"
