"""How long a record counts, is published and is kept: the catalogue's periods applied to one record (Order 36)."""

from datetime import date, timedelta

import msgspec

from backend.catalogue.catalogue import CatalogueItem, SubjectKind
from backend.platform.working_days import add_months

_DAY = timedelta(days=1)


class Periods(msgspec.Struct, frozen=True):
    """First days on which a record no longer counts (None: the rule set decides), is no longer published (None: it never
    is) and moves to the archive."""

    ends_on: date | None
    published_until: date | None
    retained_until: date


def record_periods(
    item: CatalogueItem,
    subject_kind: SubjectKind,
    occurred_on: date,
    grade: str | None,
    *,
    last_day: date | None = None,
    last_published_day: date | None = None,
) -> Periods:
    """The periods of a record; `last_day` and `last_published_day` are what its source declares, both inclusive.

    For dishonesty the three are one: publishing, sharing and every measure end together, at the latest with the maximum of
    its class, and what the source declares moves the end only between minimum and maximum (Order 36).
    """
    own_end = None if last_day is None else _day_after(last_day)
    retained_until = add_months(occurred_on, item.term_months_for(grade))
    if own_end is not None:
        retained_until = own_end if item.term.until_own_end else min(retained_until, own_end)
    published_until = retained_until
    publicity = item.publicity_for(grade)
    if publicity is not None:
        published_until = min(published_until, add_months(occurred_on, publicity.maximum_months))
        if last_published_day is not None and last_published_day < published_until:
            minimum = add_months(occurred_on, publicity.minimum_months)
            published_until = max(_day_after(last_published_day), minimum)
    is_published = publicity is not None and publicity.published and item.openness_for(subject_kind) == "public"
    if item.information_class == "negative":
        own_end = retained_until = published_until
    return Periods(own_end, published_until if is_published else None, retained_until)


def _day_after(day: date) -> date:
    # 9999-12-31 is how feeds write "for ever".
    return day + _DAY if day < date.max else day
