"""Whatever happens to deposit orders in whatever order, the money stays right and a bill closes its own offer only."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from partners.benefits.eligibility import Holder, Reason, Usage, decide
from partners.benefits.terms import BenefitKind, Terms, Text, Tier
from partners.ledger.sharing import Borne, LossRule, Shares, minus, share_loss, share_return
from partners.orders.machine import NotAllowed
from partners.orders.money import AmountRefused, held, outstanding, payable, settle
from partners.orders.states import CLOSING, ORDER, OrderEvent, OrderState

OFFERS = ("library-deposit-waiver", "bicycle-deposit-waiver", "tent-deposit-waiver")
CAP = 50_000
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ENDED = {OrderState.DONE, OrderState.REVOKED, OrderState.EXPIRED}
RULE = LossRule(
    merchant_permille=200,
    pool_permille=500,
    city_permille=300,
    order_cap_fen=20_000,
    partner_year_cap_fen=10**9,
    year_cap_fen=10**9,
)
PLENTY = Borne(partner_year_left_fen=10**9, year_left_fen=10**9, pool_left_fen=10**9, city_left_fen=10**9)
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
        self.charges: list[int] = []
        self.discounts: list[int] = []
        self.shares: Shares | None = None
        self.left: Shares | None = None

    def bill(self, event: OrderEvent | None, charges: list[int], discounts: list[int]) -> None:
        """Charges of a part, or the last ones with no event given."""
        charged, discounted = self.charges + charges, self.discounts + discounts
        try:
            total = settle(charged, discounted, self.agreed, CAP)
        except AmountRefused:
            assert not 0 <= sum(charged) - sum(discounted) <= self.agreed
            return
        if total < self.paid:
            return
        last = OrderEvent.SETTLE if total > self.paid else OrderEvent.SETTLE_NOTHING_DUE
        if self.move(event or last):
            assert self.total is None
            self.charges, self.discounts = charged, discounted
            self.total = total if event is None else None

    def pay(self, amount: int) -> None:
        """A payment of whatever amount, as a shop records it."""
        billed = sum(self.charges) - sum(self.discounts) if self.total is None else self.total
        try:
            paid = payable(billed, self.paid, amount)
        except AmountRefused:
            return
        if self.move(OrderEvent.PAY if paid == self.total else OrderEvent.PAY_PART):
            self.paid = paid
            if self.left is not None:
                self.left = minus(self.left, share_return(self.left, amount))

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
        return frozenset(order.offer for order in self.all if order.state in CLOSING)

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
    def charge_a_part(self, order: Order, charges: list[int], discounts: list[int]) -> None:
        order.bill(OrderEvent.CHARGE, charges, discounts)

    @rule(order=orders, charges=AMOUNTS, discounts=AMOUNTS)
    def bring_back(self, order: Order, charges: list[int], discounts: list[int]) -> None:
        order.bill(None, charges, discounts)

    @rule(order=orders, amount=some.integers(0, 20_000))
    def pay(self, order: Order, amount: int) -> None:
        order.pay(amount)

    @rule(order=orders)
    def pay_the_rest(self, order: Order) -> None:
        order.pay(outstanding(order.total, order.paid))

    @rule(order=orders, event=some.sampled_from([OrderEvent.PASS_DUE_DATE, OrderEvent.REMIND, OrderEvent.DISPUTE]))
    def let_time_pass_or_dispute(self, order: Order, event: OrderEvent) -> None:
        order.move(event)

    @rule(order=orders, share=some.integers(0, 1000))
    def decide(self, order: Order, share: int) -> None:
        if order.state is not OrderState.DISPUTED:
            return
        assert order.total is not None
        owed = order.paid + outstanding(order.total, order.paid) * share // 1000
        order.total = owed
        assert order.move(OrderEvent.KEEP_BILL if owed > order.paid else OrderEvent.WAIVE_BILL)

    @rule(order=orders)
    def reach_the_end_of_the_ladder(self, order: Order) -> None:
        loss = outstanding(order.total, order.paid)
        if order.move(OrderEvent.GUARANTEE):
            order.shares = order.left = share_loss(RULE, loss, PLENTY)
            assert order.shares.loss_fen == loss

    @invariant()
    def a_bill_is_never_above_what_was_agreed_and_never_paid_twice(self) -> None:
        for order in self.all:
            assert 0 <= order.paid <= order.agreed
            assert 0 <= (order.total or 0) <= order.agreed <= CAP
            assert (order.state is OrderState.DONE) == (order.paid == order.total)
            assert 0 <= held(order.state, order.agreed, order.total, order.paid) <= order.agreed

    @invariant()
    def whatever_was_used_ends_with_a_bill_or_with_nothing_due(self) -> None:
        for order in self.all:
            assert (order.total is None) == (order.state in {
                OrderState.CREATED, OrderState.IN_USE, OrderState.REVOKED, OrderState.EXPIRED,
            })  # fmt: skip

    @invariant()
    def what_came_back_after_a_guarantee_is_shared_to_the_fen(self) -> None:
        for order in self.all:
            if order.shares is not None and order.left is not None:
                assert order.left.loss_fen == outstanding(order.total, order.paid)
                if order.state is OrderState.DONE:
                    assert order.left == Shares(merchant_fen=0, pool_fen=0, city_fen=0)

    @invariant()
    def what_has_ended_stays_so(self) -> None:
        for order in self.all:
            assert not ENDED.intersection(order.history[:-1])


TestDepositOrders = DepositOrders.TestCase
TestDepositOrders.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
