"""A result in plain words, for the person whose score it is (Reg. art. 24; PIPL art. 24)."""

from scoring.engine import Line, NotCounted, Reason
from scoring.points import points_text
from scoring.ruleset import Names

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


def why_not(entry: NotCounted) -> Names:
    """Why a record contributes nothing."""
    return WHY_NOT_COUNTED[entry.reason]
