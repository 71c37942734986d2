"""How a budget, a subsidy plan, a rule about losses or a payment can be refused."""

from backend.platform.problems import declare

PLAN_DATES = declare(
    422, "subsidy-plan-dates", "补贴计划的日期不可用", "The plan's dates cannot be used",
    "计划须自批准次日起、在预算年度之内，且不与同一权益的其他计划重叠。",
    "A plan begins on a day after its approval, stays within its budget's year, and overlaps no other plan of the benefit.",
)  # fmt: skip
BUDGET_NOT_APPROVED = declare(
    409, "budget-not-approved", "预算尚未批准", "The budget is not approved",
    "请先由另一名工作人员批准该预算。", "Have a second operator approve the budget first.",
)  # fmt: skip
LOSS_RULE_UNUSABLE = declare(
    422, "loss-rule-unusable", "损失分担规则不可用", "The rule about losses cannot be used",
    "三方比例之和须为 1000‰，且自批准次日起、晚于已批准的各版规则生效。",
    "The three shares sum to 1000 permille, and a rule begins on a day after its approval and after every rule approved before.",
)  # fmt: skip
BUDGET_EXHAUSTED = declare(
    409, "budget-exhausted", "预算余额不足", "The budget does not hold that much",
    "请减少金额，或另行提出预算。", "Ask for less, or propose another budget.",
)  # fmt: skip
PAYMENT_UNUSABLE = declare(
    422, "payment-unusable", "该笔拨付不能登记", "The payment cannot be recorded",
    "金额不得超过应付商户余额，拨付日不晚于今天，同一银行凭证号只登记一次。",
    "At most what the partner is owed, on a day not after today, and each reference of the bank once.",
)  # fmt: skip
