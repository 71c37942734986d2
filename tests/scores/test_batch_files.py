"""A batch from files: what the engine gives, whatever the files; bad files are named; a killed run goes on to the same bytes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pyarrow import ipc, parquet

from backend.commands.score_batch import score_files
from backend.platform.refusal import Refusal
from backend.scores.batch.output import open_output
from scoring import Fact, RuleSet, load, score, shipped
from scoring.batch.columns import facts_batch
from tests.builders.server import LONGEST_SECONDS, REPOSITORY
from tests.scoring.rule_set_strategies import DAY, rule_sets
from tests.scoring.test_batch import Population, populations

TAOHUA = load(shipped("taohua"))

Files = dict[str, bytes]


def write(path: Path, table: pyarrow.Table) -> None:
    """A file of the kind that its name says."""
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=3)
        return
    with ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def city(people: int, each: int = 4) -> pyarrow.RecordBatch:
    """Volunteers and donors."""

    def records(subject: int) -> list[Fact]:
        return [
            Fact(
                f"{number:03}",
                ("volunteer-service", "donation", "unknown")[(subject + number) % 3],
                date(2025, 1, 1) + timedelta(days=30 * number),
                None,
                "active",
                None,
                (subject * 7 + number) % 90,
                "",
            )
            for number in range(subject % (each + 1))
        ]

    return facts_batch((subject, records(subject)) for subject in range(people))


def result_files(folder: Path) -> Files:
    """Every file that a batch leaves, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def rows_of(folder: Path, kind: str) -> list[tuple[int, ...]]:
    """All rows of all shards in order."""
    tables = [parquet.read_table(path) for path in sorted(folder.glob(f"{kind}-*.parquet"))]
    return [row for table in tables for row in zip(*table.to_pydict().values(), strict=True)]


def one_by_one(rule_set: RuleSet, people: Population) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Scores and contributions as the batch writes them, by the engine."""
    scores: list[tuple[int, ...]] = []
    contributions: list[tuple[int, ...]] = []
    row = 0
    for subject, facts in people:
        result = score(rule_set, facts, DAY)
        scores.append((subject, result.millipoints, result.level.rank))
        lines = {line.record_id: line.millipoints for line in result.lines}
        ordered = sorted(facts, key=lambda fact: (fact.occurred_on, fact.record_id))
        contributions += [
            (subject, row + number, lines[fact.record_id])
            for number, fact in enumerate(ordered)
            if fact.record_id in lines
        ]
        row += max(1, len(ordered))
    return scores, contributions


@given(rule_sets(), populations(), some.integers(1, 12), some.lists(some.integers(0, 30), max_size=3), some.data())
@settings(max_examples=60, deadline=None)
def test_files_give_what_the_engine_gives(
    rule_set: RuleSet, people: Population, shard: int, borders: list[int], data: some.DataObject
) -> None:
    table = pyarrow.Table.from_batches([facts_batch(people)])
    plain = [pyarrow.field(name, pyarrow.string()) for name in ("item", "grade", "state")]
    with tempfile.TemporaryDirectory() as name:
        source, folder = Path(name) / "facts", Path(name) / "scores"
        source.mkdir()
        starts = [0, *sorted(border for border in borders if border < table.num_rows), table.num_rows]
        for number, start in enumerate(starts[:-1]):
            part = table.slice(start, starts[number + 1] - start)
            for field in plain if data.draw(some.booleans()) else []:
                at = part.schema.get_field_index(field.name)
                part = part.set_column(at, field, part.column(at).cast(field.type))
            write(source / f"{number}.{data.draw(some.sampled_from(['parquet', 'arrow']))}", part)
        summary = score_files(source, rule_set, DAY, folder, shard)
        assert (rows_of(folder, "scores"), rows_of(folder, "contributions")) == one_by_one(rule_set, people)
    assert (summary.subjects, summary.rows) == (len(people), table.num_rows)
    assert sum(summary.levels.values()) == len(people)


def test_more_columns_in_another_order_are_passed_over(tmp_path: Path) -> None:
    table = pyarrow.Table.from_batches([city(20)])
    names = ["record", *reversed(table.column_names)]
    write(tmp_path / "plain.parquet", table)
    write(tmp_path / "more.parquet", table.append_column("record", pyarrow.array(range(table.num_rows))).select(names))
    for name in ("plain", "more"):
        score_files(tmp_path / f"{name}.parquet", TAOHUA, DAY, tmp_path / name)
    assert rows_of(tmp_path / "plain", "contributions") == rows_of(tmp_path / "more", "contributions") != []


def bad(table: pyarrow.Table, name: str, column: pyarrow.Array) -> pyarrow.Table:
    """The table with another column in place of one."""
    return table.set_column(table.schema.get_field_index(name), name, column)


def bad_file(path: Path, fault: str) -> Path:
    """A file with one fault."""
    table = pyarrow.Table.from_batches([city(20)])
    rows = table.num_rows
    if fault == "columns":
        table = table.drop_columns(["amount"])
    elif fault == "type":
        table = bad(table, "subject", pyarrow.array(["a"] * rows))
    elif fault == "null":
        table = bad(table, "amount", pyarrow.array([None] * rows, pyarrow.int64()))
    elif fault == "null-subject":
        table = bad(table, "subject", pyarrow.array([None] * rows, pyarrow.int64()))
    elif fault == "amount":
        table = bad(table, "amount", pyarrow.array([2**62] * rows))
    elif fault == "unsorted":
        table = pyarrow.concat_tables([table.slice(rows // 2), table.slice(0, rows // 2)])
    write(path, table)
    if fault == "not-parquet":
        path.write_text("subject,item\n", encoding="utf-8")
    elif fault == "empty":
        path.write_bytes(b"")
    elif fault == "broken":
        path.write_bytes(path.read_bytes()[:-40])
    elif fault == "broken-inside":
        content = bytearray(path.read_bytes())
        content[40:200] = b"\xff" * 160
        path.write_bytes(content)
    elif fault == "missing":
        path.unlink()
    return path


FAULTS = {
    "columns": "amount",
    "type": "subject",
    "null": "amount",
    "null-subject": "subject",
    "amount": "amount",
    "unsorted": "排序",
    "not-parquet": "Parquet",
    "empty": "Parquet",
    "broken": "无法读取",
    "missing": "无法读取",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize("shard", [1, 1000])
def test_a_bad_file_is_refused_in_a_sentence_that_names_it(tmp_path: Path, fault: str, suffix: str, shard: int) -> None:
    path = bad_file(tmp_path / f"facts.{suffix}", fault)
    with pytest.raises(Refusal, match=FAULTS[fault]) as refused:
        score_files(path, TAOHUA, DAY, tmp_path / "scores", shard)
    assert fault == "unsorted" or str(path) in refused.value.chinese


def test_a_parquet_file_with_broken_pages_is_refused(tmp_path: Path) -> None:
    path = bad_file(tmp_path / "facts.parquet", "broken-inside")
    with pytest.raises(Refusal, match="无法读取"):
        score_files(path, TAOHUA, DAY, tmp_path / "scores")


def test_a_folder_without_facts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="没有 Parquet"):
        score_files(tmp_path, TAOHUA, DAY, tmp_path / "scores")


def test_a_subject_that_comes_back_in_a_later_shard_or_run_is_refused(tmp_path: Path) -> None:
    source, folder = tmp_path / "facts", tmp_path / "scores"
    source.mkdir()
    for name in ("1.parquet", "2.parquet"):
        write(source / name, pyarrow.Table.from_batches([city(9)]))
    for _ in range(2):
        with pytest.raises(Refusal, match="排序"):
            score_files(source, TAOHUA, DAY, folder, city(9).num_rows)


def test_one_run_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    source, folder = tmp_path / "facts.parquet", tmp_path / "scores"
    write(source, pyarrow.Table.from_batches([city(9)]))
    first = open_output(folder, TAOHUA, DAY, "facts", "digest")
    with pytest.raises(Refusal, match="另一批计算正在写入"):
        open_output(folder, TAOHUA, DAY, "facts", "digest")
    first.close()
    open_output(folder, TAOHUA, DAY, "facts", "digest").close()
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(Refusal, match="无法读取，请另选"):
        open_output(folder, TAOHUA, DAY, "facts", "digest")


def command(source: Path, folder: Path, *more: str) -> list[str]:
    """`xinyi score batch` over files."""
    options = ("--output", str(folder), "--day", DAY.isoformat(), "--json", *more)
    return [sys.executable, "-m", "backend.cli", "score", "batch", str(source), *options]


def test_the_command_answers_a_bad_file_with_exit_code_3(tmp_path: Path) -> None:
    for fault in ("null", "not-parquet"):
        path = bad_file(tmp_path / f"{fault}.parquet", fault)
        refused = subprocess.run(
            command(path, tmp_path / fault), cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=False
        )
        assert (refused.returncode, refused.stdout) == (3, "")
        assert "Traceback" not in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 2


def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    source, whole, killed = (tmp_path / name for name in ("facts.parquet", "whole", "killed"))
    write(source, pyarrow.Table.from_batches([city(1000)]))
    expected = score_files(source, TAOHUA, DAY, whole, 20)
    kills = 0
    while True:
        before = len(list(killed.glob("scores-*.parquet")))
        running = subprocess.Popen(
            command(source, killed, "--shard", "20"),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        deadline = time.monotonic() + LONGEST_SECONDS
        while kills < 3 and running.poll() is None and len(list(killed.glob("scores-*.parquet"))) < before + 15:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        if kills < 3 and running.poll() is None:
            os.kill(running.pid, signal.SIGKILL)
            running.communicate()
            kills += 1
            continue
        printed, complaint = running.communicate(timeout=LONGEST_SECONDS)
        assert running.returncode == 0, complaint
        break
    assert kills == 3
    summary = json.loads(printed)
    assert expected.shards > summary["went_on_after"] > 15
    assert {**summary, "output": "", "went_on_after": 0} == {
        **json.loads(msgspec.json.encode(expected)),
        "output": "",
    }
    assert result_files(killed) == result_files(whole)
    again = score_files(source, TAOHUA, DAY, whole, 20)
    assert again == msgspec.structs.replace(expected, went_on_after=expected.shards)


def test_another_rule_set_day_input_or_shard_size_never_goes_on(tmp_path: Path) -> None:
    source, folder = tmp_path / "facts.parquet", tmp_path / "scores"
    write(source, pyarrow.Table.from_batches([city(30)]))
    score_files(source, TAOHUA, DAY, folder, 20)
    before = result_files(folder)
    others = [
        (msgspec.structs.replace(TAOHUA, base_points=601), DAY, 20),
        (TAOHUA, DAY + timedelta(days=1), 20),
        (TAOHUA, DAY, 21),
    ]
    for rule_set, day, shard in others:
        with pytest.raises(Refusal, match="不能续算"):
            score_files(source, rule_set, day, folder, shard)
    write(source, pyarrow.Table.from_batches([city(31)]))
    with pytest.raises(Refusal, match="不能续算"):
        score_files(source, TAOHUA, DAY, folder, 20)
    assert result_files(folder) == before


def test_the_result_is_readable_by_its_owner_only_and_no_folder_of_others_is_taken(tmp_path: Path) -> None:
    source, folder = tmp_path / "facts.parquet", tmp_path / "new" / "scores"
    write(source, pyarrow.Table.from_batches([city(30)]))
    umask = os.umask(0)
    try:
        score_files(source, TAOHUA, DAY, folder)
    finally:
        os.umask(umask)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    mode = tmp_path.stat().st_mode
    with pytest.raises(Refusal, match="其他文件"):
        score_files(source, TAOHUA, DAY, tmp_path)
    assert tmp_path.stat().st_mode == mode
    shutil.rmtree(folder)
    folder.write_text("", encoding="utf-8")
    with pytest.raises(Refusal, match="无法写入"):
        score_files(source, TAOHUA, DAY, folder)
