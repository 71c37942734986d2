"""Operator files: every encoding and fault a feed can have costs its own row and no other."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.records.files import LONGEST_LINE, FileForm, FileRow, read_csv, read_json_lines, validate_file
from backend.records.validation import Accepted, Returned
from tests.records.rows import VALIDATOR, commitment, penalty

TODAY = date(2026, 11, 23)
COLUMNS = list(penalty(CF_BZ="备注"))
HEADER = ",".join(COLUMNS) + "\n"


def line(number: int, remark: str = "无") -> str:
    row = penalty(CF_WSH=f"桃罚〔2026〕{number}号", CF_BZ=remark)
    return ",".join(str(row[name]) for name in COLUMNS) + "\n"


def answers(text: str | bytes, form: FileForm = "csv", encoding: str = "utf-8") -> list[tuple[int, str]]:
    """Line and `ok` or reason codes of each row."""
    content = text.encode(encoding) if isinstance(text, str) else text
    return [
        (number, "ok" if isinstance(answer, Accepted) else "+".join(reason.code for reason in answer.reasons))
        for number, answer in validate_file(io.BytesIO(content), form, VALIDATOR, TODAY)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_is_read_in_every_encoding_and_line_end(encoding: str, end: str) -> None:
    text = (HEADER + line(1) + line(2)).replace("\n", end)
    assert answers(text, encoding=encoding) == [(2, "ok"), (3, "ok")]


def test_names_survive_gb18030() -> None:
    ((_, answer),) = validate_file(io.BytesIO((HEADER + line(1)).encode("gb18030")), "csv", VALIDATOR, TODAY)
    assert isinstance(answer, Accepted)
    assert answer.name == "张小三"


def test_a_row_in_a_broken_encoding_is_returned_alone() -> None:
    content = (HEADER + line(1)).encode() + b"\xff\xff\xff\n" + line(2).encode()
    assert answers(content) == [(2, "ok"), (3, "broken-encoding"), (4, "ok")]


def test_a_quoted_text_may_run_over_lines() -> None:
    text = HEADER + line(1, '"第一行\n第二行，""引号"""') + line(2)
    assert answers(text) == [(2, "ok"), (4, "ok")]


def test_a_stray_quotation_mark_costs_its_own_row_only() -> None:
    assert answers(HEADER + line(1, '"没有结束') + line(2) + line(3)) == [(2, "broken-quotes"), (3, "ok"), (4, "ok")]
    assert answers(HEADER + line(1, '"开') + line(2) + line(3, '"又开')) == [
        (2, "broken-quotes"),
        (3, "ok"),
        (4, "broken-quotes"),
    ]
    assert answers(HEADER + line(1, '"多"余') + line(2)) == [(2, "broken-quotes"), (3, "ok")]


def test_a_quotation_mark_inside_a_text_is_a_character() -> None:
    assert answers(HEADER + line(1, '5"管')) == [(2, "ok")]


def test_a_row_of_another_width_is_returned_alone() -> None:
    assert answers(HEADER + line(1, "甲,乙") + "\n" + line(2)) == [(2, "wrong-column-count"), (4, "ok")]


def test_an_oversized_line_is_returned_alone() -> None:
    text = HEADER + line(1, "长" * LONGEST_LINE) + line(2)
    assert answers(text) == [(2, "line-too-long"), (3, "ok")]


def test_the_last_line_needs_no_end() -> None:
    assert answers((HEADER + line(1)).rstrip("\n")) == [(2, "ok")]


@pytest.mark.parametrize("text", ["姓名,日期\n张三,1\n", "CF_WSH,CF_WSH\n1,1\n", '"', "\x00\n"])
def test_a_file_without_a_known_header_is_returned_whole(text: str) -> None:
    assert [number for number, _ in answers(text)] == [1]


@pytest.mark.parametrize("form", ["csv", "json-lines"])
def test_an_empty_file_has_no_rows(form: FileForm) -> None:
    assert answers(b"", form) == []
    assert answers(b"\n\n", form) == []


def test_an_unknown_column_is_told_in_every_row() -> None:
    text = HEADER.rstrip("\n") + ",CF_血型\n" + line(1).rstrip("\n") + ",A\n"
    assert answers(text) == [(2, "forbidden-content")]


def test_commitments_are_sorted_into_kept_and_broken() -> None:
    kept = commitment()
    broken = commitment(CN_BM="00000020260217000012", CN_LXZT="部分履行", CN_WLXNR="未补交", CN_CJCS="整改")
    header = ",".join(broken)
    rows = [",".join(str(row.get(name, "")) for name in broken) for row in (kept, broken)]
    content = "\n".join([header, *rows]).encode()
    found = [answer for _, answer in validate_file(io.BytesIO(content), "csv", VALIDATOR, TODAY)]
    assert [answer.item for answer in found] == ["commitment-kept", "commitment-broken"]
    assert all(isinstance(answer, Accepted) for answer in found)


def test_repeated_documents_and_items_not_granted_are_returned() -> None:
    assert answers(HEADER + line(1) + line(1)) == [(2, "ok"), (3, "duplicate-in-delivery")]
    ((number, answer),) = validate_file(
        io.BytesIO((HEADER + line(1)).encode()), "csv", VALIDATOR, TODAY, granted={"honour"}
    )
    assert isinstance(answer, Returned)
    assert (number, answer.line, answer.reasons[0].code) == (2, 2, "item-not-granted")


def test_json_lines_are_read_and_bad_ones_returned_alone() -> None:
    good = msgspec.json.encode({"item": "penalty", "fields": penalty(), "sequence": 3})
    lines = [good, b"{", b"[" * 50_000, b"\xff", b'"\\ud800"', b"1e999", b"  ", b"null", b'{"item": "x", "fields": {}}']
    long = b'"' + b"x" * LONGEST_LINE + b'"'
    again = msgspec.json.encode({"item": "penalty", "fields": penalty(), "sequence": 4})
    found = answers(b"\n".join([*lines, long, again]), "json-lines")
    assert found[0] == (1, "ok")
    assert [number for number, _ in found] == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]
    assert [code for _, code in found[1:4]] == ["malformed-json"] * 3
    assert [code for _, code in found[6:]] == ["malformed-row", "unknown-item", "line-too-long", "ok"]


@given(st.binary(max_size=400), st.sampled_from(["csv", "json-lines"]))
@settings(max_examples=150)
def test_no_bytes_make_reading_fail_or_cost_the_row_after_them(noise: bytes, form: FileForm) -> None:
    noise = noise.replace(b"\n", b" ").replace(b"\r", b" ")
    good = msgspec.json.encode({"item": "penalty", "fields": penalty()}) if form == "json-lines" else line(9).encode()
    head = HEADER.encode() + line(8).encode() if form == "csv" else b""
    assert answers(head + noise + b"\n" + good, form)[-1][1] == "ok"


class Endless(io.RawIOBase):
    """A stream that makes its lines as they are read."""

    def __init__(self, first: bytes, lines: Iterator[bytes]) -> None:
        self._rest, self._lines = first, lines

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while len(self._rest) < len(view) and (more := next(self._lines, b"")):
            self._rest += more
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


@pytest.mark.parametrize("form", ["csv", "json-lines"])
def test_a_long_file_is_read_at_constant_memory(form: FileForm) -> None:
    row = line(1).encode() if form == "csv" else msgspec.json.encode({"item": "penalty", "fields": penalty()}) + b"\n"
    count = 30_000
    stream = io.BufferedReader(Endless(HEADER.encode() if form == "csv" else b"", (row for _ in range(count))))
    tracemalloc.start()
    try:
        rows = (read_csv if form == "csv" else read_json_lines)(stream)
        assert sum(isinstance(each, FileRow) for each in rows) == count
        assert tracemalloc.get_traced_memory()[1] < 2_000_000 < count * len(row)
    finally:
        tracemalloc.stop()
