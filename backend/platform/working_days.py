"""Working days 工作日 of mainland China, make-up days included, and calendar months: what every deadline is counted in.

The days off of a year are announced by the State Council late in the year before. Years known to the chinesecalendar package
are built in; an operator loads later ones (or corrects one) from a file. Beyond the known years a date is still given,
by weekdays alone, and says that it is provisional. `working_days.example.yaml` beside this module shows the file's form.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import msgspec
from chinese_calendar.constants import holidays, workdays

_SATURDAY = 5
_DAY = timedelta(days=1)


class YearTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One year's arrangement 节假日安排: `source` names the notice; weekends not listed as made up are days off anyway."""

    year: int
    source: str
    days_off: frozenset[date]
    make_up_days: frozenset[date]


class _YearFile(msgspec.Struct, forbid_unknown_fields=True):
    years: list[YearTable]


class WorkingDay(msgspec.Struct, frozen=True):
    """A day reached by counting; `provisional` when a year on the way is not yet announced."""

    day: date
    provisional: bool


class WorkingDaysError(ValueError):
    """A table of working days that cannot be used; `zh` and `en` say what is wrong with it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh = zh
        self.en = en


def load_year_tables(path: Path) -> list[YearTable]:
    """Reads an operator's file of year tables.

    Raises WorkingDaysError when the file is unreadable or a table contradicts itself.
    """
    try:
        tables = msgspec.yaml.decode(path.read_bytes(), type=_YearFile).years
    except (OSError, ValueError, msgspec.MsgspecError) as error:  # ValueError: YAML refuses 30 February itself
        raise WorkingDaysError(
            f"工作日表 {path.name} 无法读取：{error}。请对照示例文件修改。",
            f"The table of working days {path.name} cannot be read: {error}. Compare it with the example file.",
        ) from error
    seen: set[int] = set()
    for table in tables:
        _check(table)
        if table.year in seen:
            raise WorkingDaysError(
                f"工作日表中{table.year}年出现两次。请只保留一份。",
                f"The year {table.year} appears twice in the table of working days. Keep one.",
            )
        seen.add(table.year)
    return tables


def _check(table: YearTable) -> None:
    for day in sorted(table.days_off | table.make_up_days):
        if day.year != table.year:
            raise WorkingDaysError(
                f"{day} 不属于{table.year}年。请移到该年的表中。",
                f"{day} is not in {table.year}. Move it to the table of its own year.",
            )
        if day in table.make_up_days and (day in table.days_off or day.weekday() < _SATURDAY):
            raise WorkingDaysError(
                f"{day} 不能是调休上班日：它是放假日或本来就是工作日。请更正。",
                f"{day} cannot be a make-up day: it is a day off or a weekday anyway. Correct it.",
            )


def _built_in_tables() -> dict[int, YearTable]:
    days_off: dict[int, set[date]] = {}
    make_up_days: dict[int, set[date]] = {}
    for day in holidays:
        days_off.setdefault(day.year, set()).add(day)
    for day in workdays:
        make_up_days.setdefault(day.year, set()).add(day)
    return {
        year: YearTable(year, "chinesecalendar", frozenset(days), frozenset(make_up_days.get(year, ())))
        for year, days in days_off.items()
    }


class WorkingCalendar:
    """Counts working days. Tables handed in replace the built-in ones of the same year."""

    def __init__(self, tables: Iterable[YearTable] = ()) -> None:
        self._tables = _built_in_tables()
        for table in tables:
            _check(table)
            self._tables[table.year] = table

    def knows(self, year: int) -> bool:
        """Whether the arrangement of that year is known."""
        return year in self._tables

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is worked; by weekday alone in a year that is not known."""
        table = self._tables.get(day.year)
        if table is not None:
            if day in table.make_up_days:
                return True
            if day in table.days_off:
                return False
        return day.weekday() < _SATURDAY

    def add(self, start: date, count: int) -> WorkingDay:
        """The working day that ends a term of `count` working days, counted from the day after `start`.

        A term of no days ends on `start` itself. ValueError for a negative count.
        """
        if count < 0:
            raise ValueError("a term has no negative length")
        day = start
        provisional = not self.knows(start.year)
        while count:
            day += _DAY
            if day.year not in self._tables:
                provisional = True
            if self.is_working_day(day):
                count -= 1
        return WorkingDay(day, provisional)

    def between(self, start: date, end: date) -> int:
        """Working days from the day after `start` to `end` inclusive; 0 when `end` is not after `start`.

        For clocks that are paused: what was used up before the pause, and what is left after it.
        """
        return sum(self.is_working_day(start + _DAY * number) for number in range(1, (end - start).days + 1))


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later, or the month's last day where it has no such day (Civil Code art. 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
