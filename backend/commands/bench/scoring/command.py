"""`xinyi bench scoring`: rounds in which every engine is measured once, and their lines once all results compared equal."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import msgspec

from backend.commands.bench.lines import Line, show_all
from backend.commands.bench.load import Wrong
from backend.commands.bench.scoring import city, incremental
from backend.commands.bench.scoring.child import Measured
from backend.commands.bench.scoring.subject import ENGINES, microseconds, records
from backend.commands.progress import Advance, progress

_PEERS = {"numpy": "numpy", "polars": "polars", "openfisca": "openfisca_core", "spark": "pyspark"}
_OF_ONE = {"xinyi": "msgspec", "zen": "zen", "openfisca": "openfisca_core"}
# Peers are measured on so many files, which everybody's memory holds; ours on all of them too.
_FILES_OF_PEERS = 3
_MOST_ARROW_RECORDS = 40_000_000
_SMALL = 20_000
_SIZES_OF_ONE = (10, 100)


def run(size: int, rounds: int, only: str | None = None, *, as_json: bool = False) -> int:
    """Prints the lines of all parts, or of one; gives the exit code, 1 if two engines did not agree."""
    parts = PARTS.values() if only is None else [PARTS[only]]
    return show_all((part(size, rounds) for part in parts), as_json=as_json)


def _present(needed: Mapping[str, str]) -> list[str]:
    """The engines whose packages (and Java) are there; says which are not."""
    missing = {name for name, package in needed.items() if find_spec(package) is None}
    if "spark" in needed and which("java") is None:
        missing.add("spark")
    for name in sorted(missing):
        print(f"未测量 not measured: {name}（未安装 not installed）", file=sys.stderr)
    return [name for name in needed if name not in missing]


def _city(size: int, rounds: int) -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="xinyi-bench-") as name:
        folder = Path(name)
        (folder / "small").mkdir()
        formats: tuple[city.Format, ...] = ("parquet", "arrow") if size <= _MOST_ARROW_RECORDS else ("parquet",)
        rows = city.write(folder, size, formats)
        city.write(folder / "small", _SMALL, ("parquet", "arrow"))
        number = len(city.files(folder, "parquet"))
        peers, ours = _present(_PEERS), ["decode", "xinyi"]
        if "arrow" in formats:
            ours += ["decode_arrow", "xinyi_arrow"]
        large = number > _FILES_OF_PEERS
        with progress("测量全市 the city", rounds * (len(ours) + len(peers) + large)) as advance:
            on_all = [{engine: _measured(engine, folder, number, advance) for engine in ours} for _ in range(rounds)]
            on_some = [
                {engine: _measured(engine, folder, _FILES_OF_PEERS, advance) for engine in [*["xinyi"] * large, *peers]}
                for _ in range(rounds)
            ]
        _same([each[engine].found for each in on_all for engine in ours if engine.startswith("xinyi")])
        beside = (
            on_some if large else [some | {"xinyi": all_["xinyi"]} for some, all_ in zip(on_some, on_all, strict=True)]
        )
        _same([measured.found for each in beside for measured in each.values()])
    yield Line("city_records", [float(rows)], "records")
    for engine in ours:
        yield Line(f"city_{engine}_wall", [each[engine].wall for each in on_all], "s")
        yield Line(f"city_{engine}_cpu", [each[engine].cpu for each in on_all], "s")
        yield Line(f"city_{engine}_peak", [each[engine].peak / 2**20 for each in on_all], "MiB")
    yield Line("city_xinyi_of_decode_cpu_ratio", [each["xinyi"].cpu / each["decode"].cpu for each in on_all], "ratio")
    for engine in peers:
        yield Line(f"city_{engine}_cpu", [each[engine].cpu for each in beside], "s")
        yield Line(f"city_{engine}_peak", [each[engine].peak / 2**20 for each in beside], "MiB")
        ratio = [each[engine].cpu / each["xinyi"].cpu for each in beside]
        yield Line(f"city_{engine}_of_xinyi_cpu_ratio", ratio, "ratio")


def _measured(engine: str, folder: Path, most: int, advance: Advance) -> Measured:
    """One engine in a fresh process. Raises Wrong if it fails."""
    command = [sys.executable, "-m", "backend.commands.bench.scoring.child", engine, str(folder), str(most)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)  # noqa: S603
    if done.returncode != 0:
        raise Wrong(f"{engine} 没有完成：{done.stderr[-600:]}", f"{engine} did not finish.")
    advance(1)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Measured)


def _same(found: Sequence[object]) -> None:
    if any(each != found[0] for each in found):
        raise Wrong(f"各引擎的结果不同：{found}", "The engines gave different results.")


def _one_subject(_: int, rounds: int) -> Iterator[Line]:
    engines = _present(_OF_ONE)
    for count in _SIZES_OF_ONE:
        runs = {engine: ENGINES[engine](records(count)) for engine in engines}
        _same([run() for run in runs.values()])
        found = [{engine: microseconds(engine, run) for engine, run in runs.items()} for _ in range(rounds)]
        for engine in engines:
            yield Line(f"subject_{count}_{engine}", [each[engine] for each in found], "us")
        for engine in engines[1:]:
            ratio = [each[engine] / each["xinyi"] for each in found]
            yield Line(f"subject_{count}_{engine}_of_xinyi_ratio", ratio, "ratio")


# What is measured, one line for each: gives lines for a number of records and of rounds.
PARTS: dict[str, Callable[[int, int], Iterator[Line]]] = {
    "subject": _one_subject,
    "city": _city,
    "incremental": incremental.measure,
}
