"""The states of a verification, a redemption and a deposit order (protocol, section 2; domain rules, section 5)."""

from enum import StrEnum

from partners.orders.machine import Machine


class VerificationState(StrEnum):
    """A verification 核验."""

    CREATED = "created"
    PENDING_CONFIRMATION = "pending-confirmation"
    ANSWERED = "answered"
    RESERVED = "reserved"
    REDEEMED = "redeemed"
    LAPSED = "lapsed"


class VerificationEvent(StrEnum):
    """What happens to a verification. The three that end a question to the holder lead to the same state: a partner sees no difference."""

    ANSWER = "answer"
    ASK_HOLDER = "ask-holder"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    TIME_OUT = "time-out"
    RESERVE = "reserve"
    GIVE_UP = "give-up"
    REDEEM = "redeem"
    LAPSE = "lapse"


VERIFICATION: Machine[VerificationState, VerificationEvent] = Machine(
    VerificationState.CREATED,
    {
        VerificationState.CREATED: {
            VerificationEvent.ANSWER: VerificationState.ANSWERED,
            VerificationEvent.ASK_HOLDER: VerificationState.PENDING_CONFIRMATION,
        },
        VerificationState.PENDING_CONFIRMATION: {
            VerificationEvent.CONFIRM: VerificationState.ANSWERED,
            VerificationEvent.REFUSE: VerificationState.ANSWERED,
            VerificationEvent.TIME_OUT: VerificationState.ANSWERED,
        },
        VerificationState.ANSWERED: {
            VerificationEvent.RESERVE: VerificationState.RESERVED,
            VerificationEvent.REDEEM: VerificationState.REDEEMED,
            VerificationEvent.LAPSE: VerificationState.LAPSED,
        },
        VerificationState.RESERVED: {
            VerificationEvent.GIVE_UP: VerificationState.ANSWERED,
            VerificationEvent.REDEEM: VerificationState.REDEEMED,
            VerificationEvent.LAPSE: VerificationState.LAPSED,
        },
    },
)


class ReservationState(StrEnum):
    """A reservation 预留: a place held between a verification and its redemption."""

    HELD = "held"
    REDEEMED = "redeemed"
    RELEASED = "released"
    EXPIRED = "expired"


class ReservationEvent(StrEnum):
    """What ends a reservation."""

    REDEEM = "redeem"
    RELEASE = "release"
    EXPIRE = "expire"


RESERVATION: Machine[ReservationState, ReservationEvent] = Machine(
    ReservationState.HELD,
    {
        ReservationState.HELD: {
            ReservationEvent.REDEEM: ReservationState.REDEEMED,
            ReservationEvent.RELEASE: ReservationState.RELEASED,
            ReservationEvent.EXPIRE: ReservationState.EXPIRED,
        },
    },
)


class RedemptionState(StrEnum):
    """A redemption 核销."""

    REDEEMED = "redeemed"
    PARTLY_REVERSED = "partly-reversed"
    REVERSED = "reversed"


class RedemptionEvent(StrEnum):
    """What happens to a redemption."""

    REVERSE_PART = "reverse-part"
    REVERSE_REST = "reverse-rest"


REDEMPTION: Machine[RedemptionState, RedemptionEvent] = Machine(
    RedemptionState.REDEEMED,
    {
        RedemptionState.REDEEMED: {
            RedemptionEvent.REVERSE_PART: RedemptionState.PARTLY_REVERSED,
            RedemptionEvent.REVERSE_REST: RedemptionState.REVERSED,
        },
        RedemptionState.PARTLY_REVERSED: {
            RedemptionEvent.REVERSE_PART: RedemptionState.PARTLY_REVERSED,
            RedemptionEvent.REVERSE_REST: RedemptionState.REVERSED,
        },
    },
)


class OrderState(StrEnum):
    """A deposit-waiver order 免押订单."""

    CREATED = "created"
    IN_USE = "in-use"
    PAYMENT_DUE = "payment-due"
    IN_ARREARS = "in-arrears"
    DISPUTED = "disputed"
    GUARANTEED = "guaranteed"
    DONE = "done"
    REVOKED = "revoked"
    EXPIRED = "expired"


class OrderEvent(StrEnum):
    """What happens to an order. `remind` changes nothing but what the holder reads; a dispute ends by
    `waive-bill` (nothing is owed), `keep-bill` (all of it, or a part) or `withdraw-dispute`."""

    START = "start"
    CHARGE = "charge"
    SETTLE_NOTHING_DUE = "settle-nothing-due"
    SETTLE = "settle"
    PAY_PART = "pay-part"
    PAY = "pay"
    REMIND = "remind"
    PASS_DUE_DATE = "pass-due-date"
    DISPUTE = "dispute"
    WITHDRAW_DISPUTE = "withdraw-dispute"
    WAIVE_BILL = "waive-bill"
    KEEP_BILL = "keep-bill"
    GUARANTEE = "guarantee"
    REVOKE = "revoke"
    EXPIRE = "expire"


ORDER: Machine[OrderState, OrderEvent] = Machine(
    OrderState.CREATED,
    {
        OrderState.CREATED: {
            OrderEvent.START: OrderState.IN_USE,
            OrderEvent.REVOKE: OrderState.REVOKED,
            OrderEvent.EXPIRE: OrderState.EXPIRED,
        },
        OrderState.IN_USE: {
            OrderEvent.CHARGE: OrderState.IN_USE,
            OrderEvent.PAY_PART: OrderState.IN_USE,
            OrderEvent.SETTLE_NOTHING_DUE: OrderState.DONE,
            OrderEvent.SETTLE: OrderState.PAYMENT_DUE,
        },
        OrderState.PAYMENT_DUE: {
            OrderEvent.PAY_PART: OrderState.PAYMENT_DUE,
            OrderEvent.PAY: OrderState.DONE,
            OrderEvent.REMIND: OrderState.PAYMENT_DUE,
            OrderEvent.PASS_DUE_DATE: OrderState.IN_ARREARS,
            OrderEvent.DISPUTE: OrderState.DISPUTED,
        },
        OrderState.IN_ARREARS: {
            OrderEvent.PAY_PART: OrderState.IN_ARREARS,
            OrderEvent.PAY: OrderState.DONE,
            OrderEvent.REMIND: OrderState.IN_ARREARS,
            OrderEvent.DISPUTE: OrderState.DISPUTED,
            OrderEvent.GUARANTEE: OrderState.GUARANTEED,
        },
        # The clock stands: no reminder, no arrears, no guarantee, until the dispute is decided or withdrawn.
        OrderState.DISPUTED: {
            OrderEvent.WITHDRAW_DISPUTE: OrderState.PAYMENT_DUE,
            OrderEvent.WAIVE_BILL: OrderState.DONE,
            OrderEvent.KEEP_BILL: OrderState.PAYMENT_DUE,
        },
        OrderState.GUARANTEED: {
            OrderEvent.PAY_PART: OrderState.GUARANTEED,
            OrderEvent.PAY: OrderState.DONE,
        },
    },
)

# States in which an offer is closed for the bill, and in which the person still owes under the contract.
CLOSING = frozenset({OrderState.IN_ARREARS, OrderState.GUARANTEED})
OPEN = frozenset(
    {
        OrderState.IN_USE,
        OrderState.PAYMENT_DUE,
        OrderState.IN_ARREARS,
        OrderState.DISPUTED,
        OrderState.GUARANTEED,
    }
)

# Protocol, section 1: the holder's phone answers within a minute, or the answer is no.
CONFIRMATION_SECONDS = 60
UNTOUCHED_DAYS = 30
PAYMENT_DAYS = 7
