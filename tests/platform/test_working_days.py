"""Working days: make-up days are worked, holidays are not, and a year nobody has announced is never an error."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.platform import working_days
from backend.platform.working_days import (
    WorkingCalendar,
    WorkingDay,
    WorkingDaysError,
    YearTable,
    add_months,
    load_year_tables,
)

EXAMPLE = Path(working_days.__file__).with_name("working_days.example.yaml")
CALENDAR = WorkingCalendar()


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 13), 3, date(2026, 2, 25)),
        (date(2026, 4, 30), 3, date(2026, 5, 8)),
        (date(2026, 9, 18), 3, date(2026, 9, 22)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 9, 30), 7, date(2026, 10, 15)),
        (date(2026, 11, 20), 10, date(2026, 12, 4)),
        (date(2026, 11, 23), 20, date(2026, 12, 21)),
    ],
)
def test_a_term_ends_where_the_domain_says(start: date, count: int, end: date) -> None:
    assert CALENDAR.add(start, count) == WorkingDay(end, provisional=False)
    assert CALENDAR.between(start, end) == count


def test_a_make_up_sunday_is_worked_and_a_holiday_thursday_is_not() -> None:
    assert CALENDAR.is_working_day(date(2026, 9, 20))
    assert not CALENDAR.is_working_day(date(2026, 10, 1))
    assert not CALENDAR.is_working_day(date(2026, 11, 21))
    assert CALENDAR.is_working_day(date(2026, 11, 23))


def test_a_term_of_no_days_ends_where_it_begins() -> None:
    assert CALENDAR.add(date(2026, 10, 1), 0) == WorkingDay(date(2026, 10, 1), provisional=False)


def test_a_negative_term_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add(date(2026, 10, 1), -1)


def test_beyond_the_known_years_weekdays_count_and_the_answer_is_provisional() -> None:
    assert not CALENDAR.knows(2027)
    assert CALENDAR.add(date(2026, 12, 30), 1) == WorkingDay(date(2026, 12, 31), provisional=False)
    assert CALENDAR.add(date(2026, 12, 31), 1) == WorkingDay(date(2027, 1, 1), provisional=True)
    assert CALENDAR.add(date(2031, 3, 7), 1) == WorkingDay(date(2031, 3, 10), provisional=True)
    assert CALENDAR.add(date(1990, 1, 5), 1) == WorkingDay(date(1990, 1, 8), provisional=True)


def test_a_loaded_year_takes_the_provisional_mark_away(tmp_path: Path) -> None:
    file = tmp_path / "2027.yaml"
    file.write_text("years: [{year: 2027, source: 通知, days_off: [2027-01-01], make_up_days: [2027-01-03]}]")
    calendar = WorkingCalendar(load_year_tables(file))
    assert calendar.add(date(2026, 12, 31), 1) == WorkingDay(date(2027, 1, 3), provisional=False)
    assert calendar.add(date(2026, 12, 31), 2) == WorkingDay(date(2027, 1, 4), provisional=False)


def test_an_operators_table_corrects_a_built_in_year() -> None:
    worked = YearTable(2026, "更正通知", frozenset(), frozenset())
    assert WorkingCalendar([worked]).is_working_day(date(2026, 10, 1))


def test_the_example_file_says_what_is_built_in_for_2026() -> None:
    loaded = WorkingCalendar(load_year_tables(EXAMPLE))
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert [loaded.is_working_day(day) for day in days] == [CALENDAR.is_working_day(day) for day in days]


@pytest.mark.parametrize(
    "text",
    [
        "not a table",
        "years: [{year: 2027}]",
        "years: [{year: 2027, source: x, days_off: [2027-02-30], make_up_days: []}]",
        "years: [{year: 2027, source: x, days_off: [2026-01-01], make_up_days: []}]",
        "years: [{year: 2027, source: x, days_off: [], make_up_days: [2027-01-04]}]",
        "years: [{year: 2027, source: x, days_off: [2027-01-03], make_up_days: [2027-01-03]}]",
        "years: [{year: 2027, source: x, days_off: [], make_up_days: [], more: 1}]",
        "years: [{year: 2027, source: x, days_off: [], make_up_days: []},"
        " {year: 2027, source: y, days_off: [], make_up_days: []}]",
        "years: [",
    ],
)
def test_a_table_that_cannot_be_right_is_refused_with_its_reason(tmp_path: Path, text: str) -> None:
    file = tmp_path / "table.yaml"
    file.write_text(text)
    with pytest.raises(WorkingDaysError) as refused:
        load_year_tables(file)
    assert refused.value.zh
    assert refused.value.en


def test_a_missing_table_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkingDaysError):
        load_year_tables(tmp_path / "none.yaml")


@given(st.dates(date(2000, 1, 1), date(2035, 12, 31)), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=100)
def test_a_term_in_two_parts_ends_with_the_whole(start: date, first: int, second: int) -> None:
    pause = CALENDAR.add(start, first).day
    whole = CALENDAR.add(start, first + second)
    assert CALENDAR.add(pause, second).day == whole.day
    assert CALENDAR.between(start, whole.day) == first + second
    assert whole.day == start or CALENDAR.is_working_day(whole.day)


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 23), 3, date(2027, 2, 23)),
        (date(2026, 12, 1), 36, date(2029, 12, 1)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day: date, months: int, end: date) -> None:
    assert add_months(day, months) == end
