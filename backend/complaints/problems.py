"""How a complaint can be refused at the door."""

from backend.platform.problems import declare

COMPLAINT_OPEN = declare(
    409, "complaint-open", "本次到店已有办理中的投诉", "A complaint about this visit is open",
    "请在“我的投诉”中查看进度。", "See its progress under your complaints.",
)  # fmt: skip
