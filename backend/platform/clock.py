"""The one clock port: aware datetimes in UTC, calendar dates in Asia/Shanghai."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Where the time comes from; handed in, so that tests can move it."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SettableClock:
    """A clock that stands still until it is moved: for tests and for reproducible cities."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        return self.instant

    def move(self, step: timedelta) -> None:
        self.instant += step


def local_time(instant: datetime) -> datetime:
    """The instant as a clock in Asia/Shanghai shows it."""
    return instant.astimezone(SHANGHAI)


def local_date(instant: datetime) -> date:
    """The calendar date of an aware instant in Asia/Shanghai, the one in which every legal term is counted."""
    return instant.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """The first instant of a calendar date in Asia/Shanghai, as an aware UTC datetime."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
