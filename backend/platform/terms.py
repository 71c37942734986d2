"""Terms 期限: last days that people name, checked in one place, and the calendar in which working days are counted."""

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from backend.platform.clock import local_date, start_of_day
from backend.platform.problems import FieldError, declare
from backend.platform.working_days import WorkingCalendar, load_year_tables

# The national field standards write 2099-12-31 for "without term" (长期); nothing lies after it.
WITHOUT_TERM = date(2099, 12, 31)

LAST_DAY_UNUSABLE = declare(
    422, "last-day-unusable", "日期不可用", "The date cannot be used",
    "请填写今天之后、不晚于 2099-12-31 的日期；长期有效填 2099-12-31。",
    "Give a date after today and not after 2099-12-31, which stands for without term.",
)  # fmt: skip


def require_last_day(day: date, now: datetime, field: str) -> None:
    """Raises LAST_DAY_UNUSABLE, naming `field`, unless `day` lies after today and not after 2099-12-31."""
    if not local_date(now) < day <= WITHOUT_TERM:
        raise LAST_DAY_UNUSABLE.error(
            errors=[
                FieldError(field, "应在今天之后且不晚于 2099-12-31", "must lie after today and not after 2099-12-31")
            ]
        )


def day_after(day: date) -> datetime:
    """The instant at which a last day is over: midnight in Shanghai."""
    return start_of_day(day + timedelta(days=1))


@cache
def working_calendar(working_days_file: str) -> WorkingCalendar:
    """The calendar of this process: the built-in years, and those of the operator's file if the setting names one.

    Raises WorkingDaysError for a file that cannot be used.
    """
    return WorkingCalendar(load_year_tables(Path(working_days_file)) if working_days_file else ())
