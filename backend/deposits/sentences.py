"""Every event of an order in a sentence, for whoever wonders why it is where it is."""

from collections.abc import Mapping

SENTENCES: Mapping[str, tuple[str, str]] = {
    "create": ("商户开立订单，等待您同意", "The partner opened the order; it waits for your consent"),
    "confirm": (
        "您在核验时已在手机上确认商户与金额，视为同意",
        "Your phone confirmed partner and amount at the scan: you agreed",
    ),
    "agree": ("您已同意免押金", "You agreed"),
    "start": ("开始使用", "In use"),
    "settle-nothing-due": ("结算完成，无需支付", "Settled; nothing to pay"),
    "settle": ("商户已结算，请在到期前支付", "Settled; please pay before the due date"),
    "pay": ("已支付，订单完成", "Paid; the order is done"),
    "pass-due-date": (
        "逾期未付，仅暂停该项便利，付清后恢复；不影响信用分和其他权益",
        "Not paid by the due date: this one offer is closed until it is; score and other benefits are untouched",
    ),
    "revoke": ("订单已取消", "The order was revoked"),
    "expire": ("30 天未开始，订单自动失效", "Not started within 30 days; the order expired"),
}
