"""Recompute a score by yourself 自己算一遍: this one file, Python alone, nothing to install.

    python verify.py bundle.json

`bundle.json` is what `GET /v1/me/score/bundle` gives: the rule set as it is published, the facts, and the result. This file
was written apart from the engine that computed the score, to be read in one sitting: `recompute` does the whole of it.

It checks the arithmetic, and that the file is the one that was signed. Whether the signature itself is the platform's needs its
published key and a library: docs/rights.md shows how.
"""

import base64
import hashlib
import json
import sys
from datetime import date, timedelta
from typing import Any


def recompute(rule_set: dict[str, Any], facts: list[dict[str, Any]], as_of: date) -> dict[str, Any]:
    """The score in thousandths of a point, the rank of the level, and the points of each record, by record id."""
    counting = []
    for fact in sorted(facts, key=lambda fact: (fact["occurred_on"], fact["record_id"])):
        rule, grade = rule_for(rule_set, fact)
        if rule is not None and fact["state"] == "active" and in_term(rule, grade, fact, as_of):
            counting.append((fact, rule, grade))
    points = {fact["record_id"]: raw_points(counting, index, as_of) for index, (fact, _, _) in enumerate(counting)}
    keep_the_best_of_each_group(counting, points)
    dimensions = {dimension["id"]: dimension for dimension in rule_set["dimensions"]}
    for by_year in (True, False):
        cap(counting, points, by_year, lambda rule: rule)
    for by_year in (True, False):
        cap(counting, points, by_year, lambda rule: dimensions.get(rule["dimension"]))
    lowest, highest = thousandths(rule_set["minimum_points"]), thousandths(rule_set["maximum_points"])
    total = min(max(thousandths(rule_set["base_points"]) + sum(points.values()), lowest), highest)
    reached = [
        level["rank"]
        for level in rule_set["levels"]
        if level["at_least"] is None or total >= thousandths(level["at_least"])
    ]
    ceilings = [
        ceiling["rank"]
        for ceiling in rule_set["ceilings"]
        if sum(rule["id"] in ceiling["rules"] for _, rule, _ in counting) >= ceiling["count"]
    ]
    return {"millipoints": total, "rank": min([max(reached), *ceilings]), "points": points}


def thousandths(points: int | str) -> int:
    """10 -> 10000, "-0.25" -> -250."""
    if isinstance(points, int):
        return points * 1000
    whole, places = points.split(".")
    return int(whole + places.ljust(3, "0"))


def rule_for(rule_set: dict[str, Any], fact: dict[str, Any]) -> tuple[Any, Any]:
    """The rule for the record's item, with the table entry of its grade if the rule has one."""
    about = [rule for rule in rule_set["rules"] if rule["item"] == fact["item"]]
    for rule in about:
        if fact["grade"] in rule["grades"]:
            return rule, rule["grades"][fact["grade"]]
    return next(((rule, None) for rule in about if not rule["grades"]), (None, None))


def in_term(rule: dict[str, Any], grade: Any, fact: dict[str, Any], as_of: date) -> bool:
    """Whether a record counts on the day: from the day of the act until the rule's term or its own end, whichever is first."""
    day = date.fromisoformat(fact["occurred_on"])
    if day > as_of or (fact["ends_on"] is not None and date.fromisoformat(fact["ends_on"]) <= as_of):
        return False
    if rule["term"] == "calendar-year":
        return day.year == as_of.year
    return rule["term"] == "record" or as_of < months_after(day, (grade and grade["months"]) or rule["months"])


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last of the month if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), after - timedelta(days=1))


def raw_points(counting: list[Any], index: int, as_of: date) -> int:
    """What one record gives before any cap: fixed points, or what its amount adds to those before it; less what has faded."""
    fact, rule, grade = counting[index]
    if rule["kind"] == "mark":
        return 0
    if rule["kind"] == "fixed":
        points = thousandths(grade["points"] if grade else rule["points"])
    else:
        earlier = [
            other
            for other, its_rule, _ in counting[:index]
            if its_rule is rule
            and rule["per"] != "record"
            and (rule["per"] == "term" or other["occurred_on"][:4] == fact["occurred_on"][:4])
        ]
        before = sum(max(0, other["amount"] or 0) for other in earlier)
        points = points_of_amount(rule, before + max(0, fact["amount"] or 0)) - points_of_amount(rule, before)
    left = permille(rule, date.fromisoformat(fact["occurred_on"]), as_of)
    return abs(points) * left // 1000 * (1 if points > 0 else -1)


def points_of_amount(rule: dict[str, Any], amount: int) -> int:
    """The points of an amount by the rule's steps, units or tiers."""
    if rule["kind"] == "steps":
        return ([0] + [thousandths(step["points"]) for step in rule["steps"] if amount >= step["amount"]])[-1]
    if rule["kind"] == "units":
        return int(amount // rule["unit"]) * thousandths(rule["points"])
    ends = [tier["above"] for tier in rule["tiers"][1:]] + [amount]
    return sum(
        (min(amount, end) - tier["above"]) // tier["unit"] * thousandths(tier["points"])
        for tier, end in zip(rule["tiers"], ends, strict=True)
        if amount > tier["above"]
    )


def permille(rule: dict[str, Any], day: date, as_of: date) -> int:
    """How much of a record is left, in thousandths, by the calendar periods gone since the one of its day."""
    if rule["decay"] is None:
        return 1000
    every, table = rule["decay"]["every_months"], rule["decay"]["permille"]
    gone = (as_of.year * 12 + as_of.month - 1) // every - (day.year * 12 + day.month - 1) // every
    return int(table[min(gone, len(table) - 1)])


def keep_the_best_of_each_group(counting: list[Any], points: dict[str, int]) -> None:
    """Of a one-of group, only the record with the most points keeps them; of equal ones the earliest."""
    for group in {rule["one_of"] for _, rule, _ in counting} - {None}:
        records = [fact["record_id"] for fact, rule, _ in counting if rule["one_of"] == group]
        best = max(records, key=lambda record: abs(points[record]))
        points.update({record: 0 for record in records if record != best})


def cap(counting: list[Any], points: dict[str, int], by_year: bool, holder_of: Any) -> None:
    """Cuts what goes beyond the caps of rules or of dimensions, of a year or in all; the latest records first."""
    used: dict[Any, int] = {}
    for fact, rule, _ in counting:
        value, holder = points[fact["record_id"]], holder_of(rule)
        if value == 0:
            continue
        if "most" in holder:
            limit = holder[("most" if value > 0 else "least") + ("_yearly" if by_year else "")]
        else:
            limit = holder["yearly_cap" if by_year else "total_cap"]
        if limit is not None:
            key = (holder["id"], value > 0, fact["occurred_on"][:4] if by_year else None)
            size = min(abs(value), abs(thousandths(limit)) - used.get(key, 0))
            used[key] = used.get(key, 0) + size
            points[fact["record_id"]] = size if value > 0 else -size


def is_as_signed(bundle: dict[str, Any]) -> bool:
    """Whether the digest in the signature is that of the rest of the file: one changed letter, and it is not."""
    rest = {name: value for name, value in bundle.items() if name != "signature"}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    claims = bundle["signature"].split(".")[1]
    signed = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sha256"]
    return bool(base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=") == signed)


def main(path: str) -> int:
    """Prints every line and the sum, and says whether the bundle says the same; 0 if it does."""
    with open(path, encoding="utf-8") as file:
        bundle = json.load(file)
    result = recompute(bundle["rule_set"], bundle["facts"], date.fromisoformat(bundle["as_of"]))
    claimed = {line["record_id"]: line["millipoints"] for line in bundle["result"]["lines"]}
    print(f"{bundle['rule_set']['names']['zh']} {bundle['as_of']}  基础分 base {bundle['rule_set']['base_points']}")
    for fact in bundle["facts"]:
        points = result["points"].get(fact["record_id"], 0)
        same = "=" if points == claimed.get(fact["record_id"], 0) else "≠"
        print(
            f"{points / 1000:+10.3f} {same}  {fact['occurred_on']} {fact['item']} {fact['grade'] or ''} {fact['record_id']}"
        )
    matches = (
        {record: points for record, points in result["points"].items() if points}
        == {record: points for record, points in claimed.items() if record is not None}
        and result["millipoints"] == bundle["result"]["millipoints"]
        and result["rank"] == bundle["result"]["rank"]
    )
    print(f"合计 score {result['millipoints'] / 1000:.3f}, 等级 level {result['rank']}")
    print(
        "与平台结果一致 The same as the platform's." if matches else "与平台结果不一致 NOT the same as the platform's!"
    )
    signed = is_as_signed(bundle)
    print(
        "文件与签名相符 The file is as it was signed."
        if signed
        else "文件被改动过 The file was CHANGED since it was signed!"
    )
    return 0 if matches and signed else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("用法 usage: python3 verify.py xinyi-score.json")
    sys.exit(main(sys.argv[1]))
