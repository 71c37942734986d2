"""The states of an endpoint and of a delivery, what is told, and when it is tried again: as data."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum


class EndpointState(StrEnum):
    """Whether an endpoint gets anything. It is disabled when it answers 410."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    """Where a delivery is: waiting -> delivered | given-up; sent again, it waits anew."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


class EventType(StrEnum):
    """What partners are told. Names are stable and are never reused for something else."""

    VERIFICATION_ANSWERED = "verification.answered"
    REDEMPTION_REDEEMED = "redemption.redeemed"
    REDEMPTION_REVERSED = "redemption.reversed"
    ORDER_AGREED = "order.agreed"
    ORDER_IN_USE = "order.in_use"
    ORDER_PAYMENT_DUE = "order.payment_due"
    ORDER_IN_ARREARS = "order.in_arrears"
    ORDER_DISPUTED = "order.disputed"
    ORDER_GUARANTEED = "order.guaranteed"
    ORDER_DONE = "order.done"
    ORDER_REVOKED = "order.revoked"
    ORDER_EXPIRED = "order.expired"
    KEY_REVOKED = "key.revoked"
    PARTNER_MOVED = "partner.moved"
    COMPLAINT_PASSED_ON = "complaint.passed_on"
    WEBHOOK_TEST = "webhook.test"


# From one attempt to the next, after the first, which is made at once: ten in three days and three and a half hours.
PAUSES: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
MOST_ATTEMPTS = len(PAUSES) + 1
