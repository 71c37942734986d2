"""One measurement of the city in a process of its own: `python -m backend.commands.bench.scoring.child ENGINE FOLDER FILES`.

Its memory is then its own, and nothing is warm that would not be. It reads one small part before the clock runs, so that
imports, compilation and start of a JVM are not counted. Prints one line of JSON.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pyarrow

from backend.commands.bench.scoring import peers
from backend.commands.bench.scoring.city import Format, batches, files
from backend.commands.bench.scoring.rules import AS_OF, rule_set
from scoring.batch.run import score_batches


class Measured(msgspec.Struct, frozen=True):
    """CPU (user and system, of every process that worked) and wall time in seconds, the most memory in bytes, and what came
    out."""

    cpu: float
    wall: float
    peak: int
    found: list[int]


def _shared(given: list[Path]) -> list[list[Path]]:
    """A consecutive part of the files for each processor."""
    each = -(-len(given) // (os.cpu_count() or 1))
    return [given[start : start + each] for start in range(0, len(given), each)]


def _stream(given: list[Path]) -> Iterator[pyarrow.RecordBatch]:
    for file in given:
        yield from batches(file)


def _decode(given: list[Path]) -> list[int]:
    with ThreadPoolExecutor() as pool:
        rows = pool.map(lambda part: sum(batch.num_rows for batch in _stream(part)), _shared(given))
        return [sum(rows)]


def _xinyi(given: list[Path]) -> list[int]:
    rules = rule_set()

    def scored(part: list[Path]) -> list[int]:
        found = [0, 0, 0, 0]
        for each in score_batches(rules, AS_OF, _stream(part)):
            found = [sum(pair) for pair in zip(found, peers.digest(each.subjects, each.scores), strict=True)]
        return found

    with ThreadPoolExecutor() as pool:
        return [sum(part) for part in zip(*pool.map(scored, _shared(given)), strict=True)]


ENGINES: dict[str, tuple[Format, Callable[[list[Path]], list[int]]]] = {
    "decode": ("parquet", _decode),
    "xinyi": ("parquet", _xinyi),
    "decode_arrow": ("arrow", _decode),
    "xinyi_arrow": ("arrow", _xinyi),
    "numpy": ("parquet", peers.numpy_columns),
    "polars": ("parquet", peers.polars),
    "openfisca": ("parquet", peers.openfisca),
}


def _measured(run: Callable[[], list[int]], cpu: Callable[[], float], peak: Callable[[], int]) -> Measured:
    began, wall = cpu(), time.perf_counter()
    found = run()
    return Measured(cpu=cpu() - began, wall=time.perf_counter() - wall, peak=peak(), found=found)


def _own_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _measured_spark(given: list[Path], small: list[Path]) -> Measured:
    from pyspark.sql import SparkSession

    session: Any = (
        SparkSession.builder.master("local[*]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )
    process = Path(f"/proc/{session._jvm.java.lang.ProcessHandle.current().pid()}")
    ticks = os.sysconf("SC_CLK_TCK")

    def cpu() -> float:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks + time.process_time()

    def peak() -> int:
        [line] = [line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024

    peers.spark(session, small)
    measured = _measured(lambda: peers.spark(session, given), cpu, peak)
    session.stop()
    return measured


def main(engine: str, folder: str, most: str) -> None:
    """Measures one engine over the first `most` files of a folder."""
    form, run = ENGINES.get(engine, ("parquet", peers.polars))
    given = files(Path(folder), form)[: int(most)]
    small = files(Path(folder) / "small", form)
    if engine == "spark":
        measured = _measured_spark(given, small)
    else:
        run(small)
        measured = _measured(lambda: run(given), time.process_time, _own_peak)
    print(msgspec.json.encode(measured).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
