"""How an act on a deposit order can be refused."""

from backend.platform.problems import declare

NOT_A_CONTRACT = declare(
    422, "not-a-contract", "该权益不需要订单", "This benefit needs no order",
    "请直接核销该次核验。", "Redeem the verification instead.",
)  # fmt: skip
AMOUNT_REFUSED = declare(
    422, "amount-refused", "金额不成立", "The amount cannot be",
    "收费减去优惠应在 0 与约定金额之间，约定金额不得超过上限。", "Charges less discounts lie between 0 and the agreed amount, which is at most the cap.",
)  # fmt: skip
NOT_YET_AGREED = declare(
    409, "not-yet-agreed", "居民尚未在手机上同意", "The holder has not agreed yet",
    "请居民在手机上确认后再开始。", "Ask the holder to agree on their phone, then start.",
)  # fmt: skip
