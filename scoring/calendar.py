"""Days and months as the rules count them: Gregorian dates of Asia/Shanghai, whole days, no clock."""

from datetime import date, timedelta
from functools import lru_cache

DAY = timedelta(days=1)


@lru_cache(maxsize=100_000)
def add_months(day: date, months: int) -> date:
    """The same day some months later, or the month's last day where it has no such day (Civil Code art. 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (31, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"{months} months after {day} is beyond the calendar")


def first_day_lasting(months: int, as_of: date) -> date:
    """The earliest day from which so many months are not over on `as_of`: day >= it exactly if add_months(day) > as_of.

    This turns every term into one comparison with a constant, for any engine.
    """
    day = add_months(as_of, -months) - 4 * DAY
    while add_months(day, months) <= as_of:
        day += DAY
    return day


def period_start(day: date, every_months: int, back: int = 0) -> date:
    """The first day of the calendar period of so many months that contains `day`, or of one `back` periods before."""
    period = (day.year * 12 + day.month - 1) // every_months - back
    year, month = divmod(period * every_months, 12)
    return date(year, month + 1, 1)
