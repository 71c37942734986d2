"""How reading a score can be refused."""

from backend.platform.problems import declare

SCORE_NOT_READY = declare(
    404, "score-not-ready", "信用分尚未算出", "The score is not computed yet",
    "请稍候片刻后再查看。", "Look again in a moment.",
)  # fmt: skip
NO_SCORE_THAT_DAY = declare(
    404, "no-score-that-day", "这一天没有信用分", "There was no score on that day",
    "那一天您尚未同意计算信用分，或没有在效的评价规则；请换一个日期，最远可查十年后。",
    "You had not consented to a score on that day, or no rule set is in force then; choose another day, ten years ahead at most.",
)  # fmt: skip
NOT_IMAGINABLE = declare(
    422, "not-imaginable", "无法这样试算", "That cannot be tried",
    "请去掉 errors 中所列的记录或事项：只能去掉您自己的记录，只能加目录中的事项。",
    "Leave out what errors names: only records of your own can be taken away, only items of the catalogue added.",
)  # fmt: skip
