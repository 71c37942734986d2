"""What a rule set 评价规则 is: data with a version, dates of effect and a legal basis for every rule.

The structs are the file format, decoded strictly; `load` checks structure and lawfulness. Points stand in the file as
`points.Points` and are counted as millipoints.
"""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from scoring.points import Points, millipoints

Identifier = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
Rank = Annotated[int, Meta(ge=0, le=20)]
Months = Annotated[int, Meta(ge=1, le=240)]
Amount = Annotated[int, Meta(ge=1, le=10**15)]


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in Chinese and English."""

    zh: Annotated[str, Meta(min_length=1, max_length=400)]
    en: Annotated[str, Meta(min_length=1, max_length=400)]


class Basis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a rule may exist: provider of the records, legal basis with article, and class (Reg. art. 18)."""

    provider: str = ""
    law: str = ""
    information_class: str = msgspec.field(default="", name="class")


class Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of rules with a ceiling for what its rules add and a floor for what they take, in all and by calendar year."""

    id: Identifier
    names: Names
    most: Points
    least: Points
    most_yearly: Points | None = None
    least_yearly: Points | None = None


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level 等级: from so many points on. A higher rank is better. A classification without points has no `at_least`."""

    rank: Rank
    names: Names
    at_least: Points | None = None

    @property
    def threshold(self) -> int:
        """`at_least` in millipoints; of a classification 0."""
        return 0 if self.at_least is None else millipoints(self.at_least)


class Ceiling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """While at least `count` records of these rules count, the level is at most `rank`.

    A veto 一票否决 is a ceiling at the lowest rank; a classification (A-D) is nothing but ceilings.
    """

    id: Identifier
    rules: Annotated[tuple[Identifier, ...], Meta(min_length=1)]
    rank: Rank
    reason: Names
    count: Annotated[int, Meta(ge=1, le=1000)] = 1


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this amount on so many points in all."""

    amount: Amount
    points: Points


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For what lies above this amount, so many points for each whole unit, up to the next tier."""

    above: Annotated[int, Meta(ge=0, le=10**15)]
    unit: Amount
    points: Points


class Decay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a record fades 衰减: permille of its points by calendar periods gone since the period of its day.

    Periods of 1, 2, 3, 4, 6 or 12 months begin with the calendar year, so that everybody's records fade on the same days.
    The last entry holds for all later periods.
    """

    every_months: Literal[1, 2, 3, 4, 6, 12]
    permille: Annotated[tuple[Annotated[int, Meta(ge=0, le=1000)], ...], Meta(min_length=2, max_length=60)]


class GradeOfRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule gives for one grade, and how long. Without `months`, as long as the rule says."""

    points: Points = 0
    months: Months | None = None
    reason: Names | None = None


class Attainable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody can do by their own choice, as `{n}` in a sentence: `n` acts, or an amount divided by `per`."""

    zh: Annotated[str, Meta(pattern=r"\{n\}")]
    en: Annotated[str, Meta(pattern=r"\{n\}")]
    per: Amount = 1


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule about one catalogue item.

    kind: `fixed` gives `points` for each record, or those of its grade; `steps`, `units` and `tiers` turn amounts into
    points; `mark` gives none and serves ceilings only.
    per: amounts add up within the calendar `year` of the act, over the whole `term`, or not at all (`record`).
    term: a record counts for so many `months` from the day of the act, in its `calendar-year` only, or as long as the
    `record` itself is in force. A record's own earlier end always ends it.
    yearly_cap, total_cap: the most (for deductions the least) that the rule gives for acts of one calendar year and in all.
    one_of: of all records that count in this group, only the one with the most points gives any (就高不就低).
    """

    id: Identifier
    item: Identifier
    kind: Literal["fixed", "steps", "units", "tiers", "mark"]
    basis: Basis
    reason: Names
    dimension: Identifier | None = None
    points: Points = 0
    grades: dict[Identifier, GradeOfRule] = {}
    unit: Amount = 1
    steps: tuple[Step, ...] = ()
    tiers: tuple[Tier, ...] = ()
    per: Literal["year", "term", "record"] = "year"
    term: Literal["months", "calendar-year", "record"] = "months"
    months: Months | None = None
    decay: Decay | None = None
    yearly_cap: Points | None = None
    total_cap: Points | None = None
    one_of: Identifier | None = None
    attainable: Attainable | None = None


class RuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A version of a rule set. `base`, `minimum` and `maximum` are points in the file; use the millipoint properties."""

    id: Identifier
    version: Annotated[str, Meta(pattern=r"^[0-9]{4}\.[0-9]{1,3}$")]
    names: Names
    subject: Literal["person", "enterprise"]
    purpose: Names
    published_by: Annotated[str, Meta(min_length=1)]
    effective_from: date
    effective_until: date | None
    levels: Annotated[tuple[Level, ...], Meta(min_length=1)]
    rules: tuple[Rule, ...]
    base_points: Points = 0
    minimum_points: Points = 0
    maximum_points: Points = 0
    dimensions: tuple[Dimension, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()

    @property
    def base(self) -> int:
        """Where everybody starts, in millipoints."""
        return millipoints(self.base_points)

    @property
    def minimum(self) -> int:
        """The lowest score, in millipoints."""
        return millipoints(self.minimum_points)

    @property
    def maximum(self) -> int:
        """The highest score, in millipoints."""
        return millipoints(self.maximum_points)

    @cached_property
    def has_points(self) -> bool:
        """Whether levels are reached by points; otherwise everybody starts at the best and ceilings decide."""
        return self.levels[0].at_least is not None

    @cached_property
    def levels_by_rank(self) -> dict[int, Level]:
        """Rank -> level."""
        return {level.rank: level for level in self.levels}

    @cached_property
    def _levels_from_the_best(self) -> list[tuple[int, Level]]:
        return [(level.threshold, level) for level in sorted(self.levels, key=lambda level: -level.rank)]

    @cached_property
    def plans(self) -> dict[date, Any]:
        """Where `compile.plan_on` keeps what it compiled."""
        return {}

    def level_of(self, score: int) -> Level:
        """The level that so many millipoints reach, before ceilings."""
        for threshold, level in self._levels_from_the_best:
            if score >= threshold:
                return level
        raise AssertionError("the lowest level begins at the minimum")


def shipped(name: str) -> bytes:
    """The text of a rule set that comes with this package."""
    return files("scoring.rulesets").joinpath(f"{name}.yaml").read_bytes()


def shipped_names() -> list[str]:
    """The rule sets that come with this package."""
    names = [entry.name for entry in files("scoring.rulesets").iterdir()]
    return sorted(
        name.removesuffix(".yaml") for name in names if name.endswith(".yaml") and not name.endswith(".cases.yaml")
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file format."""
    return msgspec.json.schema(RuleSet)


def in_force(rule_sets: Iterable[RuleSet], identifier: str, day: date) -> RuleSet | None:
    """The version of a rule set in force on a day, the latest to take effect if several are."""
    candidates = [
        rule_set
        for rule_set in rule_sets
        if rule_set.id == identifier
        and rule_set.effective_from <= day
        and (rule_set.effective_until is None or day < rule_set.effective_until)
    ]
    return max(candidates, key=lambda rule_set: rule_set.effective_from, default=None)
