"""What goes out of the reports room. Sums are fen; months are of Asia/Shanghai, as 2026-11."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from partners.benefits.terms import Text
from partners.reports.groups import Figures, GroupRow

Month = Annotated[
    str,
    Meta(
        pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])(?!\n)$",
        max_length=7,
        description="月份 a month of Asia/Shanghai",
        examples=["2026-11"],
    ),
]


class SavedMonth(msgspec.Struct):
    """What was saved in a month, and how often something was used."""

    month: str
    uses: int
    saved_fen: int


class SavedBenefit(msgspec.Struct):
    """What one benefit saved in all, and how often it was used."""

    benefit: str
    name: Text
    uses: int
    saved_fen: int


class WaivedDeposit(msgspec.Struct):
    """Deposits that need not be paid for one benefit. No money is saved by it: it would have come back."""

    benefit: str
    name: Text
    orders: int
    waived_fen: int


class MySavings(msgspec.Struct):
    """What the caller saved, net of what was taken back: in all, this year, this month, by month (newest first) and by benefit
    (most first). Deposits stand apart."""

    saved_fen: int
    year_fen: int
    month_fen: int
    uses: int
    months: list[SavedMonth]
    benefits: list[SavedBenefit]
    deposits: list[WaivedDeposit]
    deposits_waived_fen: int


class BenefitFigures(msgspec.Struct):
    """One benefit in a month: null figures of fewer than ten people, or where these would tell of fewer than ten who used others.
    `cost_per_use_fen`: what the city paid for one use."""

    benefit: str
    name: Text
    figures: Figures | None
    cost_per_use_fen: int | None


class MonthFigures(msgspec.Struct):
    """The whole city in a month, and every benefit that was used; nothing of fewer than ten people."""

    month: str
    figures: Figures | None
    benefits: list[BenefitFigures]


class CitySavings(msgspec.Struct):
    """The months of the last year that are over, newest first."""

    months: list[MonthFigures]


class Uptake(msgspec.Struct):
    """Who used something, by level, district and age band: tables of groups, each of at least ten people, and what is left as
    one without a name. Of one benefit it is people and uses: its money less that of others would be somebody's."""

    benefit: str
    levels: list[GroupRow]
    districts: list[GroupRow]
    age_bands: list[GroupRow]


class MonthReport(msgspec.Struct):
    """A month as it was drawn. The uptake with an empty `benefit` is of everything together."""

    month: str
    drawn_at: datetime
    figures: MonthFigures
    uptake: list[Uptake]
