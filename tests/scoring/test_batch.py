"""The batch gives what the engine gives: every subject, every contribution, whatever the rule set and however rows are cut."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scoring import Fact, RuleSet, load, score, shipped
from scoring.batch.columns import facts_batch
from scoring.batch.run import score_batches
from tests.scoring.rule_set_strategies import DAY, facts, rule_sets

Population = list[tuple[int, list[Fact]]]


@some.composite
def populations(draw: some.DrawFn) -> Population:
    """Up to six subjects, some without any record."""
    return [(3 * number, draw(facts(most=8))) for number in range(draw(some.integers(1, 6)))]


def one_by_one(rule_set: RuleSet, people: Population, day: date) -> dict[int, tuple[int, int, list[int]]]:
    """Subject -> score, rank and the points of each record by day and record id, by the engine."""
    expected = {}
    for subject, records in people:
        result = score(rule_set, records, day)
        lines = {line.record_id: line.millipoints for line in result.lines}
        ordered = sorted(records, key=lambda record: (record.occurred_on, record.record_id))
        expected[subject] = (
            result.millipoints,
            result.level.rank,
            [lines.get(record.record_id, 0) for record in ordered] or [0],
        )
    return expected


def in_batches(
    rule_set: RuleSet, batches: Sequence[pyarrow.RecordBatch], day: date
) -> dict[int, tuple[int, int, list[int]]]:
    """The same, by the kernel."""
    found = {}
    for scored in score_batches(rule_set, day, batches):
        rows = scored.facts.column("subject").to_numpy()
        for subject, points, rank in zip(scored.subjects, scored.scores, scored.ranks, strict=True):
            found[int(subject)] = (int(points), int(rank), scored.contributions[rows == subject].tolist())
    return found


@given(rule_sets(), populations(), some.integers(1, 12))
@settings(max_examples=250, deadline=None)
def test_batch_and_engine_agree_on_any_rule_set(rule_set: RuleSet, people: Population, rows: int) -> None:
    batch = facts_batch(people)
    cut = [batch.slice(start, rows) for start in range(0, batch.num_rows, rows)]
    assert in_batches(rule_set, cut, DAY) == one_by_one(rule_set, people, DAY)


def test_a_subject_without_a_record_has_the_base_score() -> None:
    taohua = load(shipped("taohua"))
    assert in_batches(taohua, [facts_batch([(7, [])])], DAY) == {7: (600_000, 1, [0])}


def test_rows_out_of_order_are_refused_and_never_scored() -> None:
    taohua = load(shipped("taohua"))
    person = facts_batch([(2, [])])
    before = facts_batch([(1, [])])
    with pytest.raises(ValueError, match="not sorted"):
        list(score_batches(taohua, DAY, [person, before]))
    records = [Fact("a", "donation", date(2026, month, 1), None, "active", None, 10_000, "") for month in (3, 2)]
    wrong = pyarrow.Table.from_batches([facts_batch([(1, [record])]) for record in records])
    with pytest.raises(ValueError, match="not sorted"):
        list(score_batches(taohua, DAY, wrong.unify_dictionaries().combine_chunks().to_batches()))


def test_another_layout_or_a_null_is_refused() -> None:
    batch = facts_batch([(1, [])])
    with pytest.raises(ValueError, match="have the columns"):
        list(score_batches(load(shipped("taohua")), DAY, [batch.select(["subject", "item"])]))
    nulls = batch.set_column(6, "amount", pyarrow.array([None], pyarrow.int64()))
    with pytest.raises(ValueError, match="no nulls"):
        list(score_batches(load(shipped("taohua")), DAY, [nulls]))


_NOWHERE_TO_KEEP = """
from datetime import date
from numba.core import caching
# What numba finds where neither the package's folder nor the user's can be written.
caching.CompileResultCacheImpl._locator_classes = []
from scoring import load, shipped
from scoring.batch.columns import facts_batch
from scoring.batch.run import score_batches
found = score_batches(load(shipped("taohua")), date(2026, 11, 23), [facts_batch([(1, []), (2, [])])])
print([points for scored in found for points in scored.scores.tolist()])
"""


def test_the_kernel_runs_where_nothing_can_be_kept() -> None:
    """A read-only container with a home that is none."""
    done = subprocess.run([sys.executable, "-c", _NOWHERE_TO_KEEP], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[600000, 600000]\n"), done.stderr
