"""`xinyi bench`, run tiny: the form of its lines, what it compares, and that it leaves nothing behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from backend.app import build
from backend.commands.bench import Plan, ceilings, run
from backend.commands.bench.load import Window, Wrong
from backend.commands.bench.report import Found, Report, as_text, values_of
from backend.platform.settings import Settings
from tests.conftest import MASTER_KEY

REPOSITORY = Path(__file__).resolve().parents[2]
MEASUREMENTS = ("empty", "select_and_cache", "code_issue", "score_read", "verification", "redemption", "intake")
TINY = ("bench", "--seconds", "0.2", "--rounds", "1", "--connections", "4", "--residents", "100")


def bench(temporary: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with addresses in its environment that it must not follow."""
    nobody = {"DATABASE_URL": "postgresql://127.0.0.1:1/nobody", "REDIS_URL": "redis://127.0.0.1:1"}
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", *TINY],
        cwd=REPOSITORY,
        env={**os.environ, **nobody, "TMPDIR": str(temporary)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def names() -> set[str]:
    """Every line's name."""
    measured = {f"{name}_{what}" for name in MEASUREMENTS for what in ("rate", "p50", "p99")}
    ratios = {f"{name}_of_empty_ratio" for name in MEASUREMENTS[1:]}
    ratios |= {f"{name}_of_select_and_cache_ratio" for name in MEASUREMENTS[2:]}
    return {f"{name}{end}" for name in measured | ratios for end in ("", "_min", "_max")}


def test_every_line_has_a_name_a_value_and_a_unit_and_nothing_stays_behind(tmp_path: Path) -> None:
    done = bench(tmp_path)
    assert done.returncode == 0, done.stderr
    found = [
        re.fullmatch(r"bench ([a-z0-9_]+) (\d+\.\d+) (requests/s|rows/s|ms|ratio)", line)
        for line in done.stdout.splitlines()
    ]
    assert all(found), done.stdout
    assert {line[1] for line in found if line} == names()
    assert len(found) == len(names())
    assert all(float(line[2]) > 0 for line in found if line)
    assert {line[1] for line in found if line and line[3] == "rows/s"} == {
        "intake_rate",
        "intake_rate_min",
        "intake_rate_max",
    }
    assert list(tmp_path.iterdir()) == []


def test_the_ceilings_are_not_in_the_application_that_is_served(tmp_path: Path) -> None:
    settings = Settings(
        data_directory=tmp_path, master_key=MASTER_KEY, database_url="postgresql://", redis_url="redis://"
    )
    paths = {route.path for route in build(settings).routes}
    assert "/v1/partner/verifications" in paths
    assert not any(path.startswith((ceilings.EMPTY, ceilings.SELECT_AND_CACHE)) for path in paths)


def three_rounds() -> Report:
    """A run of three rounds with a ceiling and an intake."""

    def found(rate: float) -> Found:
        return Found(rate=rate, p50=1.0, p99=2.0)

    rounds = [
        {"empty": found(empty), "select_and_cache": found(empty / 2), "intake": found(rows)}
        for empty, rows in ((1000, 100), (2000, 400), (4000, 1200))
    ]
    units = {"empty": "requests/s", "select_and_cache": "requests/s", "intake": "rows/s"}
    values = values_of(rounds, units)
    return Report(3.0, connections=32, rounds=3, residents=1000, workers=2, measurements=list(units), values=values)


def test_a_ratio_is_taken_within_each_round_before_the_median() -> None:
    [ratio] = [value for value in three_rounds().values if value.name == "intake_of_empty_ratio"]
    assert (ratio.value, ratio.least, ratio.greatest) == (0.2, 0.1, 0.3)


def test_a_value_stands_between_the_least_and_the_greatest_of_the_rounds() -> None:
    shown = as_text(three_rounds(), as_json=False).splitlines()
    first = shown.index("bench intake_rate 400.0 rows/s")
    assert shown[first + 1 : first + 3] == ["bench intake_rate_min 100.0 rows/s", "bench intake_rate_max 1200.0 rows/s"]
    assert "bench select_and_cache_of_empty_ratio 0.500 ratio" in shown


def test_a_machine_reads_the_same_as_json() -> None:
    report = three_rounds()
    assert msgspec.json.decode(as_text(report, as_json=True), type=Report) == report


def test_a_result_that_cannot_be_believed_is_one_sentence_and_exit_code_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> Report:
        raise Wrong("应答不是 201，而是 429。", "The answer is not 201 but 429.")

    monkeypatch.setattr("backend.commands.bench.command._report", refused)
    assert run(Settings(), Plan(seconds=1, connections=1, rounds=1, residents=100), as_json=False) == 1
    shown = capsys.readouterr()
    assert (shown.out, "not 201 but 429" in shown.err, "不是 201" in shown.err) == ("", True, True)


@pytest.mark.parametrize(("share", "milliseconds"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_a_latency_is_one_that_was_measured(share: float, milliseconds: float) -> None:
    window = Window(2.0, [number / 1000 for number in range(100, 0, -1)], [])
    assert window.rate == 50.0
    assert window.milliseconds_at(share) == pytest.approx(milliseconds)


def test_one_answer_has_every_latency() -> None:
    assert Window(1.0, [0.004], []).milliseconds_at(0.5) == Window(1.0, [0.004], []).milliseconds_at(0.99) == 4.0
