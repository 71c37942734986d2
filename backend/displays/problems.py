"""How display codes can be refused."""

from backend.platform.problems import declare

SECTOR_UNKNOWN = declare(
    422, "display-sector-unknown", "没有这个行业", "There is no such sector",
    "请从 GET /v1/display-sectors 所列行业中选择。", "Choose one of those in `GET /v1/display-sectors`.",
)  # fmt: skip
COMMITMENT_UNSUITABLE = declare(
    422, "display-commitment-unsuitable", "该承诺不能用于申请", "The commitment does not serve for this",
    "请选用本企业可向社会公开且未被认定为未履行的承诺；没有的，先作出承诺。",
    "Name a commitment of this enterprise that is open to the public and not broken; make one first if there is none.",
)  # fmt: skip
DATES_UNUSABLE = declare(
    422, "display-dates-unusable", "日期不可用", "The dates cannot be used",
    "请按 errors 中所列字段修改。", "Correct the fields named in errors.",
)  # fmt: skip
DISPLAY_OPEN = declare(
    409, "display-code-open", "已有同样的展示码", "There is one already",
    "请使用现有的展示码；需要更改的，先撤销再重新申请。", "Use the present one, or revoke it first to make another.",
)  # fmt: skip
DISPLAY_ENDED = declare(
    410, "display-code-ended", "展示码已失效", "The display code is no longer valid",
    "请勿再据此判断，并请企业出示有效的展示码。", "Do not rely on it; ask the enterprise for a valid one.",
)  # fmt: skip
