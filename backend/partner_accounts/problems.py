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
KEY_INVALID = declare(
    422, "key-invalid", "公钥不可用", "The key cannot be used",
    "请提交 Ed25519 或 P-256 公钥（JWK，不含私钥）。", "Send an Ed25519 or P-256 public key as a JWK, without its private part.",
)  # fmt: skip
KEY_PROOF_INVALID = declare(
    422, "key-proof-invalid", "密钥持有证明不成立", "The proof of possession does not hold",
    "请用新私钥对本服务器、签署本请求的密钥编号与当前时间重新签名；五分钟内有效。",
    "Sign again with the new private key: this server, the id of the key that signs the request, the present time; good for five minutes.",
)  # fmt: skip
TOO_MANY_KEYS = declare(
    409, "too-many-keys", "在用密钥已达两把", "Two keys are in use already",
    "请先吊销一把不再使用的密钥。", "Revoke one that is no longer used first.",
)  # fmt: skip
KEY_USED = declare(
    409, "key-used", "该密钥不能再登记", "The key cannot be registered again",
    "该密钥属于他人或已被吊销，请生成新密钥。", "It is somebody else's or was revoked: make a new one.",
)  # fmt: skip
LAST_KEY = declare(
    409, "last-key", "这是最后一把在用密钥", "It is the last key in use",
    "请先登记新密钥再吊销；如已泄露，请立即联系运营方吊销。",
    "Register the next one first; if it was stolen, have the operator revoke it at once.",
)  # fmt: skip
NOT_TESTED = declare(
    409, "not-tested", "尚未通过自测", "No conformance report yet",
    "请先用测试密钥提交自测报告（全部 must 通过），或由运营方验收。",
    "Hand in a report of the conformance kit, signed with a test key, in which every must is passed.",
)  # fmt: skip
TOO_MANY_STORES = declare(
    409, "too-many-stores", "待审门店已达上限", "Too many stores wait to be opened",
    "请等待运营方核对，或撤回不再需要的。", "Wait until the operator has looked at them, or take some back.",
)  # fmt: skip
TOO_MANY_INVITATIONS = declare(
    409, "too-many-invitations", "未使用的邀请已达上限", "Too many invitations are open",
    "请先撤回不再需要的邀请。", "Revoke those that are no longer needed.",
)  # fmt: skip
INVITATION_UNUSABLE = declare(
    422, "invitation-unusable", "邀请码不可用", "The invitation cannot be used",
    "邀请码只能用一次，7 天内有效；请向商户索取新的。", "It is good once, for seven days: ask the partner for another.",
)  # fmt: skip
POST_TAKEN = declare(
    409, "post-taken", "您已在一家门店任职", "You work at a till already",
    "请先离职，再接受新的邀请。", "Leave your present till first.",
)  # fmt: skip
DECLARATION_OLD = declare(
    409, "declaration-old", "声明文本已更新", "There is a newer declaration",
    "请阅读现行文本后再加入。", "Read the text that is in force, then join.",
)  # fmt: skip
