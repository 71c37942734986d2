"""How a counter code, or a wish to be served at one, can be refused."""

from backend.platform.problems import declare

COUNTER_UNKNOWN = declare(
    404, "counter-unknown", "台码不存在或已停用", "There is no such counter code",
    "请核对是否为门店张贴的信易台码，或请店员扫您的诚信码。", "Check that it is the shop's own sign, or let the clerk scan your code.",
)  # fmt: skip
COUNTER_CLOSED = declare(
    409, "counter-closed", "该台码暂不可用", "This counter code cannot be used now",
    "商户或权益暂停，或条款已更新；请重新扫码查看，仍不可用请咨询店员。",
    "The shop or the benefit is paused, or the terms have changed: scan again, and ask the clerk if it stays so.",
)  # fmt: skip
COUNTER_FOR_PERSONS = declare(
    422, "counter-for-persons", "台码只用于面向个人的权益", "Counter codes are for persons' benefits",
    "该权益面向企业：请店员扫企业的身份码。", "This benefit is for enterprises: scan the code that the enterprise's agent shows.",
)  # fmt: skip
COUNTER_SIGNATURE_INVALID = declare(
    422, "counter-signature-invalid", "手机签名未通过", "The phone's signature does not hold",
    "请用已登记的手机重新扫码确认；手机未登记的，先在“我的设备”中登记。",
    "Scan and confirm again on a registered phone; register it under “My devices” first.",
)  # fmt: skip
USE_TAKEN = declare(
    409, "counter-use-taken", "该办理编号已用于其他内容", "This use was made with other content",
    "请重新扫码。", "Scan the sign again.",
)  # fmt: skip
