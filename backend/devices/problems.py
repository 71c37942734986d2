"""How a device can be refused."""

from backend.platform.problems import declare

DEVICE_KEY_INVALID = declare(
    422, "device-key-invalid", "设备公钥不正确", "The device's public key is not usable",
    "请提交 P-256 压缩公钥（33 字节，base64url）。", "Send a compressed point on P-256: 33 bytes in base64url.",
)  # fmt: skip
DEVICE_PROOF_INVALID = declare(
    422, "device-proof-invalid", "设备签名未通过", "The device's signature does not hold",
    "请校准手机时间，由该设备重新签名后再试。", "Set the phone's clock, let that device sign again and retry.",
)  # fmt: skip
DEVICE_KEY_USED = declare(
    409, "device-key-used", "该公钥已登记过", "This key was registered before",
    "请在手机上生成新的密钥；已停用的密钥不能再次登记。", "Make a new key on the phone; a revoked key does not come back.",
)  # fmt: skip
DEVICE_LIMIT = declare(
    409, "device-limit", "设备数量已达上限", "There are too many devices",
    "最多登记 5 台设备，请先停用不再使用的设备。", "Five devices at most: revoke one that you no longer use.",
)  # fmt: skip
