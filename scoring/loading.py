"""Loading a rule set: decoded strictly, checked for contradictions, refused if unlawful. There is no other way in."""

from itertools import pairwise

import msgspec

from scoring import plain_yaml
from scoring.legality import Finding, findings
from scoring.points import millipoints
from scoring.ruleset import Dimension, Rule, RuleSet


class RuleSetError(ValueError):
    """A rule set that cannot be used: where, and why, in Chinese and English. `findings` when it is unlawful."""

    def __init__(self, chinese: str, english: str, unlawful: tuple[Finding, ...] = ()) -> None:
        super().__init__(f"{chinese} {english}")
        self.chinese = chinese
        self.english = english
        self.findings = unlawful


class _Contradiction(Exception):
    def __init__(self, place: str, chinese: str, english: str) -> None:
        super().__init__(place, chinese, english)
        self.place, self.chinese, self.english = place, chinese, english


def load(source: str | bytes) -> RuleSet:
    """A rule set from YAML or JSON. Raises RuleSetError naming the place if it is malformed, contradictory or unlawful."""
    rule_set = read(source)
    if unlawful := unlawful_parts(rule_set):
        first = unlawful[0]
        raise RuleSetError(
            f"评价规则违反{first.article}：{first.rule}，{first.chinese}。",
            f"The rule set breaks {first.article}: {first.rule}, {first.english}.",
            unlawful,
        )
    return rule_set


def read(source: str | bytes) -> RuleSet:
    """A rule set that is well formed, lawful or not: for a checker. Raises RuleSetError naming the place."""
    data = source.encode() if isinstance(source, str) else source
    try:
        # YAML would take the dates of a JSON document for text.
        decode = msgspec.json.decode if data.lstrip().startswith(b"{") else plain_yaml.decode
        rule_set = decode(data, type=RuleSet)
    # A deeply nested document exhausts the parser's stack.
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RuleSetError(f"评价规则无法读取：{error}。", f"The rule set cannot be read: {error}.") from None
    try:
        _check_frame(rule_set)
        _check_rules(rule_set)
        _check_ceilings(rule_set)
    except _Contradiction as found:
        raise RuleSetError(f"{found.place}：{found.chinese}。", f"{found.place}: {found.english}.") from None
    return rule_set


def unlawful_parts(rule_set: RuleSet) -> tuple[Finding, ...]:
    """Every breach of the constitution, with rule, ground and article. Empty if the rule set is lawful."""
    return findings(rule_set)


def _refuse_if(contradicted: bool, place: str, chinese: str, english: str) -> None:
    if contradicted:
        raise _Contradiction(place, chinese, english)


def _check_frame(rule_set: RuleSet) -> None:
    until = rule_set.effective_until
    _refuse_if(
        until is not None and until <= rule_set.effective_from,
        "effective_until",
        "失效日期应晚于生效日期",
        "it ends before it begins",
    )
    in_range = rule_set.minimum <= rule_set.base <= rule_set.maximum
    _refuse_if(not in_range, "base_points", "基础分不在分值范围内", "the base is outside the range")
    _refuse_if(
        len(rule_set.levels_by_rank) != len(rule_set.levels), "levels", "等级序号重复", "two levels have the same rank"
    )
    with_points = {level.at_least is not None for level in rule_set.levels}
    _refuse_if(len(with_points) > 1, "levels", "等级应全部或全部不按分数", "either all levels have at_least, or none")
    if rule_set.has_points:
        thresholds = [level.threshold for level in sorted(rule_set.levels, key=lambda level: level.rank)]
        _refuse_if(
            thresholds != sorted(set(thresholds)) or thresholds[0] > rule_set.minimum,
            "levels", "等级应从最低分起逐级升高", "levels must rise with their rank and begin at the minimum",
        )  # fmt: skip
    _refuse_if(
        len({dimension.id for dimension in rule_set.dimensions}) != len(rule_set.dimensions),
        "dimensions", "维度编号重复", "two dimensions have the same id",
    )  # fmt: skip
    for dimension in rule_set.dimensions:
        bounds = ((dimension.most, 1), (dimension.most_yearly, 1), (dimension.least, -1), (dimension.least_yearly, -1))
        _refuse_if(
            any(bound is not None and millipoints(bound) * sign < 0 for bound, sign in bounds),
            dimension.id, "上限不能为负，下限不能为正", "what adds cannot be capped below zero, nor what takes above it",
        )  # fmt: skip


def _check_rules(rule_set: RuleSet) -> None:
    dimensions = {dimension.id: dimension for dimension in rule_set.dimensions}
    # Caps are counted by rule id: rules that shared one would share their caps.
    _refuse_if(
        len({rule.id for rule in rule_set.rules}) != len(rule_set.rules),
        "rules",
        "规则编号重复",
        "two rules have the same id",
    )
    seen: set[tuple[str, str | None]] = set()
    directions: dict[str, set[bool]] = {}
    for rule in rule_set.rules:
        for key in keys_of(rule):
            _refuse_if(key in seen, rule.id, "同一事项和等次已有规则", "another rule has the same item and grade")
            seen.add(key)
        _check_term(rule)
        _check_points(rule)
        if rule.kind == "mark":
            continue
        _refuse_if(
            rule.dimension not in dimensions,
            rule.id,
            f"没有维度 {rule.dimension}",
            f"there is no dimension {rule.dimension}",
        )
        assert rule.dimension is not None  # noqa: S101 it is a key of the dimensions
        _check_direction(rule, dimensions[rule.dimension])
        if rule.one_of is not None:
            _refuse_if(rule.kind != "fixed", rule.id, "就高组只适用于固定分值", "one_of is for fixed points only")
            directions.setdefault(rule.one_of, set()).add(adds(rule))
            _refuse_if(
                len(directions[rule.one_of]) > 1, rule.id, "就高组内方向不一", "its one_of group both adds and takes"
            )


def keys_of(rule: Rule) -> list[tuple[str, str | None]]:
    """The item and grades a rule is about; grade None is every grade without a rule of its own."""
    if not rule.grades:
        return [(rule.item, None)]
    return [(rule.item, grade) for grade in rule.grades]


def adds(rule: Rule) -> bool:
    """Whether a rule adds points; otherwise it takes some."""
    values: list[int | str] = [rule.points, *(entry.points for entry in rule.grades.values())]
    values += [*(step.points for step in rule.steps), *(tier.points for tier in rule.tiers)]
    return any(millipoints(value) > 0 for value in values)


def _check_term(rule: Rule) -> None:
    given = rule.months is not None or any(entry.months for entry in rule.grades.values())
    _refuse_if(rule.term != "months" and given, rule.id, "有效期只能有一种", "it has two terms")
    _refuse_if(
        rule.decay is not None and rule.decay.permille != tuple(sorted(rule.decay.permille, reverse=True)),
        rule.id, "衰减应逐步降低", "decay must fall from step to step",
    )  # fmt: skip


def _check_points(rule: Rule) -> None:
    graded = [millipoints(entry.points) for entry in rule.grades.values()]
    own = millipoints(rule.points)
    forms = {
        "fixed": (0 in graded if graded else own == 0) or (own != 0 and bool(graded)) or bool(rule.steps or rule.tiers),
        "steps": not rule.steps or bool(rule.tiers or own or graded),
        "units": own == 0 or bool(rule.steps or rule.tiers or graded),
        "tiers": not rule.tiers or bool(rule.steps or own or graded),
        "mark": bool(own or rule.steps or rule.tiers or any(graded) or rule.one_of or rule.decay),
    }
    _refuse_if(
        forms[rule.kind],
        rule.id,
        f"分值不合 {rule.kind} 的写法",
        f"its points are not written as {rule.kind} wants them",
    )
    signs = {value > 0 for value in [own, *graded] if value}
    _refuse_if(len(signs) > 1, rule.id, "同一规则既加分又减分", "one rule both adds and takes")
    steps = [(step.amount, millipoints(step.points)) for step in rule.steps]
    _refuse_if(
        any(later[0] <= earlier[0] or abs(later[1]) < abs(earlier[1]) or later[1] * earlier[1] < 0
            for earlier, later in pairwise(steps)) or any(points == 0 for _, points in steps),
        rule.id, "阶梯应逐级升高", "steps must rise",
    )  # fmt: skip
    tiers = [(tier.above, millipoints(tier.points)) for tier in rule.tiers]
    _refuse_if(
        bool(tiers) and (tiers[0][0] != 0 or [above for above, _ in tiers] != sorted({above for above, _ in tiers})
                         or len({points > 0 for _, points in tiers if points}) != 1),
        rule.id, "分段应从 0 起逐段升高且方向一致", "tiers must begin at 0, rise, and point one way",
    )  # fmt: skip


def _check_direction(rule: Rule, dimension: Dimension) -> None:
    adding = adds(rule)
    bound = millipoints(dimension.most if adding else dimension.least)
    _refuse_if(
        bound == 0, rule.id, "所在维度不允许此方向的分值", "its dimension lets no points of this direction count"
    )
    _refuse_if(
        rule.basis.information_class.strip() not in {"", "positive" if adding else "negative"},
        rule.id, "信息类别与分值方向不符", "its class does not go with the direction of its points",
    )  # fmt: skip
    caps = [millipoints(cap) for cap in (rule.yearly_cap, rule.total_cap) if cap is not None]
    _refuse_if(
        any((cap > 0) != adding for cap in caps),
        rule.id,
        "封顶值与分值方向相反",
        "a cap points the other way than the rule",
    )
    _refuse_if(
        rule.attainable is not None and not adding,
        rule.id,
        "扣分规则不能写可做的事",
        "only a rule that adds is attainable",
    )


def _check_ceilings(rule_set: RuleSet) -> None:
    known = {rule.id for rule in rule_set.rules}
    _refuse_if(
        len({ceiling.id for ceiling in rule_set.ceilings}) != len(rule_set.ceilings),
        "ceilings",
        "封顶编号重复",
        "two ceilings have the same id",
    )
    for ceiling in rule_set.ceilings:
        missing = [rule for rule in ceiling.rules if rule not in known]
        _refuse_if(
            bool(missing), ceiling.id, f"没有规则 {'、'.join(missing)}", f"there is no rule {', '.join(missing)}"
        )
        _refuse_if(
            ceiling.rank not in rule_set.levels_by_rank,
            ceiling.id,
            f"没有等级 {ceiling.rank}",
            f"there is no level {ceiling.rank}",
        )
