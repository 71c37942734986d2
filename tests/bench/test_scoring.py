"""The scoring bench's own material: a lawful rule set, and files that are the same each time and score as one by one."""

from pathlib import Path

import numpy
import pytest

from backend.commands.bench.load import Wrong
from backend.commands.bench.scoring import city, command, peers
from backend.commands.bench.scoring.child import ENGINES
from backend.commands.bench.scoring.rules import rule_set


def test_the_rule_set_of_the_bench_has_25_lawful_rules() -> None:
    assert len(rule_set().rules) == 25


def test_the_same_files_each_time_and_one_result_from_either_format_and_from_numpy(tmp_path: Path) -> None:
    rows = city.write(tmp_path, 3000, ("parquet", "arrow"))
    again = tmp_path / "again"
    again.mkdir()
    assert city.write(again, 3000, ("parquet",)) == rows
    results = [ENGINES[engine][1](city.files(tmp_path, ENGINES[engine][0])) for engine in ("xinyi", "xinyi_arrow")]
    assert results[0] == results[1] == peers.numpy_columns(city.files(again, "parquet"))
    assert results[0][0] == 300


def test_a_single_point_elsewhere_is_another_digest() -> None:
    subject, score = numpy.arange(5), numpy.full(5, 600_000)
    moved = score + numpy.array([1, -1, 0, 0, 0])
    assert peers.digest(subject, score) != peers.digest(subject, moved)


def test_engines_that_differ_end_the_bench() -> None:
    with pytest.raises(Wrong, match="different results"):
        command._same([[1, 2], [1, 2], [1, 3]])
