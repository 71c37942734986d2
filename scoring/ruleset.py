"""What a rule set 评价规则 is: data with a version, dates of effect and a legal basis for every rule.

Points stand in the file as whole points and are held as millipoints (1 point = 1,000 millipoints); a float is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Literal, NoReturn

import msgspec
from msgspec import Meta

from scoring.legality import Finding, RuleToCheck, findings

MILLIPOINTS = 1000

Points = Annotated[int, Meta(ge=-10_000, le=10_000)]
Identifier = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,60}$")]


class RuleSetError(ValueError):
    """A rule set that cannot be used: where, and why, in Chinese and English. `findings` when it is unlawful."""

    def __init__(self, chinese: str, english: str, unlawful: tuple[Finding, ...] = ()) -> None:
        super().__init__(f"{chinese} {english}")
        self.chinese = chinese
        self.english = english
        self.findings = unlawful


Grade = Literal["county", "city", "province", "nation", "minor", "general", "serious"]


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in Chinese and English."""

    zh: Annotated[str, Meta(min_length=1)]
    en: Annotated[str, Meta(min_length=1)]


class Basis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a rule may exist: provider of the records, legal basis with article, and class (Reg. art. 18)."""

    provider: str = ""
    law: str = ""
    information_class: str = msgspec.field(default="", name="class")


class Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of rules with a ceiling for what its rules add and a floor for what they take."""

    id: Identifier
    names: Names
    most: Annotated[int, Meta(ge=0, le=10_000)]
    least: Annotated[int, Meta(ge=-10_000, le=0)]


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level 等级: from so many points on. A higher rank is better."""

    rank: Annotated[int, Meta(ge=0, le=20)]
    names: Names
    at_least: Points


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this amount on, within one calendar year, so many points in all."""

    amount: Annotated[int, Meta(ge=1)]
    points: Points


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule about one catalogue item.

    kind: `fixed` gives `points` for each record; `steps` gives the points of the step that the year's amounts reach
    together; `units` gives `points` for each whole `unit` of the year's amounts together.
    months: how long a record counts, from the day of the act. yearly_cap and total_cap: the most (or, for deductions, the
    least) that the rule gives for acts of one calendar year and in all.
    """

    id: Identifier
    item: Identifier
    dimension: Identifier
    kind: Literal["fixed", "steps", "units"]
    months: Annotated[int, Meta(ge=1, le=120)]
    basis: Basis
    reason: Names
    grade: Grade | None = None
    points: Points = 0
    unit: Annotated[int, Meta(ge=1)] = 1
    steps: tuple[Step, ...] = ()
    yearly_cap: Points | None = None
    total_cap: Points | None = None


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
    base_points: Points
    minimum_points: Points
    maximum_points: Points
    dimensions: tuple[Dimension, ...]
    levels: tuple[Level, ...]
    rules: tuple[Rule, ...]

    @property
    def base(self) -> int:
        """Where everybody starts, in millipoints."""
        return self.base_points * MILLIPOINTS

    @property
    def minimum(self) -> int:
        """The lowest score, in millipoints."""
        return self.minimum_points * MILLIPOINTS

    @property
    def maximum(self) -> int:
        """The highest score, in millipoints."""
        return self.maximum_points * MILLIPOINTS

    @cached_property
    def rules_by_item(self) -> Mapping[tuple[str, str | None], Rule]:
        """The rule for an item and grade; grade None is the rule for every grade without its own."""
        return {(rule.item, rule.grade): rule for rule in self.rules}

    def level_of(self, millipoints: int) -> Level:
        """The level of a score."""
        return max(
            (level for level in self.levels if millipoints >= level.at_least * MILLIPOINTS),
            key=lambda level: level.at_least,
        )


def load(source: str | bytes) -> RuleSet:
    """A rule set from YAML. Raises RuleSetError naming the place if it is malformed, contradictory or unlawful."""
    try:
        rule_set = msgspec.yaml.decode(source, type=RuleSet)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        raise RuleSetError(f"评价规则无法读取：{error}。", f"The rule set cannot be read: {error}.") from None
    _check_structure(rule_set)
    unlawful = findings(
        rule_set.subject,
        _texts(rule_set),
        [_to_check(rule) for rule in rule_set.rules],
    )
    if unlawful:
        first = unlawful[0]
        raise RuleSetError(
            f"评价规则违反{first.article}：{first.rule}，{first.chinese}。",
            f"The rule set breaks {first.article}: {first.rule}, {first.english}.",
            unlawful,
        )
    return rule_set


def shipped(name: str) -> bytes:
    """The text of a rule set that comes with this package."""
    return files("scoring.rulesets").joinpath(f"{name}.yaml").read_bytes()


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


def _texts(rule_set: RuleSet) -> list[tuple[str, str]]:
    return [
        ("names", f"{rule_set.names.zh} {rule_set.names.en}"),
        ("purpose", f"{rule_set.purpose.zh} {rule_set.purpose.en}"),
        ("published_by", rule_set.published_by),
        *((dimension.id, f"{dimension.names.zh} {dimension.names.en}") for dimension in rule_set.dimensions),
        *((f"level {level.rank}", f"{level.names.zh} {level.names.en}") for level in rule_set.levels),
    ]


def _to_check(rule: Rule) -> RuleToCheck:
    return RuleToCheck(
        rule.id,
        f"{rule.id} {rule.item} {rule.reason.zh} {rule.reason.en} {rule.basis.provider} {rule.basis.law}",
        rule.basis.provider,
        rule.basis.law,
        rule.basis.information_class,
    )


def _refuse(place: str, chinese: str, english: str) -> NoReturn:
    """Stops the loading, naming the place."""
    raise RuleSetError(f"{place}：{chinese}。", f"{place}: {english}.")


def _check_structure(rule_set: RuleSet) -> None:
    if rule_set.effective_until is not None and rule_set.effective_until <= rule_set.effective_from:
        _refuse("effective_until", "失效日期应晚于生效日期", "it ends before it begins")
    if not rule_set.minimum_points <= rule_set.base_points <= rule_set.maximum_points:
        _refuse("base_points", "基础分不在分值范围内", "the base is outside the range")
    thresholds = [level.at_least for level in sorted(rule_set.levels, key=lambda level: level.rank)]
    if not thresholds or thresholds != sorted(set(thresholds)) or thresholds[0] > rule_set.minimum_points:
        _refuse("levels", "等级应从最低分起逐级升高", "levels must rise with their rank and begin at the minimum")
    if len({level.rank for level in rule_set.levels}) != len(rule_set.levels):
        _refuse("levels", "等级序号重复", "two levels have the same rank")
    dimensions = {dimension.id: dimension for dimension in rule_set.dimensions}
    if len(dimensions) != len(rule_set.dimensions):
        _refuse("dimensions", "维度编号重复", "two dimensions have the same id")
    # Caps are counted by rule id: rules that shared one would share their caps.
    if len({rule.id for rule in rule_set.rules}) != len(rule_set.rules):
        _refuse("rules", "规则编号重复", "two rules have the same id")
    seen: set[tuple[str, str | None]] = set()
    for rule in rule_set.rules:
        if rule.dimension not in dimensions:
            _refuse(rule.id, f"没有维度 {rule.dimension}", f"there is no dimension {rule.dimension}")
        if (rule.item, rule.grade) in seen:
            _refuse(rule.id, "同一事项和等次已有规则", "another rule has the same item and grade")
        seen.add((rule.item, rule.grade))
        _check_points(rule)
        _check_direction(rule, dimensions[rule.dimension])


def _check_direction(rule: Rule, dimension: Dimension) -> None:
    adds = rule.kind == "steps" or rule.points > 0
    if (dimension.most if adds else dimension.least) == 0:
        _refuse(rule.id, "所在维度不允许此方向的分值", "its dimension lets no points of this direction count")
    if rule.basis.information_class.strip() not in {"", "positive" if adds else "negative"}:
        _refuse(rule.id, "信息类别与分值方向不符", "its class does not go with the direction of its points")
    if any(cap is not None and (cap > 0) != adds for cap in (rule.yearly_cap, rule.total_cap)):
        _refuse(rule.id, "封顶值与分值方向相反", "a cap points the other way than the rule")


def _check_points(rule: Rule) -> None:
    if rule.kind == "steps":
        amounts = [step.amount for step in rule.steps]
        points = [step.points for step in rule.steps]
        if not amounts or amounts != sorted(set(amounts)) or points != sorted(points) or points[0] < 0:
            _refuse(rule.id, "阶梯应逐级升高", "steps must rise")
        return
    if rule.points == 0 or rule.steps:
        _refuse(rule.id, "分值不能为零", "it gives no points")
