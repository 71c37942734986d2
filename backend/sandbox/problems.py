"""How the sandbox can refuse what only the sandbox does."""

from backend.platform.problems import declare

CLOCK_TOO_FAR = declare(
    422, "clock-too-far", "沙箱时钟最多可快 400 天", "A sandbox's clock is 400 days ahead at most",
    "请先用 DELETE /sandbox/v1/clock 复位。", "Set it back with DELETE /sandbox/v1/clock first.",
)  # fmt: skip
NO_ENDPOINT = declare(
    409, "no-endpoint", "测试密钥名下没有启用的回调地址", "The test key has no enabled webhook address",
    "请先用测试密钥登记回调地址：POST /v1/partner/webhooks。", "Register one with the test key first: POST /v1/partner/webhooks.",
)  # fmt: skip
