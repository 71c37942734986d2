"""Where and when a benefit is valid 适用门店与时段, as pure checks: the time is that of Asia/Shanghai and is handed in."""

from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

Weekday = Annotated[int, Meta(ge=1, le=7, description="1 星期一 Monday … 7 星期日 Sunday")]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d(?!\n)$", examples=["09:00"])]
DistrictCode = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,39}(?!\n)$", max_length=40)]

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The stores at which a benefit is valid: those named, and all in the districts named."""

    stores: Annotated[tuple[UUID, ...], Meta(max_length=100)] = ()
    districts: Annotated[tuple[DistrictCode, ...], Meta(max_length=50)] = ()


class Place(msgspec.Struct, frozen=True):
    """A store of a partner in its district; both None where a till did not say at which store it stands."""

    store_id: UUID | None = None
    district: str | None = None


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The weekdays and hours at which a benefit is valid: from `opens` on and before `closes` (none: until midnight), never on the
    dates of `except_on`."""

    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)] = EVERY_DAY
    opens: TimeOfDay = "00:00"
    closes: TimeOfDay | None = None
    except_on: Annotated[tuple[date, ...], Meta(max_length=100)] = ()


def is_valid_at(where: Where | None, place: Place) -> bool:
    """Whether a benefit is valid at a place. A place that is not known is none of those that are named."""
    if where is None:
        return True
    return place.store_id in where.stores or place.district in where.districts


def is_valid_on(when: When | None, local: datetime) -> bool:
    """Whether a benefit is valid at an instant, given in Asia/Shanghai."""
    if when is None:
        return True
    if local.isoweekday() not in when.weekdays or local.date() in when.except_on:
        return False
    moment = local.time().replace(tzinfo=None)
    return _time(when.opens) <= moment and (when.closes is None or moment < _time(when.closes))


def is_ever_valid(where: Where | None, when: When | None) -> bool:
    """Whether there is a store and an hour at all."""
    somewhere = where is None or bool(where.stores or where.districts)
    return somewhere and (when is None or when.closes is None or _time(when.opens) < _time(when.closes))


def _time(text: str) -> time:
    return time.fromisoformat(text)
