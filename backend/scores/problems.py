"""How reading a score can be refused."""

from backend.platform.problems import declare

SCORE_NOT_READY = declare(
    404, "score-not-ready", "信用分尚未算出", "The score is not computed yet",
    "请稍候片刻后再查看。", "Look again in a moment.",
)  # fmt: skip
