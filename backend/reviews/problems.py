"""How a review can be refused."""

from backend.platform.problems import declare

VISIT_OPEN = declare(
    409, "visit-open", "本次核验尚未结束", "The visit is not over",
    "核验 15 分钟后仍未办理的，可反映“当场拒绝”。", "Fifteen minutes after the scan you can say that you were refused.",
)  # fmt: skip
REVIEW_LATE = declare(
    409, "review-late", "评议期限已过", "It is too late to review this visit",
    "请在到店后 30 日内评议；仍可投诉。", "Review within 30 days of the visit; you can still complain.",
)  # fmt: skip
REVIEW_GIVEN = declare(
    409, "review-given", "本次到店已评议", "This visit is reviewed already",
    "如需更改，请先撤回再评议。", "To change it, withdraw it and review anew.",
)  # fmt: skip
REVIEW_UNFIT = declare(
    422, "review-unfit", "评议与到店情况不符", "The review does not fit the visit",
    "已办理的请选“如约”或“打了折扣”，未办理成的请选“当场拒绝”。",
    "What was given is honoured or otherwise; what was never given is refused.",
)  # fmt: skip
