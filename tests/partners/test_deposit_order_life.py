"""Whatever happens to deposit orders in whatever order, the money stays right and a bill closes its own offer only."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from partners.benefits.eligibility import Holder, Reason, Usage, decide
from partners.benefits.terms import BenefitKind, Terms, Text, Tier
from partners.orders.machine import NotAllowed
from partners.orders.money import AmountRefused, settle
from partners.orders.states import ORDER, OrderEvent, OrderState

OFFERS = ("library-deposit-waiver", "bicycle-deposit-waiver", "tent-deposit-waiver")
CAP = 50_000
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ENDED = {OrderState.DONE, OrderState.REVOKED, OrderState.EXPIRED}
AMOUNTS = some.lists(some.integers(0, 30_000), max_size=3)


def terms(offer: str) -> Terms:
    """A deposit waiver up to 500 yuan."""
    return Terms(
        id=offer,
        version=1,
        scene="rental",
        kind=BenefitKind.DEPOSIT_WAIVER,
        unit="fen",
        names=Text("免押金", "Deposit waived"),
        description=Text("免押金", "Deposit waived"),
        legal_basis="清单",
        tiers=(Tier(Text("诚信", "Trusted"), 1, CAP),),
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
        cap_fen=CAP,
    )


class Order:
    """One order as a shop and the platform keep it."""

    def __init__(self, offer: str, agreed: int) -> None:
        self.offer, self.agreed = offer, agreed
        self.state = ORDER.start
        self.total: int | None = None
        self.paid = 0
        self.history = [self.state]

    def move(self, event: OrderEvent) -> bool:
        """Whether the event was allowed."""
        try:
            self.state = ORDER.after(self.state, event)
        except NotAllowed:
            return False
        self.history.append(self.state)
        return True


class DepositOrders(RuleBasedStateMachine):
    """A holder with several orders at several offers."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Order] = []

    def closed(self) -> frozenset[str]:
        """The offers that an unpaid bill closes."""
        return frozenset(order.offer for order in self.all if order.state is OrderState.IN_ARREARS)

    @rule(target=orders, offer=some.sampled_from(OFFERS), agreed=some.integers(0, CAP))
    def agree(self, offer: str, agreed: int) -> Any:
        holder = Holder(computes=True, shows=True, rank=2, closed_offers=self.closed())
        decision = decide(terms(offer), holder, Usage(), NOW, agreed)
        assert decision.reasons == ((Reason.OFFER_CLOSED,) if offer in self.closed() else ())
        order = Order(offer, agreed)
        if decision.eligible:
            self.all.append(order)
        return order

    @rule(order=orders, event=some.sampled_from([OrderEvent.START, OrderEvent.REVOKE, OrderEvent.EXPIRE]))
    def begin_or_end(self, order: Order, event: OrderEvent) -> None:
        before = order.state
        assert order.move(event) == (before is OrderState.CREATED)

    @rule(order=orders, charges=AMOUNTS, discounts=AMOUNTS)
    def bring_back(self, order: Order, charges: list[int], discounts: list[int]) -> None:
        try:
            total = settle(charges, discounts, order.agreed, CAP)
        except AmountRefused:
            assert not 0 <= sum(charges) - sum(discounts) <= order.agreed
            return
        if order.move(OrderEvent.SETTLE if total else OrderEvent.SETTLE_NOTHING_DUE):
            assert order.total is None
            order.total = total

    @rule(order=orders)
    def pay(self, order: Order) -> None:
        if order.move(OrderEvent.PAY):
            order.paid += order.total or 0

    @rule(order=orders)
    def let_the_date_pass(self, order: Order) -> None:
        order.move(OrderEvent.PASS_DUE_DATE)

    @invariant()
    def a_bill_is_never_above_what_was_agreed_and_is_paid_once(self) -> None:
        for order in self.all:
            assert 0 <= (order.total or 0) <= order.agreed <= CAP
            assert order.paid == (order.total or 0 if order.state is OrderState.DONE else 0)

    @invariant()
    def whatever_was_used_ends_with_a_bill_or_with_nothing_due(self) -> None:
        for order in self.all:
            assert (order.total is None) == (order.state not in {
                OrderState.PAYMENT_DUE, OrderState.IN_ARREARS, OrderState.DONE,
            })  # fmt: skip

    @invariant()
    def no_state_is_entered_twice_and_what_has_ended_stays_so(self) -> None:
        for order in self.all:
            assert len(set(order.history)) == len(order.history)
            assert not ENDED.intersection(order.history[:-1])


TestDepositOrders = DepositOrders.TestCase
TestDepositOrders.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
