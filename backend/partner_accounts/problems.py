"""How a partner can be refused."""

from backend.platform.problems import declare

PARTNER_SUSPENDED = declare(
    403, "partner-suspended", "商户当前不在服务状态", "The partner is not live",
    "请查看商户状态，整改并复核后恢复。", "See the partner's state; service resumes after re-check.",
)  # fmt: skip
BENEFIT_NOT_GRANTED = declare(
    403, "benefit-not-granted", "商户未获授权办理该项权益", "The benefit is not granted to this partner",
    "请只办理已授权的权益，或先申请授权。", "Use only granted benefits, or apply for this one first.",
)  # fmt: skip
CREDIT_CODE_INVALID = declare(
    422, "credit-code-invalid", "统一社会信用代码不正确", "The unified social credit code is not valid",
    "请对照营业执照核对 18 位代码。", "Compare the 18 characters with the licence.",
)  # fmt: skip
