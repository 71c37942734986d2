"""A city's records as files, made the same each time, in constant memory: sorted by subject and day, a part in each file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy
import pyarrow
from pyarrow import parquet

from backend.commands.bench.scoring.rules import AS_OF, RULES
from scoring.batch.columns import FACTS
from scoring.batch.tables import days

# So many subjects in a file, with ten records each in the middle: about 1.2 million rows.
SUBJECTS_OF_A_FILE = 120_000
RECORDS_OF_A_SUBJECT = 10
ROWS_OF_A_BATCH = 131_072
_DAYS_BACK = 2000

Format = Literal["parquet", "arrow"]


def write(folder: Path, records: int, formats: tuple[Format, ...]) -> int:
    """Writes about so many records into numbered files of each format. Gives the number of rows that were written."""
    rows = 0
    subjects = max(1, records // RECORDS_OF_A_SUBJECT)
    for number, first in enumerate(range(0, subjects, SUBJECTS_OF_A_FILE)):
        batch = _part(number, first, min(SUBJECTS_OF_A_FILE, subjects - first))
        rows += batch.num_rows
        if "parquet" in formats:
            parquet.write_table(pyarrow.Table.from_batches([batch]), folder / f"{number:04}.parquet")
        if "arrow" in formats:
            with pyarrow.ipc.new_file(str(folder / f"{number:04}.arrow"), FACTS) as writer:
                writer.write_table(pyarrow.Table.from_batches([batch]), max_chunksize=ROWS_OF_A_BATCH)
    return rows


def files(folder: Path, of: Format) -> list[Path]:
    """The files of a format, in order."""
    return sorted(folder.glob(f"*.{of}"))


def batches(file: Path) -> Iterator[pyarrow.RecordBatch]:
    """One file's rows in the layout of `FACTS`, decoded by pyarrow on this thread."""
    if file.suffix == ".arrow":
        with pyarrow.memory_map(str(file)) as source:
            opened = pyarrow.ipc.open_file(source)
            for number in range(opened.num_record_batches):
                yield opened.get_batch(number)
    else:
        texts = ["item", "grade", "state"]
        with parquet.ParquetFile(file, read_dictionary=texts) as opened:
            yield from opened.iter_batches(batch_size=ROWS_OF_A_BATCH, use_threads=False)


def _part(number: int, first: int, subjects: int) -> pyarrow.RecordBatch:
    """Subjects from `first` on. One in fifty has no record; an item without a rule, other states and early ends occur."""
    random = numpy.random.default_rng((2026, number))
    counts = random.integers(1, 2 * RECORDS_OF_A_SUBJECT, subjects)
    nobody = random.random(subjects) < 0.02
    rows_of = numpy.where(nobody, 1, counts)
    subject = numpy.repeat(numpy.arange(first, first + subjects), rows_of)
    empty = numpy.repeat(nobody, rows_of)
    rows = subject.size
    as_of = days(AS_OF)
    day = as_of - random.integers(-30, _DAYS_BACK, rows)
    day = day[numpy.lexsort((day, subject))]
    ends = numpy.where(random.random(rows) < 0.03, day + random.integers(1, 400, rows), 2_932_896)
    state = random.choice(4, rows, p=(0.95, 0.02, 0.02, 0.01))
    grade = random.integers(0, 3, rows)
    item = random.integers(0, len(RULES) + 1, rows)
    items = ["", *(rule.item for rule in RULES), "without-rule"]
    columns = [
        pyarrow.array(subject, pyarrow.int64()),
        _texts(numpy.where(empty, 0, item + 1), items),
        _texts(numpy.where(empty, 0, grade), ["", "county", "city"]),
        _texts(numpy.where(empty, 0, state), ["active", "marked", "hidden", "repaired"]),
        pyarrow.array(numpy.where(empty, 0, day).astype(numpy.int32)).view(pyarrow.date32()),
        pyarrow.array(ends.astype(numpy.int32)).view(pyarrow.date32()),
        pyarrow.array(numpy.where(empty, 0, random.integers(0, 500, rows)), pyarrow.int64()),
    ]
    return pyarrow.record_batch(columns, schema=FACTS)


def _texts(indices: numpy.ndarray, names: list[str]) -> pyarrow.DictionaryArray:
    return pyarrow.DictionaryArray.from_arrays(pyarrow.array(indices.astype(numpy.int32)), pyarrow.array(names))
