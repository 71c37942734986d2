"""How a benefit, a redemption or a reversal can be refused. Constant sentences: a partner learns no reason about a person."""

from backend.platform.problems import declare

QUOTA_EXHAUSTED = declare(
    409, "quota-exhausted", "名额已用完", "No more can be redeemed",
    "本次未办理任何事项，请告知持码人稍后再来。", "Nothing was redeemed; tell the holder to come back later.",
)  # fmt: skip
OVER_CAP = declare(
    422, "amount-over-cap", "金额超出权益上限", "The amount is above the benefit's cap",
    "请按权益公布的上限办理。", "Stay within the published cap of the benefit.",
)  # fmt: skip
REVERSAL_OVER = declare(
    409, "reversal-over", "冲正金额超过可冲正余额", "The reversal exceeds what is left to reverse",
    "请查询该笔核销的余额后再冲正。", "Fetch the redemption and reverse at most what is left.",
)  # fmt: skip
SAME_PERSON = declare(
    409, "two-people-needed", "须由另一人批准", "A second person must approve",
    "提出人不能批准自己的提案，请由另一名工作人员批准。", "Whoever proposes cannot approve: ask a second member of staff.",
)  # fmt: skip
BENEFIT_UNLAWFUL = declare(
    422, "benefit-unlawful", "权益不得发布", "The benefit may not be published",
    "请按 errors 中所列条款修改后重新提出。", "Change what errors names, with its article, and propose it again.",
)  # fmt: skip
CONTRACT_NEEDED = declare(
    409, "contract-needed", "该权益须以订单办理", "This benefit needs an order",
    "免押与先用后付请改为创建订单，不可直接核销。", "Deposit waivers and pay-after-use go through an order, not a redemption.",
)  # fmt: skip
CONFIRMATION_OVER = declare(
    409, "confirmation-over", "确认时间已过", "The time to confirm is over",
    "如仍需要，请重新出示诚信码，由商户再核验一次。", "If you still want it, show your code again and let the shop verify it.",
)  # fmt: skip
CONFIRMATION_INVALID = declare(
    422, "confirmation-invalid", "确认签名未通过", "The confirmation's signature does not hold",
    "请用已登记的手机确认；手机未登记的，先在“我的设备”中登记。",
    "Confirm on a registered phone; register it under “My devices” first.",
)  # fmt: skip
NO_COMMITMENT = declare(
    409, "no-commitment", "该权益无需承诺", "This benefit rests on no commitment",
    "该权益没有以承诺开启的档次，请查看“我的权益”。", "No tier of it is opened by a commitment; look at “My benefits”.",
)  # fmt: skip
