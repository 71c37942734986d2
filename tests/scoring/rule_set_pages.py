"""The tables of docs/rule-sets/, made from the rule sets: `python -m tests.scoring.rule_set_pages` writes them anew.

A table stands in its page between `<!-- levels -->` and `<!-- /levels -->`, and likewise `range`, `dimensions`, `rules` and
`ceilings`; what stands around it is written by hand.
"""

from collections.abc import Iterable
from pathlib import Path

from backend.catalogue.service import present
from scoring import RuleSet, load, shipped, shipped_names
from scoring.points import millipoints, points_text
from scoring.ruleset import Dimension, Rule
from tests.docs.snippets import REPOSITORY

PAGES = REPOSITORY / "docs" / "rule-sets"
GRADES = {
    "county": "县级", "city": "市级", "province": "省级", "nation": "国家级",
    "minor": "轻微", "general": "一般", "serious": "严重",
    "middle": "中级", "senior": "高级",
    "excellent": "优", "good": "良", "medium": "中", "poor": "差",
}  # fmt: skip
UNITS = {
    "fen": "元 yuan", "hours": "小时 hours", "books": "册 books", "trees": "株 trees", "cases": "件 cases",
}  # fmt: skip
# Items that Taohua's catalogue does not list.
UNITS_ELSEWHERE = {
    "further-education": "学分 credits",
    "accounting-service": "小时 hours",
    "late-filing": "份 statements",
}
FEN_IN_YUAN = 100


def page_of(name: str) -> Path:
    """The page of a shipped rule set."""
    return PAGES / f"{name}.md"


def with_tables(page: str, rule_set: RuleSet) -> str:
    """The page with every table as the rule set has it."""
    tables = {
        "range": range_line(rule_set),
        "levels": levels_table(rule_set),
        "dimensions": dimensions_table(rule_set),
        "rules": rules_table(rule_set),
        "ceilings": ceilings_table(rule_set),
    }
    for name, table in tables.items():
        before, begin, rest = page.partition(f"<!-- {name} -->")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if begin and end:
            page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


def range_line(rule_set: RuleSet) -> str:
    """Version, dates, base and range."""
    until = f" 至 until {rule_set.effective_until}" if rule_set.effective_until else ""
    line = f"版本 version {rule_set.version}，自 {rule_set.effective_from} 起 from that day{until}，{len(rule_set.rules)} 条规则 rules"
    if not rule_set.has_points:
        return f"{line}；不计分，只分级 no points, levels only。"
    return (
        f"{line}；基础分 base {_points(rule_set.base_points)}，"
        f"范围 range {_points(rule_set.minimum_points)}–{_points(rule_set.maximum_points)}。"
    )


def levels_table(rule_set: RuleSet) -> str:
    """The levels from the best, each with where it begins and ends."""
    levels = sorted(rule_set.levels, key=lambda level: -level.rank)
    if not rule_set.has_points:
        return _table(("等级 Level",), ((f"{level.names.zh} {level.names.en}",) for level in levels))
    rows = []
    above = ""
    for level in levels:
        start = _points(level.at_least or 0)
        rows.append((f"{level.names.zh} {level.names.en}", start, above or _points(rule_set.maximum_points)))
        above = f"< {start}"
    return _table(("等级 Level", "从 From", "到 To"), rows)


def dimensions_table(rule_set: RuleSet) -> str:
    """The dimensions with their caps in all and of a year."""
    headings = ("方面 Dimension", "最多加 Adds at most", "最多减 Takes at most", "一年内 Within a year")
    return _table(headings, (_dimension_row(dimension) for dimension in rule_set.dimensions))


def _dimension_row(dimension: Dimension) -> tuple[str, ...]:
    yearly = [_signed(cap) for cap in (dimension.most_yearly, dimension.least_yearly) if cap is not None]
    return (
        f"{dimension.names.zh} {dimension.names.en}",
        _signed(dimension.most),
        _signed(dimension.least),
        "，".join(yearly) or "—",
    )


def rules_table(rule_set: RuleSet) -> str:
    """One row for each rule."""
    dimensions = {dimension.id: dimension.names.zh for dimension in rule_set.dimensions}
    headings = ["规则 Rule", "说明 What for"]
    headings += ["方面 Dimension", "分 Points"] if rule_set.has_points else ["等次 Grade"]
    headings += ["有效期 Term"]
    headings += ["上限 Cap"] if rule_set.has_points else []
    headings += ["提供单位与依据 Provider and basis"]
    rows = []
    for rule in rule_set.rules:
        row = [f"`{rule.id}`", f"{rule.reason.zh}<br>{rule.reason.en}"]
        row += [dimensions.get(rule.dimension or "", "—")] if rule_set.has_points else []
        row += [points_of(rule), term_of(rule)]
        row += [caps_of(rule)] if rule_set.has_points else []
        rows.append((*row, f"{rule.basis.provider}<br>{rule.basis.law}"))
    return _table(headings, rows)


def ceilings_table(rule_set: RuleSet) -> str:
    """What holds the level."""
    headings = ("封顶 Ceiling", "说明 What for", "规则 Rules", "条数 Records", "等级至多 Level at most")
    return _table(
        headings,
        (
            (
                f"`{ceiling.id}`",
                f"{ceiling.reason.zh}<br>{ceiling.reason.en}",
                "、".join(f"`{rule}`" for rule in ceiling.rules),
                f"≥ {ceiling.count}",
                f"{rule_set.levels_by_rank[ceiling.rank].names.zh} {rule_set.levels_by_rank[ceiling.rank].names.en}",
            )
            for ceiling in rule_set.ceilings
        ),
    )


def points_of(rule: Rule) -> str:
    """What a rule gives, line by line."""
    if rule.kind == "mark":
        return "、".join(_grade(grade) for grade in rule.grades) or "—"
    if rule.kind == "fixed":
        lines = [f"{_grade(grade)} {_signed(entry.points)}" for grade, entry in rule.grades.items()]
        lines = lines or [_signed(rule.points)]
    elif rule.kind == "steps":
        lines = [f"≥ {_amount(rule, step.amount)} {_signed(step.points)}" for step in rule.steps]
    elif rule.kind == "units":
        lines = [f"每 each {_amount(rule, rule.unit)} {_signed(rule.points)}"]
    else:
        lines = [
            f"> {_amount(rule, tier.above)}：每 each {_amount(rule, tier.unit)} {_signed(tier.points)}"
            for tier in rule.tiers
        ]
    if rule.kind != "fixed":
        lines.append(
            {"year": "按年累计 within a year", "term": "有效期内累计 over the term", "record": "逐条 each record"}[
                rule.per
            ]
        )
    if rule.decay is not None:
        fading = " → ".join(f"{points_text(permille * 100)}%" for permille in rule.decay.permille)
        lines.append(f"每 {rule.decay.every_months} 个月 every {rule.decay.every_months} months {fading}")
    return "<br>".join(lines)


def term_of(rule: Rule) -> str:
    """How long a record counts."""
    if rule.term != "months":
        return {"calendar-year": "当年 that year", "record": "记录有效期内 while the record is in force"}[rule.term]
    months = [entry.months or rule.months for entry in rule.grades.values()] or [rule.months]
    if len(set(months)) == 1:
        return f"{months[0]} 个月 months"
    return "<br>".join(f"{_grade(grade)} {many} 个月 months" for grade, many in zip(rule.grades, months, strict=True))


def caps_of(rule: Rule) -> str:
    """The caps of a rule, and its group."""
    caps = [f"每年 a year {_signed(rule.yearly_cap)}"] if rule.yearly_cap is not None else []
    caps += [f"合计 in all {_signed(rule.total_cap)}"] if rule.total_cap is not None else []
    caps += ["取最高一条 the highest counts"] if rule.one_of is not None else []
    return "<br>".join(caps) or "—"


def _grade(grade: str) -> str:
    return f"{GRADES[grade]} {grade}"


def _points(points: int | str) -> str:
    return points_text(millipoints(points))


def _signed(points: int | str) -> str:
    return points_text(millipoints(points), signed=True) if millipoints(points) else "0"


def _amount(rule: Rule, amount: int) -> str:
    listed = next((item for item in present().items if item.code == rule.item), None)
    unit = UNITS[listed.amount_unit] if listed and listed.amount_unit else UNITS_ELSEWHERE[rule.item]
    return f"{amount // FEN_IN_YUAN if listed and listed.amount_unit == 'fen' else amount:,} {unit}"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(headings)
    lines = [names, tuple("---" for _ in names), *(tuple(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    for each in shipped_names():
        path = page_of(each)
        path.write_text(with_tables(path.read_text(encoding="utf-8"), load(shipped(each))), encoding="utf-8")
