"""How a budget or a subsidy plan can be refused."""

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
