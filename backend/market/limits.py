"""Quotas and per-person limits as counters: which period of Asia/Shanghai allows how many redemptions."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

import msgspec

from partners.benefits.eligibility import Usage
from partners.benefits.terms import Terms

TOTAL = "total"


class Limits(msgspec.Struct, frozen=True):
    """Period -> how many redemptions it allows: of everyone together, and of one person. `group`: under which name a person's use
    of any benefit of the stacking group is counted, and the period, which allows one; None without a group."""

    everyone: dict[str, int]
    person: dict[str, int]
    group: tuple[str, str] | None = None


class Taken(msgspec.Struct):
    """How many uses are added to a counter, and how many it allows in all."""

    count: int
    allowed: int


def day_of(day: date) -> str:
    """The period of a day."""
    return f"day {day:%Y-%m-%d}"


def month_of(day: date) -> str:
    """The period of a month."""
    return f"month {day:%Y-%m}"


def store_day_of(day: date, store_id: UUID) -> str:
    """The period of a day at one store."""
    return f"store {store_id} {day:%Y-%m-%d}"


def group_named(terms: Terms) -> str | None:
    """Under which name uses of the stacking group are counted: no benefit's id has a colon."""
    return f"group:{terms.stacking_group}" if terms.stacking_group is not None else None


def limits_on(terms: Terms, day: date, store_id: UUID | None = None) -> Limits:
    """The limits that a redemption on a day, at a store if it is known, counts against."""
    everyone = {TOTAL: terms.quota_total, day_of(day): terms.quota_per_day}
    if store_id is not None:
        everyone[store_day_of(day, store_id)] = terms.quota_per_store_per_day
    group = group_named(terms)
    person = {day_of(day): terms.per_person_per_day, month_of(day): terms.per_person_per_month}
    return Limits(
        {period: count for period, count in everyone.items() if count is not None},
        {period: count for period, count in person.items() if count is not None},
        (group, day_of(day)) if group is not None else None,
    )


def everyones_periods(day: date, store_ids: Iterable[UUID] = ()) -> tuple[str, ...]:
    """The periods in which redemptions of everyone are counted, also at these stores."""
    return TOTAL, day_of(day), *(store_day_of(day, store_id) for store_id in sorted(set(store_ids)))


def persons_periods(day: date) -> tuple[str, ...]:
    """The periods in which redemptions of one person are counted."""
    return day_of(day), month_of(day)


def usage_on(
    day: date,
    everyone: Mapping[str, int],
    person: Mapping[str, int],
    *,
    group: Mapping[str, int] | None = None,
    store_id: UUID | None = None,
) -> Usage:
    """What was used so far, from counters by period; `group` are those of the person in the benefit's stacking group."""
    return Usage(
        today=everyone.get(day_of(day), 0),
        total=everyone.get(TOTAL, 0),
        person_today=person.get(day_of(day), 0),
        person_month=person.get(month_of(day), 0),
        store_today=everyone.get(store_day_of(day, store_id), 0) if store_id is not None else 0,
        group_today=(group or {}).get(day_of(day), 0),
    )
