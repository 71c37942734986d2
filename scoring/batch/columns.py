"""Facts as columns, and what the kernel needs of them.

One row for each record, sorted by subject, then day, then record; a subject without any record has one row with an empty
item, so that nobody is lost. Text columns are dictionaries, so that rules are looked up once for each distinct text.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy
import pyarrow

from scoring.compile import Plan
from scoring.facts import Fact

OPEN_END = date(9999, 12, 31)
_TEXT = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())

FACTS = pyarrow.schema(
    [
        pyarrow.field("subject", pyarrow.int64(), nullable=False),
        pyarrow.field("item", _TEXT, nullable=False),
        pyarrow.field("grade", _TEXT, nullable=False),
        pyarrow.field("state", _TEXT, nullable=False),
        pyarrow.field("occurred_on", pyarrow.date32(), nullable=False),
        pyarrow.field("ends_on", pyarrow.date32(), nullable=False),
        pyarrow.field("amount", pyarrow.int64(), nullable=False),
    ]
)

Array = numpy.ndarray[Any, Any]


class Columns(NamedTuple):
    """A batch of facts as arrays of equal length; days are counted from 1970-01-01. `entry_of[item, grade, state]` is an
    index of the plan's entries, or the number of entries for what never counts. What is an index is unsigned."""

    subject: Array
    item: Array
    grade: Array
    state: Array
    day: Array
    ends: Array
    amount: Array
    entry_of: Array


def facts_batch(subjects: Iterable[tuple[int, Sequence[Fact]]]) -> pyarrow.RecordBatch:
    """The facts of subjects, given in ascending order of their numbers, in the layout of `FACTS`."""
    columns: dict[str, list[Any]] = {name: [] for name in FACTS.names}
    for subject, facts in subjects:
        for fact in sorted(facts, key=lambda fact: (fact.occurred_on, fact.record_id)) or [_NOTHING]:
            row = (
                subject,
                fact.item,
                fact.grade or "",
                fact.state,
                fact.occurred_on,
                fact.ends_on or OPEN_END,
                fact.amount or 0,
            )
            for name, value in zip(FACTS.names, row, strict=True):
                columns[name].append(value)
    return pyarrow.record_batch(columns, schema=FACTS)


_NOTHING = Fact("", "", date(1970, 1, 1), None, "active", None, None, "")


class Reader:
    """Reads batches in the layout of `FACTS` as arrays, without copying, for one plan.

    What the texts of a batch mean is looked up once and kept while batches come with the same dictionaries, as those of
    one file do.
    """

    def __init__(self, plan: Plan) -> None:
        self._entries = {key: index for index, key in enumerate(plan.entries)}
        self._dictionaries: tuple[pyarrow.Array, ...] = ()
        self._entry_of: Array = numpy.empty((0, 0, 0), numpy.uint32)

    def columns(self, batch: pyarrow.RecordBatch) -> Columns:
        """A batch as arrays. Raises ValueError for another layout or a null."""
        if batch.schema.names != FACTS.names:
            raise ValueError(f"facts have the columns {', '.join(FACTS.names)}, not {', '.join(batch.schema.names)}")
        subject, *texts, occurred_on, ends_on, amount = batch.columns
        if any(column.null_count for column in batch.columns):
            raise ValueError("facts have no nulls: no grade is '', no end 9999-12-31, no amount 0")
        item, grade, state = (text if text.type == _TEXT else text.cast(_TEXT) for text in texts)
        return Columns(
            subject=subject.to_numpy(),
            item=item.indices.to_numpy().view(numpy.uint32),
            grade=grade.indices.to_numpy().view(numpy.uint32),
            state=state.indices.to_numpy().view(numpy.uint32),
            day=occurred_on.view(pyarrow.int32()).to_numpy(),
            ends=ends_on.view(pyarrow.int32()).to_numpy(),
            amount=amount.to_numpy(),
            entry_of=self._entries_by_text(item.dictionary, grade.dictionary, state.dictionary),
        )

    def _entries_by_text(self, *dictionaries: pyarrow.Array) -> Array:
        kept = self._dictionaries
        if not kept or not all(one.equals(other) for one, other in zip(dictionaries, kept, strict=True)):
            items, grades, states = (dictionary.to_pylist() for dictionary in dictionaries)
            nothing = len(self._entries)
            entry_of = numpy.full((len(items), len(grades), len(states)), nothing, dtype=numpy.uint32)
            if "active" in states:
                entry_of[:, :, states.index("active")] = [
                    [self._entries.get((name, of or None), self._entries.get((name, None), nothing)) for of in grades]
                    for name in items
                ]
            self._dictionaries, self._entry_of = dictionaries, entry_of
        return self._entry_of
