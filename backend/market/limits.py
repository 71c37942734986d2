"""Quotas and per-person limits as counters: which period of Asia/Shanghai allows how many redemptions."""

from collections.abc import Mapping
from datetime import date

import msgspec

from partners.benefits.eligibility import Usage
from partners.benefits.terms import Terms

TOTAL = "total"


class Limits(msgspec.Struct, frozen=True):
    """Period -> how many redemptions it allows: of everyone together, and of one person."""

    everyone: dict[str, int]
    person: dict[str, int]


def day_of(day: date) -> str:
    """The period of a day."""
    return f"day {day:%Y-%m-%d}"


def month_of(day: date) -> str:
    """The period of a month."""
    return f"month {day:%Y-%m}"


def limits_on(terms: Terms, day: date) -> Limits:
    """The limits that a redemption on a day counts against."""
    everyone = {TOTAL: terms.quota_total, day_of(day): terms.quota_per_day}
    person = {day_of(day): terms.per_person_per_day, month_of(day): terms.per_person_per_month}
    return Limits(
        {period: count for period, count in everyone.items() if count is not None},
        {period: count for period, count in person.items() if count is not None},
    )


def everyones_periods(day: date) -> tuple[str, ...]:
    """The periods in which redemptions of everyone are counted."""
    return TOTAL, day_of(day)


def persons_periods(day: date) -> tuple[str, ...]:
    """The periods in which redemptions of one person are counted."""
    return day_of(day), month_of(day)


def usage_on(day: date, everyone: Mapping[str, int], person: Mapping[str, int]) -> Usage:
    """What was used so far, from counters by period."""
    return Usage(
        today=everyone.get(day_of(day), 0),
        total=everyone.get(TOTAL, 0),
        person_today=person.get(day_of(day), 0),
        person_month=person.get(month_of(day), 0),
    )
