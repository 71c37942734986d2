"""Operator files of any length, read line by line at constant memory: CSV with XK_/CF_ headers, and JSON lines.

A row that cannot be read becomes a returned row with its line number; it never costs the rows after it.
"""

import csv
from collections.abc import Collection, Iterator
from datetime import date
from typing import BinaryIO, Literal

import msgspec

from backend.records.duplicates import DuplicateFinder
from backend.records.fields import FIELD_LISTS, ITEMS_OF_PREFIX
from backend.records.reasons import reason
from backend.records.validation import Accepted, Returned, Validator

FileForm = Literal["csv", "json-lines"]

LONGEST_LINE = 131_072
"""Bytes. The longest field list at its full lengths stays below it in every encoding and with JSON escapes."""

_MOST_LINES_OF_A_ROW = 50
_BROKEN_COMMITMENTS = ("部分履行", "全部未履行")


class FileRow(msgspec.Struct, frozen=True):
    """One readable row of a file: an envelope as in JSON deliveries, not yet validated. `line` counts from 1."""

    line: int
    envelope: object


def validate_file(
    stream: BinaryIO,
    form: FileForm,
    validator: Validator,
    on: date,
    *,
    granted: Collection[str] | None = None,
    sequence: int = 0,
) -> Iterator[tuple[int, Accepted | Returned]]:
    """Line number and answer for every row of a file, in its order; repeated documents are returned.

    `granted` are the items the source may deliver (None: all); `sequence` is the version of every row of a CSV file, whose
    columns have no place for one. JSON lines carry their own. Raises nothing for any content of the file.
    """
    rows = read_csv(stream, sequence=sequence) if form == "csv" else read_json_lines(stream)
    duplicates = DuplicateFinder()
    for row in rows:
        if isinstance(row, Returned):
            yield row.line or 0, row
            continue
        answer = duplicates.check(validator.validate_envelope(row.envelope, on, granted=granted))
        yield row.line, msgspec.structs.replace(answer, line=row.line) if isinstance(answer, Returned) else answer


def read_json_lines(stream: BinaryIO) -> Iterator[FileRow | Returned]:
    """Rows of a file with one record envelope a line, in UTF-8. Blank lines are skipped."""
    decoder = msgspec.json.Decoder()
    for number, line in _lines(stream):
        if line is None:
            yield _returned("line-too-long", number)
        elif not line.isspace():
            try:
                yield FileRow(number, decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield _returned("malformed-json", number)


def read_csv(stream: BinaryIO, *, sequence: int = 0) -> Iterator[FileRow | Returned]:
    """Rows of a CSV file whose first line names the columns; the prefix of the columns tells the item.

    UTF-8 with or without byte order mark, or GB 18030. A quoted text may run over several lines. An unknown header returns
    line 1 and ends the reading, for without it no row has a meaning.
    """
    rows = _csv_rows(stream)
    header: list[str] | None = None
    item = ""
    for number, cells in rows:
        if isinstance(cells, Returned):
            yield cells
            if header is None:
                return
        elif header is None:
            header = [cell.strip() for cell in cells]
            found = _item_of_header(header)
            if found is None:
                yield _returned("unknown-header", number)
                return
            item = found
        elif len(cells) != len(header):
            yield _returned("wrong-column-count", number)
        else:
            fields = dict(zip(header, cells, strict=True))
            row_item = "commitment-broken" if fields.get("CN_LXZT") in _BROKEN_COMMITMENTS else item
            yield FileRow(number, {"item": row_item, "fields": fields, "sequence": sequence})


def _item_of_header(header: list[str]) -> str | None:
    """The item whose prefix and at least one column the header has; other columns are returned row by row, with their names."""
    if len(set(header)) != len(header):
        return None
    for field_list in FIELD_LISTS.values():
        if any(field.name in header for field in field_list.fields):
            return ITEMS_OF_PREFIX[field_list.prefix]
    return None


def _returned(code: str, line: int) -> Returned:
    return Returned(reasons=(reason(code),), line=line)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines with their ends; None for one that is longer than allowed, whose rest is skipped unread."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) <= LONGEST_LINE:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield number, None


class _Decoder:
    """UTF-8 until a line proves that the file is GB 18030. A line break is the same byte in both, so lines come first."""

    def __init__(self) -> None:
        self._encoding = ""

    def decode(self, line: bytes) -> str | None:
        if line.isascii():
            return line.decode("ascii")
        for encoding in (self._encoding,) if self._encoding else ("utf-8", "gb18030"):
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                continue
            self._encoding = encoding
            return text
        return None


def _csv_rows(stream: BinaryIO) -> Iterator[tuple[int, list[str] | Returned]]:
    """Numbered rows of cells. A row whose quotes stay open is returned alone and the lines after it are read anew:
    one stray quotation mark must not swallow good rows."""
    decoder = _Decoder()
    lines = _lines(stream)
    waiting: list[tuple[int, str | Returned]] = []
    width: int | None = None

    def take(position: int) -> bool:
        while len(waiting) <= position:
            numbered = next(lines, None)
            if numbered is None:
                return False
            number, line = numbered
            if line is None:
                waiting.append((number, _returned("line-too-long", number)))
            else:
                text = decoder.decode(line)
                waiting.append((number, _returned("broken-encoding", number) if text is None else text))
        return True

    while take(0):
        number, first = waiting[0]
        if isinstance(first, Returned):
            waiting.pop(0)
            yield number, first
            continue
        if not first.strip():
            waiting.pop(0)
            continue
        cells, length = _parse(first), 1
        if cells is None and _is_open(first):
            text = first
            while length < _MOST_LINES_OF_A_ROW and take(length):
                following = waiting[length][1]
                if isinstance(following, Returned) or len(text) + len(following) > LONGEST_LINE:
                    break
                text += following
                length += 1
                if '"' not in following:
                    continue
                cells = _parse(text)
                if cells is not None or not _is_open(text):
                    break
            if cells is None or (width is not None and len(cells) != width):
                cells, length = None, 1
        del waiting[:length]
        if cells is None:
            yield number, _returned("broken-quotes", number)
            continue
        width = width or len(cells)
        yield number, cells


def _parse(text: str) -> list[str] | None:
    """The cells of one row, or None when its quotes are open or misplaced."""
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _is_open(text: str) -> bool:
    """Whether one more quotation mark would complete the row."""
    return _parse(text.rstrip("\r\n") + '"') is not None
