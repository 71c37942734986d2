"""What a simulation says. Points are millipoints; a count is None where it is below ten, and rounded to tens where it says so."""

from datetime import date

import msgspec


class LevelShare(msgspec.Struct):
    """How many people are at a level before and after, rounded to tens."""

    rank: int
    name: str
    name_en: str
    before: int | None
    after: int | None


class ScoreBand(msgspec.Struct):
    """How many people have a score from `points` on, 20 points wide, before and after, rounded to tens."""

    points: int
    before: int | None
    after: int | None


class Quantile(msgspec.Struct):
    """The score that so many permille of the people do not exceed, in millipoints, before and after."""

    permille: int
    before: int
    after: int


class LevelChange(msgspec.Struct):
    """How many people move from one level to another, rounded to tens."""

    before: int
    after: int
    people: int | None


class GroupRow(msgspec.Struct):
    """One group, or with an empty name what is left as one: exact counts of people whose points stay, rise and fall, and the
    mean score before and after in whole millipoints, rounded down."""

    name: str
    people: int
    same: int
    up: int
    down: int
    mean_before: int
    mean_after: int


class Mover(msgspec.Struct):
    """A catalogue item whose points change: for how many people (rounded to tens), and by how many millipoints in all."""

    item: str
    name: str
    name_en: str
    people: int
    millipoints: int


class Report(msgspec.Struct):
    """A simulation of one version against another on a day."""

    rule_set: str
    version_before: str
    version_after: str
    day: date
    people: int
    up: int | None
    down: int | None
    levels: list[LevelShare]
    scores: list[ScoreBand]
    quantiles: list[Quantile]
    level_changes: list[LevelChange]
    districts: list[GroupRow]
    age_bands: list[GroupRow]
    channels: list[GroupRow]
    movers: list[Mover]
