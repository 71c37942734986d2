"""Facts in Parquet and Arrow IPC files: looked at before they are believed, read in order, cut between subjects."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy
import pyarrow
from pyarrow import ipc, parquet, types

from backend.platform.refusal import Refusal
from scoring.batch.columns import FACTS

_TEXTS = ("item", "grade", "state")
_SUFFIXES = {".parquet", ".arrow", ".feather", ".ipc"}
_PARQUET, _ARROW = b"PAR1", b"ARROW1"
_BATCH_ROWS = 131_072
# A thousand million yuan in fen. The engine counts without bounds and the kernel in 64 bits: beyond this they could differ.
_MOST = 10**11


class FactsFile(NamedTuple):
    """One file; `parts` are the rows of each of its row groups or record batches."""

    path: Path
    kind: bytes
    parts: tuple[int, ...]


def find_files(path: Path) -> list[FactsFile]:
    """A file, or the Parquet and Arrow files of a folder in the order of their names. Raises Refusal if one is neither."""
    if path.is_dir():
        paths = sorted(entry for entry in path.iterdir() if entry.suffix in _SUFFIXES)
        if not paths:
            raise Refusal(f"{path} 中没有 Parquet 或 Arrow 文件。", f"{path} holds no Parquet or Arrow file.")
    else:
        paths = [path]
    return [_open(entry) for entry in paths]


def identity(files: list[FactsFile]) -> list[tuple[str, int, int]]:
    """What tells that these are still the files a batch was begun with: name, bytes and time of the last change of each."""
    found = []
    for file in files:
        status = file.path.stat()
        found.append((file.path.name, status.st_size, status.st_mtime_ns))
    return found


def cut(files: list[FactsFile], rows: int, skip: int) -> Iterator[list[pyarrow.RecordBatch]]:
    """Shards of whole subjects: `rows` rows and what is left of their last subject. Raises Refusal.

    The first `skip` rows are passed over. Where a shard ends depends on the rows alone, not on row groups or on where the
    reading began, so that a batch that goes on cuts as one that was never stopped.
    """
    held: list[pyarrow.RecordBatch] = []
    count = 0
    for batch in _batches(files, skip):
        while batch.num_rows:
            if count < rows:
                taken = batch.slice(0, rows - count)
            else:
                others = numpy.flatnonzero(batch.column("subject").to_numpy() != held[-1].column("subject")[-1].as_py())
                taken = batch.slice(0, int(others[0]) if others.size else batch.num_rows)
                if taken.num_rows < batch.num_rows:
                    yield [*held, taken]
                    held, count = [], 0
                    batch = batch.slice(taken.num_rows)
                    continue
            held.append(taken)
            count += taken.num_rows
            batch = batch.slice(taken.num_rows)
    if held:
        yield held


def _open(path: Path) -> FactsFile:
    try:
        with path.open("rb") as file:
            head = file.read(6)
        if head.startswith(_PARQUET):
            metadata = parquet.read_metadata(path)
            _check_layout(path, metadata.schema.to_arrow_schema())
            return FactsFile(
                path, _PARQUET, tuple(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
            )
        if head == _ARROW:
            with pyarrow.memory_map(str(path)) as source:
                reader = ipc.open_file(source)
                _check_layout(path, reader.schema)
                return FactsFile(
                    path,
                    _ARROW,
                    tuple(reader.get_batch(number).num_rows for number in range(reader.num_record_batches)),
                )
    except (OSError, pyarrow.ArrowException) as error:
        raise _unreadable(path, error) from None
    raise Refusal(f"{path} 不是 Parquet 或 Arrow 文件。", f"{path} is neither a Parquet nor an Arrow file.")


def _batches(files: list[FactsFile], skip: int) -> Iterator[pyarrow.RecordBatch]:
    """The rows of all files in order, without the first `skip`: whole parts of a file are passed over unread."""
    for file in files:
        first = 0
        while first < len(file.parts) and skip >= file.parts[first]:
            skip -= file.parts[first]
            first += 1
        if first == len(file.parts):
            continue
        try:
            for batch in _parts_of(file, first):
                passed = min(skip, batch.num_rows)
                skip -= passed
                yield _checked(file.path, batch.slice(passed))
        except (OSError, pyarrow.ArrowException) as error:
            raise _unreadable(file.path, error) from None


def _parts_of(file: FactsFile, first: int) -> Iterator[pyarrow.RecordBatch]:
    if file.kind == _PARQUET:
        with parquet.ParquetFile(file.path, memory_map=True, read_dictionary=list(_TEXTS)) as reader:
            groups = range(first, len(file.parts))
            yield from reader.iter_batches(_BATCH_ROWS, row_groups=groups, columns=FACTS.names)
        return
    with pyarrow.memory_map(str(file.path)) as source:
        reader = ipc.open_file(source)
        for number in range(first, len(file.parts)):
            yield reader.get_batch(number)


def _checked(path: Path, batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """The columns of `FACTS` in their order; more columns are passed over. Raises Refusal for a null."""
    batch = batch.select(FACTS.names)
    for name, column in zip(FACTS.names, batch.columns, strict=True):
        if column.null_count or (types.is_dictionary(column.type) and column.dictionary.null_count):
            raise Refusal(
                f"{path} 的 {name} 列有空值：无等级写空文本，无终止日写 9999-12-31，无数量写 0。",
                f"{path} has nulls in {name}: no grade is '', no end 9999-12-31, no amount 0.",
            )
    amounts = batch.column("amount").to_numpy()
    if amounts.size and int(amounts.max()) > _MOST:
        raise Refusal(
            f"{path} 的 amount 列有超过 {_MOST:,} 的数量，请先核实。",
            f"{path} has an amount above {_MOST:,}: look at it first.",
        )
    # Files may write texts in several ways; parts of several files are put together, so all are written in one.
    arrays = [column.cast(field.type) for column, field in zip(batch.columns, FACTS, strict=True)]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=FACTS)


def _check_layout(path: Path, schema: pyarrow.Schema) -> None:
    for field in FACTS:
        numbers = schema.get_all_field_indices(field.name)
        if len(numbers) != 1:
            raise Refusal(
                f"{path} 缺少 {field.name} 列，或不止一列：应有 {'、'.join(FACTS.names)}。",
                f"{path} has no single column {field.name}: facts have {', '.join(FACTS.names)}.",
            )
        found = schema.field(numbers[0]).type
        if not (_is_text(found) if field.name in _TEXTS else found == field.type):
            wanted = "text" if field.name in _TEXTS else field.type
            raise Refusal(
                f"{path} 的 {field.name} 列类型是 {found}，应为 {wanted}。",
                f"{path} has {found} in {field.name}, not {wanted}.",
            )


def _is_text(found: pyarrow.DataType) -> bool:
    if types.is_dictionary(found):
        found = found.value_type
    return bool(types.is_string(found) or types.is_large_string(found))


def _unreadable(path: Path, error: Exception) -> Refusal:
    return Refusal(
        f"无法读取 {path}（{type(error).__name__}）：文件不存在、不完整或没有权限。",
        f"{path} cannot be read ({type(error).__name__}): it is missing, broken or not ours to read.",
    )
