"""What is to happen on a day: every visit of every merchant, drawn from a seed alone.

Reading a plan is pure and repeatable. A resident makes at most one visit in a round, so that what one visit finds does not
depend on another of the same round except through what everybody shares: quotas and budgets, for which visits queue.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from backend.city.draw import Draw
from backend.city.generator import City
from backend.city.materials import Benefit
from backend.platform.clock import SHANGHAI
from partners.benefits.terms import HolderKind

ROUND = timedelta(minutes=5)
OPENS, CLOSES = 8, 22
MOST_VISITS_EACH = 30
"""Visits a resident can make on a day: what phones and tills may do in a minute of the real clock allows no more."""

# How busy each hour from `OPENS` on is.
_HOURS = (4, 6, 8, 9, 10, 9, 7, 6, 7, 9, 10, 8, 5, 3)
# Benefits with few places are wanted more, so that every day sees them run out.
_WANTED = {"resort-stay-discount": 4, "park-ticket-discount": 3, "market-discount": 3, "appliance-voucher": 2}
# Refused codes of one partner on a day: its till would have to wait after more failures (`codes.failures`).
_REFUSED_AT_ONE_PARTNER = 40
_ROUNDS_LATER = 6


class Presented(StrEnum):
    """How a resident comes to a benefit."""

    CODE = "code"
    REPLAYED = "replayed"
    STALE = "stale"
    FORGED = "forged"
    WRONG_SCENE = "wrong-scene"
    COUNTER = "counter"
    OFFLINE = "offline"
    OFFLINE_TWICE = "offline-twice"


class Asked(StrEnum):
    """What the holder's phone answers to a question."""

    CONFIRMS = "confirms"
    REFUSES = "refuses"
    SAYS_NOTHING = "says-nothing"


class Then(StrEnum):
    """What becomes of a yes. The last four are of an order under contract."""

    REDEEMED = "redeemed"
    RETRIED = "retried"
    TWICE = "twice"
    LEFT = "left"
    REVERSED = "reversed"
    PARTLY_REVERSED = "partly-reversed"
    PAID = "paid"
    NOTHING_DUE = "nothing-due"
    REVOKED = "revoked"
    IN_USE = "in-use"


_PRESENTED = (
    (Presented.CODE,) * 92 + (Presented.REPLAYED, Presented.STALE, Presented.FORGED, Presented.WRONG_SCENE)
    + (Presented.COUNTER,) * 4
)  # fmt: skip
_REFUSED = frozenset({Presented.REPLAYED, Presented.STALE, Presented.FORGED, Presented.WRONG_SCENE})
_OFFLINE = (Presented.CODE,) * 4 + (Presented.OFFLINE,) * 5 + (Presented.OFFLINE_TWICE,)
_ASKED = (Asked.CONFIRMS,) * 8 + (Asked.REFUSES, Asked.SAYS_NOTHING)
_THEN = (
    (Then.REDEEMED,) * 80 + (Then.RETRIED,) * 4 + (Then.TWICE,) * 3 + (Then.LEFT,) * 5 + (Then.REVERSED,) * 4
    + (Then.PARTLY_REVERSED,) * 4
)  # fmt: skip
_ORDERS = (Then.PAID,) * 5 + (Then.NOTHING_DUE,) * 3 + (Then.REVOKED, Then.IN_USE)


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One resident at one till. Residents and partners are indexes into the city; `amount_fen` is what the benefit is worth,
    or, of a contract, what is agreed; `other_partner` is where a picture of the code is shown again. `rounds_later`: when a
    reversal comes."""

    number: int
    resident: int
    partner: int
    other_partner: int
    benefit: str
    amount_fen: int
    part_permille: int
    rounds_later: int
    presented: Presented
    asked: Asked
    then: Then


class Round(msgspec.Struct, frozen=True):
    """What happens at one instant."""

    at: datetime
    visits: tuple[Visit, ...]


class DayPlan:
    """A day of `visits` visits. The same city, seed, day and number of visits give the same plan."""

    def __init__(self, city: City, *, seed: int, day: date, visits: int) -> None:
        """ValueError unless `visits` is 1 to `MOST_VISITS_EACH` for each resident."""
        if not 1 <= visits <= city.resident_count * MOST_VISITS_EACH:
            raise ValueError(f"visits is 1 to {MOST_VISITS_EACH} for each resident")
        self.day = day
        self.visits = visits
        self._city = city
        self._draw = Draw(f"{city.seed}/{city.resident_count}/day/{day}/{seed}/{visits}")
        self._benefits = {benefit.id: benefit for benefit in city.benefits}
        self._granting = {
            benefit: tuple(index for index, partner in enumerate(city.partners) if benefit in partner.benefits)
            for benefit in self._benefits
        }
        self._wanted = tuple(
            benefit
            for benefit in sorted(self._benefits)
            for _ in range(_WANTED.get(benefit, 1))
            if self._granting[benefit]
        )
        self._refusals = [0] * len(city.partners)

    def rounds(self) -> Iterator[Round]:
        """The rounds of the day from opening to closing, in their order, each with the visits that begin in it."""
        opens = datetime(self.day.year, self.day.month, self.day.day, OPENS, tzinfo=SHANGHAI)
        number = 0
        counts = _shared(self.visits, [_HOURS[place // 12] for place in range((CLOSES - OPENS) * 12)])
        for place, count in enumerate(counts):
            here: set[int] = set()
            visits = []
            for _ in range(min(count, self._city.resident_count)):
                visits.append(self._visit(number, here))
                number += 1
            yield Round(opens + place * ROUND, tuple(visits))

    def _visit(self, number: int, here: set[int]) -> Visit:
        draw = self._draw
        benefit = self._benefits[draw.pick(self._wanted)]
        partner = draw.pick(self._granting[benefit.id])
        presented = draw.pick(_PRESENTED)
        # What is counted for everybody is given where all tills see it: an upload of the evening would come in no order.
        if benefit.offline is not None and benefit.quota_per_day is None and benefit.quota_total is None:
            presented = draw.pick(_OFFLINE)
        contract = benefit.kind == "deposit-waiver"
        if presented is Presented.COUNTER and (contract or benefit.holder is HolderKind.ENTERPRISE):
            presented = Presented.CODE
        then = draw.pick(_ORDERS if contract else _THEN)
        other = draw.pick(self._granting[benefit.id])
        if presented in _REFUSED:
            # A failure is counted at the till that is shown the code: of a replayed one, where it is shown again.
            failing = other if presented is Presented.REPLAYED else partner
            if self._refusals[failing] == _REFUSED_AT_ONE_PARTNER:
                presented = Presented.CODE
            else:
                self._refusals[failing] += 1
        return Visit(
            number=number,
            resident=self._resident(here, presented, benefit),
            partner=partner,
            other_partner=other,
            benefit=benefit.id,
            amount_fen=self._amount(benefit),
            part_permille=draw.between(1, 999),
            rounds_later=draw.between(1, _ROUNDS_LATER),
            presented=presented,
            asked=draw.pick(_ASKED),
            then=then,
        )

    def _resident(self, here: set[int], presented: Presented, benefit: Benefit) -> int:
        """Somebody who is nowhere else in this round. What a phone must sign for is done by those whose phones are registered,
        three in ten; and one visitor in a hundred may be one who has not consented to show."""
        draw, count = self._draw, self._city.resident_count
        signs = benefit.confirm or presented in (Presented.COUNTER, Presented.OFFLINE, Presented.OFFLINE_TWICE)
        anybody = draw.below(100) == 0
        index = draw.below(count)
        for _ in range(count):
            if index not in here and (anybody or (has_phone(index) if signs else shows(index))):
                break
            index = (index + 1) % count
        while index in here:
            index = (index + 1) % count
        here.add(index)
        return index

    def _amount(self, benefit: Benefit) -> int:
        """What it is worth this time, in fen; one in fifty is over the cap."""
        draw = self._draw
        if benefit.cap_fen is None:
            return draw.between(100, 1000) if benefit.kind == "free-time" else 0
        if draw.below(50) == 0:
            return benefit.cap_fen + draw.between(1, 1000)
        most = (
            min(benefit.cap_fen, min(tier.value for tier in benefit.tiers))
            if benefit.unit == "fen"
            else benefit.cap_fen
        )
        return draw.between(max(1, most // 20), most)


def shows(index: int) -> bool:
    """Whether a resident of the city has consented to show: all but every tenth (`create_city`)."""
    return index % 10 != 9


def has_phone(index: int) -> bool:
    """Whether a resident's phone is registered on this day, with a key of its own."""
    return index % 10 in (0, 3, 6)


def _shared(total: int, weights: Sequence[int]) -> list[int]:
    """`total` shared out by weight in whole numbers, none lost."""
    whole, given, so_far = sum(weights), 0, 0
    found = []
    for weight in weights:
        so_far += weight
        upto = total * so_far // whole
        found.append(upto - given)
        given = upto
    return found
