"""The deadlines of an objection, as dated data, and its clock as pure functions of dates."""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta

from backend.platform.working_days import WorkingCalendar, WorkingDay

Days = Annotated[int, Meta(ge=1, le=60)]


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Working days to mark, to decide alone, to decide with another unit's help, and for that unit to reply."""

    effective_from: date
    legal_basis: str
    mark: Days
    decide: Days
    decide_with_help: Days
    help_replies: Days


@cache
def versions() -> tuple[Terms, ...]:
    """Every version of the terms, from `deadlines.yaml`, newest first."""
    source = files("backend.objections").joinpath("deadlines.yaml").read_bytes()
    loaded = msgspec.yaml.decode(source, type=tuple[Terms, ...])
    return tuple(sorted(loaded, key=lambda terms: terms.effective_from, reverse=True))


def terms_on(day: date) -> Terms:
    """The terms in force for an objection filed on `day`: later changes do not touch it."""
    return next((terms for terms in versions() if terms.effective_from <= day), versions()[-1])


def decide_by(calendar: WorkingCalendar, filed_on: date, term: int, excluded: int) -> WorkingDay:
    """The last day to decide: `term` working days after filing, `excluded` working days of examination not counted."""
    return calendar.add(filed_on, term + excluded)


def excluded_by(calendar: WorkingCalendar, paused_on: date, resumed_on: date) -> int:
    """Working days that do not count because the clock stood still from `paused_on` to `resumed_on`."""
    return calendar.between(paused_on, resumed_on)
