"""The deadlines of an objection, as dated data, and its clock as pure functions of dates."""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta

from backend.objections.messages import DeadlineClock, Help
from backend.objections.states import FINAL, ObjectionState
from backend.platform.database import Row
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


def is_paused(row: Row) -> bool:
    """Whether the clock of an objection stands still: inspection, testing and expert review do not count."""
    return bool(row["state"] == ObjectionState.ASSISTING and row["help"] != Help.UNIT)


def present_deadline(row: Row) -> date | None:
    """The last day for what comes next of an objection; None when it is decided or paused."""
    if row["state"] in FINAL or is_paused(row):
        return None
    last_day: date = row["mark_by"] if row["state"] == ObjectionState.FILED else row["decide_by"]
    return last_day


def clock_of(calendar: WorkingCalendar, row: Row, today: date) -> DeadlineClock:
    """The clock of an objection as it is shown."""
    paused, last_day = is_paused(row), present_deadline(row)
    return DeadlineClock(
        mark_by=row["mark_by"],
        decide_by=None if paused else row["decide_by"],
        reply_by=row["reply_by"] if row["state"] == ObjectionState.ASSISTING else None,
        paused=paused,
        overdue=row["overdue"],
        provisional=row["provisional"],
        working_days_left=None if last_day is None else calendar.between(today, last_day),
    )
