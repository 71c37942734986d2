"""A result in plain words, for the person whose score it is (Reg. art. 24; PIPL art. 24)."""

from scoring.engine import Line, NotCounted, Reason
from scoring.foresight import Change
from scoring.points import points_text
from scoring.ruleset import Names, RuleSet

WHY_NOT_COUNTED: dict[Reason, Names] = {
    "capped": Names("已达本项上限", "The cap of its rule or dimension is reached"),
    "expired": Names("已过有效期", "Its term has ended"),
    "not-yet": Names("尚未生效", "It is not yet in effect"),
    "marked": Names("异议处理中，暂不计分", "Marked while an objection is decided"),
    "hidden": Names("您已选择隐藏", "You chose to hide it"),
    "corrected": Names("已更正", "It was corrected"),
    "withdrawn": Names("已撤销", "It was withdrawn"),
    "repaired": Names("已完成信用修复", "It was repaired"),
    "archived": Names("已归档", "It is archived"),
    "towards-step": Names("已计入累计，尚未达到下一档", "Added to the amount, which has not reached a further step"),
    "one-of": Names(
        "同组记录中已有分值更高的一条计分", "Another record of its group gives more points and counts instead"
    ),
    "faded": Names("分值已随时间衰减为零", "Its points have faded to nothing"),
    "level-only": Names("不计分，只影响等级", "It gives no points and bears on the level only"),
    "not-scored": Names("本规则对该记录不计分", "The rule set gives no points for it"),
}


def sentence(line: Line) -> Names:
    """One line of the explanation as a sentence with its points, source and end."""
    points = points_text(line.millipoints, signed=True)
    if line.until is None:
        return Names(f"{points} 分：{line.reason.zh}", f"{points}: {line.reason.en}")
    return Names(
        f"{points} 分：{line.reason.zh}（{line.source}，计至 {line.until} 前）",
        f"{points}: {line.reason.en} ({line.source}, until {line.until})",
    )


def sentence_of_change(rule_set: RuleSet, change: Change) -> Names:
    """A change ahead as a sentence: the day, the points, and the records that do it, by the reasons of the version of then."""
    reasons = {rule.id: rule.reason for rule in rule_set.rules}
    told: dict[str, Names] = {}
    for effect in change.effects:
        reason = reasons.get(effect.rule_id or "")
        if reason is None:
            continue
        if effect.reason == "expired":
            told[effect.rule_id or ""] = Names(f"“{reason.zh}”到期", f"“{reason.en}” ends")
        else:
            told.setdefault(effect.rule_id or "", Names(f"“{reason.zh}”分值变化", f"“{reason.en}” changes"))
    points = points_text(change.after - change.before, signed=True)
    chinese = "、".join(words.zh for words in told.values()) or f"规则 {change.version} 版生效"
    english = ", ".join(words.en for words in told.values()) or f"version {change.version} takes effect"
    return Names(f"{change.day} 起 {points} 分：{chinese}", f"{points} from {change.day}: {english}")


def why_not(entry: NotCounted) -> Names:
    """Why a record contributes nothing."""
    return WHY_NOT_COUNTED[entry.reason]
