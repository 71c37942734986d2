"""How a signed request can be refused before anybody looks at what it asks (protocol, section 2)."""

from backend.platform.problems import declare

SIGNATURE_MISSING = declare(
    401, "signature-missing", "请求未签名", "The request is not signed",
    "请按 RFC 9421 对请求签名，见 docs/partners.md。", "Sign the request as RFC 9421 says: see docs/partners.md.",
)  # fmt: skip
SIGNATURE_INVALID = declare(
    401, "signature-invalid", "签名无效", "The signature is not valid",
    "请检查签名覆盖的内容、摘要与密钥。", "Check the covered components, the digest and the key.",
)  # fmt: skip
SIGNATURE_STALE = declare(
    401, "signature-stale", "签名时间超出范围", "The signature's time is out of range",
    "请校准时钟，并在签名后 60 秒内发送。", "Set the clock and send within 60 seconds of signing.",
)  # fmt: skip
KEY_UNKNOWN = declare(
    401, "key-unknown", "密钥未登记或已撤销", "The key is not registered or was revoked",
    "请使用已登记的密钥，或先登记新密钥。", "Use a registered key, or register the new one first.",
)  # fmt: skip
NONCE_REPLAYED = declare(
    401, "nonce-replayed", "随机数已使用", "The nonce was used before",
    "请为每次发送生成新的 nonce 并重新签名。", "Use a fresh nonce and sign again for every sending.",
)  # fmt: skip

SIGNATURE_PROBLEMS = (SIGNATURE_MISSING, SIGNATURE_INVALID, SIGNATURE_STALE, KEY_UNKNOWN, NONCE_REPLAYED)
BY_CODE = {kind.code: kind for kind in SIGNATURE_PROBLEMS}
