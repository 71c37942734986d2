"""How a version of a rule set can be refused."""

from backend.platform.problems import declare

RULE_SET_UNREADABLE = declare(
    422, "rule-set-unreadable", "评价规则无法读取或自相矛盾", "The rule set cannot be read, or contradicts itself",
    "请按 errors 所指位置修改，并先用 xinyi rules check 检查。",
    "Mend what errors names; `xinyi rules check` says the same beforehand.",
)  # fmt: skip
RULE_SET_UNLAWFUL = declare(
    422, "rule-set-unlawful", "评价规则违法", "The rule set is not lawful",
    "errors 逐条列出规则、理由与条款，请删除或改正后重新提出。",
    "errors names rule, ground and article of every finding: take it out or mend it, and propose again.",
)  # fmt: skip
RULE_SET_DATES = declare(
    422, "rule-set-dates", "评价规则不能这样接续", "The rule set cannot follow like this",
    "版本自公布次日起方可生效，晚于已公布的各版本，不写失效日期：由下一版本接续。",
    "A version takes effect on a day after its publication and after every published version, and names no end: the next "
    "version ends it.",
)  # fmt: skip
RULE_SET_VERSION_TAKEN = declare(
    409, "rule-set-version-taken", "该版本号已被使用", "The version is taken",
    "一个版本号只对应一份文本，请使用新的版本号。", "A version names one text for ever: use a new one.",
)  # fmt: skip
RULE_SET_OF_ANOTHER = declare(
    403, "rule-set-of-another", "只有提出人可以撤回", "Only its proposer withdraws it",
    "您可以批准，或说明理由后退回。", "You can approve it, or refuse it with a reason.",
)  # fmt: skip
RULE_SET_TOO_LATE = declare(
    409, "rule-set-too-late", "已不能撤销", "It is too late to revoke it",
    "撤销须在生效前一小时以前完成；请公布下一版本。",
    "A revocation is complete an hour before the version takes effect: publish the next version instead.",
)  # fmt: skip
