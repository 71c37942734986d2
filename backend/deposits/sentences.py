"""Every event of an order in a sentence, for whoever wonders why it is where it is: the holder, and the partner.

Reminders are between the platform and the holder: they have no sentence for the partner, who learns of states alone.
"""

from collections.abc import Mapping

FOR_HOLDER: Mapping[str, tuple[str, str]] = {
    "create": ("商户开立订单，等待您同意", "The partner opened the order; it waits for your consent"),
    "confirm": (
        "您在核验时已在手机上确认商户与金额，视为同意",
        "Your phone confirmed partner and amount at the scan: you agreed",
    ),
    "agree": ("您已同意免押金", "You agreed"),
    "start": ("开始使用", "In use"),
    "charge": ("商户登记了一部分费用，使用继续", "The partner charged a part; the use goes on"),
    "settle-nothing-due": ("结算完成，无需支付", "Settled; nothing to pay"),
    "settle": ("商户已结算，请在到期前支付", "Settled; please pay before the due date"),
    "pay-part": ("已支付一部分", "A part was paid"),
    "pay": (
        "已付清，订单完成；因此暂停的便利随即恢复",
        "Paid in full; the order is done, and an offer closed for it is open again",
    ),
    "remind": (
        "提醒：这笔账单尚未付清。有异议可在此提出，提出后不再催告",
        "Reminder: this bill is not paid. You may dispute it here, and are then not reminded",
    ),
    "pass-due-date": (
        "逾期未付，仅暂停该项便利，付清后恢复；不影响信用分和其他权益",
        "Not paid by the due date: this one offer is closed until it is; score and other benefits are untouched",
    ),
    "dispute": (
        "您对账单提出异议：裁定之前不催告、不计逾期，该项便利照常",
        "You dispute the bill: until it is decided there are no reminders and no arrears, and the offer is open",
    ),
    "withdraw-dispute": ("您撤回了异议，付款期限重新计算", "You withdrew the dispute; the time to pay counts anew"),
    "waive-bill": ("异议成立，您无需再付", "The dispute was upheld: you owe nothing more"),
    "keep-bill": (
        "异议经两名工作人员裁定，理由见下；付款期限重新计算",
        "Two officers decided the dispute, with reasons; the time to pay counts anew",
    ),
    "guarantee": (
        "商户的损失已按公布的规则分担；欠款不变，仍只暂停该项便利，付清即恢复，不成为您的记录",
        "The partner's loss was shared by the published rule; you owe what you owed, this one offer stays closed until it is paid, "
        "and it becomes no record",
    ),
    "revoke": ("订单已取消", "The order was revoked"),
    "expire": ("30 天未开始，订单自动失效", "Not started within 30 days; the order expired"),
}

FOR_PARTNER: Mapping[str, tuple[str, str]] = {
    "create": ("您开立了订单，等待居民同意", "You opened the order; it waits for the holder's consent"),
    "confirm": ("居民在核验时已在手机上确认", "The holder's phone confirmed it at the scan"),
    "agree": ("居民已同意", "The holder agreed"),
    "start": ("开始使用", "In use"),
    "charge": ("您登记了一部分费用，使用继续", "You charged a part; the use goes on"),
    "settle-nothing-due": ("结算完成，无需支付", "Settled; nothing to pay"),
    "settle": ("您已结算，等待付款", "Settled; payment is due"),
    "pay-part": ("您登记了部分付款", "You recorded a part of the payment"),
    "pay": ("已付清，订单完成", "Paid in full; the order is done"),
    "pass-due-date": ("到期未付", "Not paid by the due date"),
    "dispute": ("账单有异议，裁定之前时限停止", "The bill is disputed; the clock stands until it is decided"),
    "withdraw-dispute": ("异议已撤回，付款期限重新计算", "The dispute was withdrawn; the time to pay counts anew"),
    "waive-bill": (
        "异议成立，账单以已付金额为准，订单完成",
        "The dispute was upheld: the bill is what was paid; the order is done",
    ),
    "keep-bill": ("异议已裁定，账单以裁定金额为准", "The dispute was decided: the bill is what the decision says"),
    "guarantee": ("损失已按公布的规则分担，见结算单", "The loss was shared by the published rule: see your statement"),
    "revoke": ("订单已取消", "The order was revoked"),
    "expire": ("30 天未开始，订单自动失效", "Not started within 30 days; the order expired"),
}
