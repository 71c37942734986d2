"""Scoring a stream of batches in constant memory: a subject whose rows lie across batches is put together first."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import numpy
import pyarrow

from scoring.batch.columns import Array, Reader
from scoring.batch.kernel import run
from scoring.batch.tables import Tables, tables_of
from scoring.compile import plan_on
from scoring.ruleset import RuleSet


class Scored(NamedTuple):
    """What came of one batch: the facts of whole subjects, millipoints of each row (int32), and subject, score in
    millipoints (int32) and rank (int8) of each subject. Base + the rows of a subject, kept within the range, is its score."""

    facts: pyarrow.RecordBatch
    contributions: Array
    subjects: Array
    scores: Array
    ranks: Array


def score_batches(rule_set: RuleSet, as_of: date, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[Scored]:
    """Scores batches in the layout of `columns.FACTS`, sorted by subject, day and record across all of them.

    Raises ValueError if they are not. No more than one batch and one subject is held at a time.
    """
    plan = plan_on(rule_set, as_of)
    tables = tables_of(rule_set, plan)
    reader = Reader(plan)
    last: int | None = None
    for whole in _whole_subjects(batches):
        scored = _score(reader, tables, whole)
        if last is not None and int(scored.subjects[0]) <= last:
            raise ValueError("facts are not sorted by subject")
        last = int(scored.subjects[-1])
        yield scored


def _whole_subjects(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    """The same rows in batches that no subject crosses. The last subject of a batch waits for the next."""
    held: list[pyarrow.RecordBatch] = []
    for batch in batches:
        if batch.num_rows == 0:
            continue
        subject = batch.column("subject").to_numpy()
        if held:
            head = _run_length(subject) if subject[0] == held[0].column("subject")[0].as_py() else 0
            held.append(batch.slice(0, head))
            if head == batch.num_rows:
                continue
            yield _joined(held)
            batch, subject = batch.slice(head), subject[head:]
        tail = batch.num_rows - _run_length(subject[::-1])
        held = [batch.slice(tail)]
        if tail:
            yield batch.slice(0, tail)
    if held:
        yield _joined(held)


def _run_length(subject: Array) -> int:
    """How many rows from the first on are of the same subject. Looks at as few rows as it can: runs are short."""
    reach = 64
    while True:
        others = numpy.flatnonzero(subject[:reach] != subject[0])
        if others.size:
            return int(others[0])
        if reach >= subject.size:
            return int(subject.size)
        reach *= 4


def _joined(parts: list[pyarrow.RecordBatch]) -> pyarrow.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    table = pyarrow.Table.from_batches(parts).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


def _score(reader: Reader, tables: Tables, facts: pyarrow.RecordBatch) -> Scored:
    rows = facts.num_rows
    contributions = numpy.empty(rows, numpy.int32)
    subjects, scores, ranks = (
        numpy.empty(rows, numpy.int64),
        numpy.empty(rows, numpy.int32),
        numpy.empty(rows, numpy.int8),
    )
    found = run(reader.columns(facts), tables, contributions, subjects, scores, ranks)
    return Scored(facts, contributions, subjects[:found], scores[:found], ranks[:found])
