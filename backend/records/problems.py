"""How a delivery or an act on a record can be refused."""

from backend.platform.problems import declare

SOURCE_SUSPENDED = declare(
    403, "source-suspended", "信源未启用", "The source is not active",
    "请联系平台运行单位。", "Ask the platform's operator.",
)  # fmt: skip
ONLY_POSITIVE_HIDDEN = declare(
    422, "only-positive-hidden", "只能隐藏正面记录", "Only positive records can be hidden",
    "对其他记录可以提出异议。", "Any other record can be objected to.",
)  # fmt: skip
RECORD_STATE = declare(
    409, "record-state", "记录当前状态不允许此操作", "The record's present state does not allow this",
    "请刷新后查看记录状态。", "Fetch the record and look at its state.",
)  # fmt: skip
