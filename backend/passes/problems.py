"""How a pass can be refused before anything about the person is looked at."""

from backend.platform.problems import declare

NOT_OFFLINE = declare(
    409, "benefit-not-offline", "该权益不能离线使用", "This benefit is not given offline",
    "请联网出示诚信码办理。", "Show the integrity code with a network instead.",
)  # fmt: skip
DEVICE_UNKNOWN = declare(
    422, "device-unknown", "设备未登记或已停用", "The device is not registered, or was revoked",
    "请先在本机登记设备。", "Register this phone first.",
)  # fmt: skip
PASS_KEY_INVALID = declare(
    422, "pass-key-invalid", "凭证公钥或其签名不正确", "A pass's key or the signature for it is not usable",
    "请为每张凭证生成新的 P-256 公钥，并由已登记的设备签名。", "Make a new P-256 key for each pass and sign for it with the registered phone.",
)  # fmt: skip
PASS_KEY_USED = declare(
    409, "pass-key-used", "该凭证公钥已使用过", "This key belongs to another pass",
    "请为每张凭证生成新的公钥。", "Make a new key for each pass.",
)  # fmt: skip
