"""Whatever lenders, holders, officers and the calendar do to orders, in any order: the states, the sums and the closed offers are the
model's, the books agree, and nothing of it becomes a record or a score."""

import os
from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import msgspec
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backend.audit import service as audit
from backend.deposits import disputes, service
from backend.deposits.messages import (
    Charge,
    DecideDispute,
    FileDispute,
    OpenOrder,
    OrderForPartner,
    Position,
    RecordPayment,
    Settle,
)
from backend.ledger import guaranteeing
from backend.ledger import service as ledger
from backend.ledger.guarantee_messages import ProposeFunding, ProposeRule
from backend.ledger.messages import ProposeBudget
from backend.market.once import Answered, Once
from backend.platform.callers import Signer
from backend.platform.clock import SettableClock, local_date
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.roles import Role
from partners.benefits.terms import BenefitKind, Text, Tier
from partners.orders.reminders import LADDER, late_after_dispute
from partners.orders.states import PAYMENT_DAYS, UNTOUCHED_DAYS
from tests.builders import machines, stage
from tests.builders.lots import answered_yes
from tests.builders.machines import Done
from tests.builders.partners import make_terms
from tests.conftest import TODAY, RunDue

EXAMPLES = int(os.environ.get("ORDER_EXAMPLES", "25"))
CAP_FEN = 30_000
PLACES = some.integers(0, 3)
FEN = some.sampled_from([0, 1, 99, 1_000, 9_999, 10_000, 30_000, 30_001])
OFF = some.sampled_from([0, 0, 99, 1_000])
FIRST_DAY = TODAY + timedelta(days=1)
_NAMES = count(1)


class Modelled:
    """An order as it has to be, by rules that are written here once more."""

    def __init__(self, order_id: UUID, person: int, benefit: str, agreed_fen: int, now: datetime) -> None:
        self.id, self.person, self.benefit, self.agreed_fen, self.opened = order_id, person, benefit, agreed_fen, now
        self.state = "created"
        self.agreed = False
        self.charged = self.taken_off = self.paid = self.parts = 0
        self.total: int | None = None
        self.late: date | None = None
        self.disputed_on: date | None = None
        self.dispute: str | None = None
        self.dispute_id: UUID | None = None
        self.proposed_fen: int | None = None
        self.proposer: int | None = None

    @property
    def billed(self) -> int:
        return self.charged - self.taken_off

    @property
    def closes(self) -> bool:
        """Whether its bill closes the offer."""
        return self.state in ("in-arrears", "guaranteed")

    def fits(self, charge: int, off: int) -> bool:
        """Whether a bill may grow by this: never below nothing or what is paid, never above what was agreed."""
        return max(0, self.paid) <= self.billed + charge - off <= self.agreed_fen

    def pass_to(self, now: datetime) -> None:
        """What the calendar does to it."""
        today = local_date(now)
        if self.state == "created" and now >= self.opened + timedelta(days=UNTOUCHED_DAYS):
            self.state = "expired"
        if self.late is not None:
            if self.state == "payment-due" and self.late <= today:
                self.state = "in-arrears"
            if self.state == "in-arrears" and self.late + timedelta(days=LADDER.guarantee) <= today:
                self.state = "guaranteed"


async def pool_and_rule(platform: Platform, clock: SettableClock) -> None:
    """A pool and a rule of loss that two operators agreed on, in force since the first day. Pool and city bear some of every loss."""
    one, two, now = uuid4(), uuid4(), clock.now()
    async with platform.database.transaction() as connection:
        wanted = ProposeBudget(year=now.year, department="局", title="池", amount_fen=100_000_000)
        budget_id = await ledger.propose_budget(connection, one, wanted, now)
        await ledger.approve_budget(platform, connection, two, budget_id, now)
        funding_id = await guaranteeing.propose_funding(
            connection, one, ProposeFunding(budget_id, 50_000_000, "注资"), now
        )
        await guaranteeing.approve_funding(platform, connection, two, funding_id, now)
        rule = ProposeRule(
            budget_id=budget_id, merchant_permille=211, pool_permille=456, city_permille=333,
            order_cap_fen=CAP_FEN, partner_year_cap_fen=10**9, year_cap_fen=10**9,
            begins=local_date(FIRST_DAY), handler="科", legal_basis="条例",
        )  # fmt: skip
        rule_id = await guaranteeing.propose_rule(connection, one, rule, now)
        await guaranteeing.approve_rule(platform, connection, two, rule_id, now)


class Lending(RuleBasedStateMachine):
    """A lender with two contract benefits, two borrowers, two officers."""

    def __init__(self, done: Done, platform: Platform, clock: SettableClock, run_due: RunDue) -> None:
        super().__init__()
        self.done, self.platform, self.clock, self.run_due = done, platform, clock, run_due
        self.orders: list[Modelled] = []

    @initialize()
    def open(self) -> None:
        self.clock.move(FIRST_DAY - self.clock.now())
        self.done(self._open())

    async def _open(self) -> None:
        number = next(_NAMES)
        self.benefits = [f"library-waiver-{number}", f"bicycle-waiver-{number}"]
        terms = [
            make_terms(
                each, kind=BenefitKind.DEPOSIT_WAIVER, unit="fen", cap_fen=CAP_FEN,
                tiers=(Tier(Text("人人", "Everyone"), 0, CAP_FEN),),
            )
            for each in self.benefits
        ]  # fmt: skip
        self.people = await stage.peopled(self.platform, 4, terms)
        self.signer = Signer(role=Role.PARTNER, owner_id=self.people.shops[0].id, key_id="-", request_id="test")

    def act(self, coroutine: Awaitable[Any], allowed: bool) -> Any:
        """What an act answers; None where it is refused, which is where the model says so."""
        answer = self.done(self._tried(coroutine))
        assert (not isinstance(answer, Problem)) == allowed, answer
        return None if isinstance(answer, Problem) else answer

    @staticmethod
    async def _tried(coroutine: Awaitable[Any]) -> Any:
        try:
            return await coroutine
        except Problem as problem:
            return problem

    @staticmethod
    def once() -> Once:
        return Once(str(uuid4()), uuid4().bytes * 2)

    def any_order(self, which: int) -> Modelled | None:
        """One of the last, so that something comes of it."""
        return self.orders[-1 - which % min(len(self.orders), 4)] if self.orders else None

    @rule(person=some.integers(0, 1), benefit=some.integers(0, 1), agreed=FEN)
    def borrow(self, person: int, benefit: int, agreed: int) -> None:
        name = self.benefits[benefit]
        answer: Answered | None = self.act(self._borrow(person, name, agreed), agreed <= CAP_FEN)
        if answer is not None:
            told = msgspec.json.decode(answer.body, type=OrderForPartner)
            self.orders.append(Modelled(told.order_id, person, name, agreed, self.clock.now()))

    async def _borrow(self, person: int, benefit: str, agreed: int) -> Answered:
        asked = await answered_yes(
            self.platform, self.people.shops[0], self.people.residents[person], benefit, tier=CAP_FEN
        )
        wanted = OpenOrder(asked.order.verification_id, agreed, "loan-1")
        return await service.open_order(self.platform, self.signer, wanted, self.once())

    @rule(
        person=some.integers(0, 1), benefit=some.integers(0, 1), used=some.lists(FEN, min_size=1, max_size=3),
        days=some.sampled_from([0, 7, 8, 31, 38]),
    )  # fmt: skip
    def borrow_and_bring_back(self, person: int, benefit: int, used: list[int], days: int) -> None:
        """What happens most, some of it left unpaid: by single steps few orders would ever have a bill that is late."""
        for fen in used:
            self.borrow(person, benefit, CAP_FEN)
            self.agree(0)
            self.start(0)
            self.settle(0, fen, 0)
        if days:
            self.wait(days)

    @rule(which=PLACES)
    def agree(self, which: int) -> None:
        if (order := self.any_order(which)) is None:
            return
        caller = self.people.residents[order.person].caller
        self.act(service.agree(self.platform, caller, order.id), order.agreed or order.state == "created")
        order.agreed = order.agreed or order.state == "created"

    @rule(which=PLACES)
    def start(self, which: int) -> None:
        if (order := self.any_order(which)) is None:
            return
        allowed = order.agreed and order.state == "created"
        self.act(service.start(self.platform, self.signer, order.id, self.once()), allowed)
        order.state = "in-use" if allowed else order.state

    @rule(which=PLACES, by_holder=some.booleans())
    def revoke(self, which: int, by_holder: bool) -> None:
        if (order := self.any_order(which)) is None:
            return
        allowed = order.state == "created"
        holder = self.people.residents[order.person].caller
        act: Awaitable[Any] = (
            service.revoke_by_holder(self.platform, holder, order.id)
            if by_holder
            else service.revoke_by_partner(self.platform, self.signer, order.id, self.once())
        )
        self.act(act, allowed)
        order.state = "revoked" if allowed else order.state

    @rule(which=PLACES, fen=FEN, off=OFF)
    def charge(self, which: int, fen: int, off: int) -> None:
        if (order := self.any_order(which)) is None:
            return
        allowed = order.state == "in-use" and order.fits(fen, off)
        order.parts += 1
        wanted = Charge(f"part-{order.parts}", [Position("使用", fen)], [Position("优惠", off)])
        self.act(service.charge(self.platform, self.signer, order.id, wanted, self.once()), allowed)
        if allowed:
            order.charged, order.taken_off = order.charged + fen, order.taken_off + off

    @rule(which=PLACES, fen=FEN, off=OFF)
    def settle(self, which: int, fen: int, off: int) -> None:
        if (order := self.any_order(which)) is None or order.total is not None:
            return
        allowed = order.state == "in-use" and order.fits(fen, off)
        wanted = Settle([Position("归还", fen)], [Position("优惠", off)])
        self.act(service.settle_order(self.platform, self.signer, order.id, wanted, self.once()), allowed)
        if allowed:
            order.charged, order.taken_off = order.charged + fen, order.taken_off + off
            order.total = order.billed
            order.state = "payment-due" if order.total > order.paid else "done"
            order.late = local_date(self.clock.now()) + timedelta(days=PAYMENT_DAYS + 1)

    @rule(which=PLACES, fen=FEN, rest=some.booleans())
    def pay(self, which: int, fen: int, rest: bool) -> None:
        """A part, or the rest."""
        if (order := self.any_order(which)) is None:
            return
        owed = (order.billed if order.total is None else order.total) - order.paid
        fen = max(owed, 0) if rest else fen
        payable = order.state in ("in-use", "payment-due", "in-arrears", "guaranteed")
        allowed = payable and 0 < fen <= owed
        wanted = RecordPayment(fen, str(uuid4()))
        self.act(service.record_payment(self.platform, self.signer, order.id, wanted, self.once()), allowed)
        if allowed:
            order.paid += fen
            order.state = "done" if order.paid == order.total else order.state

    @rule(part=FEN)
    def all_is_paid_after_all(self, part: int) -> None:
        """In two parts, whatever became of it meanwhile."""
        for order in self.orders[-4:]:
            which = len(self.orders) - 1 - self.orders.index(order)
            self.pay(which, part, rest=False)
            self.pay(which, 0, rest=True)

    @rule(which=PLACES)
    def dispute(self, which: int) -> None:
        if (order := self.any_order(which)) is None:
            return
        holder = self.people.residents[order.person].caller
        allowed = order.state in ("payment-due", "in-arrears") and order.dispute is None
        told = self.act(service.dispute(self.platform, holder, order.id, FileDispute("已归还")), allowed)
        if allowed:
            order.dispute_id = told.dispute.dispute_id
            order.state, order.dispute, order.disputed_on = "disputed", "open", local_date(self.clock.now())

    @rule(which=PLACES, fen=some.sampled_from([0, 1, 99, 1_000]), agrees=some.booleans())
    def dispute_to_the_end(self, which: int, fen: int, agrees: bool) -> None:
        self.dispute(which)
        self.propose(which, 2, fen)
        self.second(which, 3, agrees)

    @rule(which=PLACES)
    def withdraw(self, which: int) -> None:
        if (order := self.any_order(which)) is None:
            return
        holder = self.people.residents[order.person].caller
        allowed = order.state == "disputed"
        self.act(service.withdraw_dispute(self.platform, holder, order.id), allowed)
        if allowed:
            order.dispute = "withdrawn"
            self._goes_on(order)

    @rule(which=PLACES, officer=some.integers(2, 3), fen=FEN)
    def propose(self, which: int, officer: int, fen: int) -> None:
        """An officer says what is owed; nothing more than was paid ends the bill at once."""
        if (order := self.any_order(which)) is None or order.dispute is None:
            return
        allowed = order.dispute == "open" and order.paid <= fen <= (order.total or 0)
        wanted = DecideDispute(fen, "查明")
        self.act(self._officer(disputes.decide, officer, order, wanted), allowed)
        if allowed and fen == order.paid:
            self._decided(order, fen)
            order.state = "done"
        elif allowed:
            order.dispute, order.proposed_fen, order.proposer = "proposed", fen, officer

    @rule(which=PLACES, officer=some.integers(2, 3), agrees=some.booleans())
    def second(self, which: int, officer: int, agrees: bool) -> None:
        """Somebody else confirms it, or sends it back."""
        if (order := self.any_order(which)) is None or order.dispute is None:
            return
        allowed = order.dispute == "proposed" and officer != order.proposer
        self.act(self._officer(disputes.confirm if agrees else disputes.send_back, officer, order), allowed)
        if allowed and agrees:
            assert order.proposed_fen is not None
            self._decided(order, order.proposed_fen)
            self._goes_on(order)
        elif allowed:
            order.dispute = "open"

    def _officer(self, act: Any, officer: int, order: Modelled, *more: Any) -> Awaitable[Any]:
        officers_act: Awaitable[Any] = act(
            self.platform, self.people.residents[officer].caller, order.dispute_id, *more
        )
        return officers_act

    def _decided(self, order: Modelled, owed: int) -> None:
        order.dispute = "decided"
        order.taken_off += (order.total or 0) - owed
        order.total = owed

    def _goes_on(self, order: Modelled) -> None:
        assert order.late is not None
        assert order.disputed_on is not None
        order.late = late_after_dispute(order.late, order.disputed_on, local_date(self.clock.now()))
        order.state = "payment-due"

    @rule(days=some.sampled_from([1, 7, 8, 23, 31]))
    def wait(self, days: int) -> None:
        self.clock.move(timedelta(days=days))
        self.done(self._due())
        for order in self.orders:
            order.pass_to(self.clock.now())

    async def _due(self) -> None:
        await self.run_due()

    @invariant()
    def the_database_is_the_model(self) -> None:
        if not self.orders:
            return
        rows, closed, records = self.done(self._held())
        for order in self.orders:
            row = rows[order.id]
            assert row["state"] == order.state
            assert (row["total_fen"], row["paid_fen"]) == (order.total, order.paid)
            sums = [sum(each["fen"] for each in row[side]) for side in ("charges", "discounts")]
            assert sums == [order.charged, order.taken_off]
            assert 0 <= order.paid <= order.billed <= order.agreed_fen <= row["cap_fen"] == CAP_FEN
        subjects = [each.subject_id for each in self.people.residents]
        assert closed == {(subjects[each.person], each.benefit) for each in self.orders if each.closes}
        assert records == 0

    async def _held(self) -> tuple[dict[UUID, Any], set[tuple[UUID, str]], int]:
        subjects = [each.subject_id for each in self.people.residents]
        async with self.platform.database.connection() as connection:
            rows = await connection.impersonal(
                "a test compares", "SELECT * FROM deposit_order WHERE partner_id = $1", self.signer.owner_id
            )
            closed = await connection.impersonal(
                "a test compares",
                "SELECT subject_id, benefit_id FROM closed_offer WHERE subject_id = ANY($1::uuid[])",
                subjects,
            )
            [records] = await connection.impersonal(
                "a test compares", "SELECT count(*) AS held FROM record WHERE subject_id = ANY($1::uuid[])", subjects
            )
        found = {(row["subject_id"], row["benefit_id"]) for row in closed}
        return {row["id"]: row for row in rows}, found, records["held"]

    def teardown(self) -> None:
        assert self.done(audit.examine(self.platform)) == []


async def test_whatever_happens_to_orders_in_whatever_order(
    platform: Platform, clock: SettableClock, run_due: RunDue
) -> None:
    await pool_and_rule(platform, clock)
    done = Done()

    class Here(Lending):
        def __init__(self) -> None:
            super().__init__(done, platform, clock, run_due)

    await machines.run(Here, examples=EXAMPLES, steps=50)
