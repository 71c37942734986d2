"""The reminder ladder 提醒阶梯: on which days an unpaid bill is mentioned to its holder, and when the guarantee steps in. Data.

Days are counted from the day on which a bill is late (day 0: the first day after the last day to pay). A debtor is reminded
and given a reasonable time before the creditor goes elsewhere (Civil Code 民法典 art. 563 (1)(3): 催告后在合理期限内); the steps
grow so that whoever was away finds time, and nobody is pressed daily.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """Days relative to the day on which a bill is late: reminders, in order, and the day of the guarantee after the last."""

    reminders: tuple[int, ...]
    guarantee: int


# Day 0 needs no reminder of its own: the holder reads that the bill is late and that this one offer is closed.
LADDER = Ladder(reminders=(-2, 3, 7, 14), guarantee=30)

# After a dispute was decided against the holder or withdrawn: the days that were left, and never fewer than these.
GRACE_DAYS = 3


def reminded(ladder: Ladder, late: date, today: date) -> int:
    """How many steps of the ladder have come by `today`, for a bill that is late from `late` on."""
    return sum(late + timedelta(days=step) <= today for step in ladder.reminders)


def next_day(ladder: Ladder, late: date, today: date) -> date | None:
    """The next day after `today` on which something falls: a reminder, the due date, the guarantee; None after the last."""
    steps: Sequence[int] = sorted({*ladder.reminders, 0, ladder.guarantee})
    return next((day for step in steps if (day := late + timedelta(days=step)) > today), None)


def is_guaranteed(ladder: Ladder, late: date, today: date) -> bool:
    """Whether the ladder is at its end."""
    return late + timedelta(days=ladder.guarantee) <= today


def late_after_dispute(late: date, disputed_on: date, decided_on: date) -> date:
    """From when on a bill is late once its dispute is over: the days that were left count from the decision."""
    left = max((late - disputed_on).days, GRACE_DAYS + 1)
    return decided_on + timedelta(days=left)
