"""One shard: whole subjects in, scores and points of every row out."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy
import pyarrow

from scoring import RuleSet
from scoring.batch.run import score_batches

Array = numpy.ndarray[Any, Any]


class Shard(NamedTuple):
    """`subjects`, `scores` (millipoints) and `ranks` of each subject; `row_subjects` and `points` (millipoints) of each row."""

    subjects: Array
    scores: Array
    ranks: Array
    row_subjects: Array
    points: Array


def score_shard(rule_set: RuleSet, day: date, batches: Sequence[pyarrow.RecordBatch]) -> Shard:
    """Scores batches of whole subjects in the layout of `columns.FACTS`. Raises ValueError if they are not sorted."""
    scored = list(score_batches(rule_set, day, batches))
    return Shard(
        subjects=_joined([part.subjects for part in scored], numpy.int64),
        scores=_joined([part.scores for part in scored], numpy.int32),
        ranks=_joined([part.ranks for part in scored], numpy.int8),
        row_subjects=_joined([part.facts.column("subject").to_numpy() for part in scored], numpy.int64),
        points=_joined([part.contributions for part in scored], numpy.int32),
    )


def _joined(parts: list[Array], kind: type) -> Array:
    return numpy.concatenate(parts) if parts else numpy.empty(0, kind)
