"""How registering an enterprise can be refused."""

from backend.platform.problems import declare

ENTERPRISE_CODE_INVALID = declare(
    422, "enterprise-code-invalid", "统一社会信用代码不正确", "The unified social credit code is not valid",
    "请对照营业执照核对 18 位代码。", "Compare the 18 characters with the licence.",
)  # fmt: skip
ENTERPRISE_TAKEN = declare(
    409, "enterprise-taken", "该企业已由另一经办人注册", "Another agent has registered this enterprise",
    "请联系现经办人注销登记后再注册；如其授权已终止，请携授权文件到服务窗口办理。",
    "Ask the present agent to withdraw it first; if their authority has ended, bring the authorisation to the service desk.",
)  # fmt: skip
