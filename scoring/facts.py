"""A fact: what a rule set may know of one record. No name, no number, no text of the record."""

from datetime import date
from typing import Literal

import msgspec

FactState = Literal["active", "marked", "hidden", "corrected", "withdrawn", "repaired", "archived"]


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One catalogue record of one subject.

    item: catalogue code. occurred_on: the day of the act, or of its end if it went on. ends_on: first day on which it no
    longer counts, None where the rule decides. grade: county, city, province, nation or minor, general, serious.
    amount: whole units of the item (hours, fen). source: display name of the source. Only `active` facts contribute.
    """

    record_id: str
    item: str
    occurred_on: date
    ends_on: date | None
    state: FactState
    grade: str | None
    amount: int | None
    source: str
