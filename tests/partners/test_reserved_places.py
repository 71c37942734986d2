"""Whatever is reserved, released, redeemed, reversed and left to expire in whatever order, no limit is passed and no place is lost."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from partners.benefits.eligibility import Holder, Usage, decide
from partners.benefits.terms import BenefitKind, Terms, Text, Tier
from partners.orders.machine import NotAllowed
from partners.orders.states import (
    RESERVATION,
    VERIFICATION,
    ReservationEvent,
    ReservationState,
    VerificationEvent,
    VerificationState,
)

STORES, PEOPLE = (1, 2), (1, 2, 3)
TERMS = Terms(
    id="evening",
    version=1,
    scene="travel",
    kind=BenefitKind.VOUCHER,
    unit="fen",
    names=Text("晚场券", "Evening voucher"),
    description=Text("晚场", "Evening"),
    legal_basis="清单",
    tiers=(Tier(Text("人人", "Everyone"), 0, 1000),),
    valid_from=date(2026, 1, 1),
    valid_until=date(2028, 1, 1),
    open_to_all=True,
    quota_total=5,
    quota_per_store_per_day=3,
    per_person_per_day=2,
)
NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
LASTS = timedelta(minutes=10)


class Visit:
    """A verification with the place it holds, if any, and whether a use of it stands."""

    def __init__(self, person: int, store: int, at: datetime) -> None:
        self.person, self.store, self.at = person, store, at
        self.state = VerificationState.ANSWERED
        self.held: tuple[ReservationState, datetime] | None = None
        self.stands = False

    @property
    def counts(self) -> bool:
        return self.stands or self.state is VerificationState.RESERVED


class Places(RuleBasedStateMachine):
    """Two stores, three people, five vouchers."""

    visits = Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.all: list[Visit] = []

    def usage(self, visit: Visit) -> Usage:
        counted = [each for each in self.all if each.counts]
        return Usage(
            total=len(counted),
            store_today=sum(each.store == visit.store for each in counted),
            person_today=sum(each.person == visit.person for each in counted),
        )

    def has_room(self, visit: Visit) -> bool:
        holder = Holder(computes=False, shows=True, rank=None)
        return decide(TERMS, holder, self.usage(visit), NOW).eligible

    @rule(target=visits, person=some.sampled_from(PEOPLE), store=some.sampled_from(STORES))
    def verify(self, person: int, store: int) -> Visit:
        visit = Visit(person, store, self.now)
        self.all.append(visit)
        return visit

    def moved(self, visit: Visit, event: VerificationEvent) -> bool:
        try:
            visit.state = VERIFICATION.after(visit.state, event)
        except NotAllowed:
            return False
        return True

    def ended(self, visit: Visit, event: ReservationEvent) -> None:
        assert visit.held is not None
        visit.held = RESERVATION.after(visit.held[0], event), visit.held[1]

    @rule(visit=visits)
    def reserve(self, visit: Visit) -> None:
        if self.has_room(visit) and self.moved(visit, VerificationEvent.RESERVE):
            visit.held = RESERVATION.start, self.now + LASTS

    @rule(visit=visits)
    def redeem(self, visit: Visit) -> None:
        if visit.state is VerificationState.RESERVED:
            assert self.moved(visit, VerificationEvent.REDEEM)
            self.ended(visit, ReservationEvent.REDEEM)
            visit.stands = True
        elif self.has_room(visit) and self.moved(visit, VerificationEvent.REDEEM):
            visit.stands = True

    @rule(visit=visits)
    def release(self, visit: Visit) -> None:
        if self.moved(visit, VerificationEvent.GIVE_UP):
            self.ended(visit, ReservationEvent.RELEASE)

    @rule(visit=visits)
    def reverse(self, visit: Visit) -> None:
        visit.stands = False

    @rule(minutes=some.integers(1, 12))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for visit in self.all:
            if visit.state is VerificationState.RESERVED and visit.held is not None and visit.held[1] <= self.now:
                assert self.moved(visit, VerificationEvent.GIVE_UP)
                self.ended(visit, ReservationEvent.EXPIRE)

    @invariant()
    def no_limit_is_passed(self) -> None:
        counted = [visit for visit in self.all if visit.counts]
        assert len(counted) <= 5
        assert all(sum(visit.store == store for visit in counted) <= 3 for store in STORES)
        assert all(sum(visit.person == person for visit in counted) <= 2 for person in PEOPLE)

    @invariant()
    def a_place_is_held_exactly_while_its_verification_is_reserved(self) -> None:
        for visit in self.all:
            held = visit.held is not None and visit.held[0] is ReservationState.HELD
            assert held == (visit.state is VerificationState.RESERVED)


Places.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPlaces: Any = Places.TestCase
