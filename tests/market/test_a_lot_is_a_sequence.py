"""Whatever many tills ask at one moment has the outcome that it has one by one: answers, counters, money, access rows."""

import asyncio
import json
import os
from collections.abc import Sequence
from enum import Enum, auto
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from backend.audit import service as audit
from backend.market import reserving
from backend.market.messages import ReservationOrder
from backend.market.once import Answered, Once
from backend.market.redeemable import Asked
from backend.market.redeeming_together import redeem_together
from backend.platform.clock import SettableClock
from backend.platform.merging import ALONE, Alone
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from partners.benefits.terms import Terms
from tests.builders import stage
from tests.builders.lots import LIFETIME, answered_yes, redeem_alone
from tests.builders.machines import Done
from tests.builders.stage import Stage
from tests.conftest import TODAY

EXAMPLES = int(os.environ.get("LOT_EXAMPLES", "40"))
PEOPLE = 3
_WORLDS = count(1)


class Kind(Enum):
    """What a till asks for: something of its own, or something about an ask before it in the lot."""

    FRESH = auto()
    LAPSED = auto()
    FOREIGN = auto()
    UNKNOWN = auto()
    RESERVED = auto()
    REDEEMED = auto()
    SAME_VERIFICATION = auto()
    SAME_REQUEST = auto()
    SAME_KEY = auto()


class Wish(NamedTuple):
    """An ask as it is drawn: of which person and benefit, or about which ask before it."""

    kind: Kind
    person: int
    benefit: int
    fen: int
    earlier: int


WISHES = some.builds(
    Wish,
    # Half of them are what a till asks on any day.
    kind=some.just(Kind.FRESH) | some.sampled_from(Kind),
    person=some.integers(0, PEOPLE - 1),
    benefit=some.integers(0, 4),
    fen=some.sampled_from([0, 1, 100, 150, 3000, 3001]),
    earlier=some.integers(0, 50),
)


def offers(world: str) -> list[Terms]:
    """A quota of the day, one in all, a limit of the person, a stacking group, and one that the city subsidises."""
    return [
        stage.plain(f"day-{world}", quota_per_day=3),
        stage.plain(f"all-{world}", quota_total=2, per_person_per_month=2),
        stage.plain(f"person-{world}", per_person_per_day=1),
        stage.plain(f"group-{world}", stacking_group=f"group-{world}", quota_per_day=2),
        stage.plain(f"subsidised-{world}", quota_total=9),
    ]


class World:
    """Its own people, benefits and shops: what is asked in one finds nothing of another."""

    def __init__(self, platform: Platform, clock: SettableClock, name: str, people: Stage, terms: list[Terms]) -> None:
        self.platform, self.clock, self.name, self.people, self.terms = platform, clock, name, people, terms

    @classmethod
    async def made(cls, platform: Platform, clock: SettableClock) -> "World":
        """A world on its first day, the same for all."""
        clock.move(TODAY - clock.now())
        name = f"world{next(_WORLDS)}"
        terms = offers(name)
        people = await stage.peopled(platform, PEOPLE, terms, shops=2, subsidised=terms[4].id, budget_fen=130)
        return cls(platform, clock, name, people, terms)

    async def asks(self, wishes: Sequence[Wish]) -> list[Asked]:
        """What the tills ask."""
        lapsed = {place: await self._answered(wish) for place, wish in enumerate(wishes) if wish.kind is Kind.LAPSED}
        self.clock.move(LIFETIME)
        asks: list[Asked] = []
        for place, wish in enumerate(wishes):
            asks.append(lapsed[place] if place in lapsed else await self._asked(wish, asks))
        return asks

    async def _answered(self, wish: Wish) -> Asked:
        resident, terms = self.people.residents[wish.person], self.terms[wish.benefit]
        return await answered_yes(self.platform, self.people.shops[0], resident, terms.id, wish.fen)

    async def _asked(self, wish: Wish, before: list[Asked]) -> Asked:
        if wish.kind in (Kind.SAME_VERIFICATION, Kind.SAME_REQUEST, Kind.SAME_KEY) and before:
            earlier = before[wish.earlier % len(before)]
            match wish.kind:
                case Kind.SAME_REQUEST:
                    return earlier
                case Kind.SAME_KEY:
                    return msgspec.structs.replace(earlier, act=Once(earlier.act.key, uuid4().bytes * 2))
                case _:
                    return msgspec.structs.replace(earlier, act=Once(str(uuid4()), uuid4().bytes * 2))
        asked = await self._answered(wish)
        match wish.kind:
            case Kind.FOREIGN:
                return msgspec.structs.replace(asked, partner_id=self.people.shops[1].id)
            case Kind.UNKNOWN:
                order = msgspec.structs.replace(asked.order, verification_id=uuid4())
                return msgspec.structs.replace(asked, order=order)
            case Kind.RESERVED:
                await self._reserve(asked)
            case Kind.REDEEMED:
                await outcome(self.platform, msgspec.structs.replace(asked, act=Once(str(uuid4()), uuid4().bytes * 2)))
        return asked

    async def _reserve(self, asked: Asked) -> None:
        order = ReservationOrder(verification_id=asked.order.verification_id, partner_ref="order-1")
        try:
            await reserving.reserve(
                self.platform, asked.partner_id, order, Once(str(uuid4()), uuid4().bytes * 2), "test"
            )
        except Problem:
            # No place is left: it stays an ordinary one.
            return

    async def left(self) -> dict[str, Any]:
        """All that was counted, paid and logged, without the ids of this world."""
        names = {str(each.subject_id): f"person {place}" for place, each in enumerate(self.people.residents)}
        found: dict[str, Any] = {}
        async with self.platform.database.connection() as connection:
            for name, sql in (
                (
                    "everyone",
                    "SELECT benefit_id, period, used FROM benefit_use WHERE benefit_id LIKE '%-' || $1 AND used > 0",
                ),
                (
                    "persons",
                    "SELECT subject_id::text, benefit_id, period, used FROM person_use WHERE benefit_id LIKE '%-' || $1 AND used > 0",
                ),
                (
                    "redeemed",
                    "SELECT subject_id::text, benefit_id, amount_fen, state, count(*) FROM redemption "
                    "WHERE benefit_id LIKE '%-' || $1 GROUP BY 1, 2, 3, 4",
                ),
                ("budget", "SELECT spent_fen FROM budget WHERE id = $1::uuid"),
                (
                    "read",
                    "SELECT subject_id::text, action, purpose, count(*) FROM access_entry "
                    "WHERE subject_id = ANY($1::uuid[]) AND action = '核销权益' GROUP BY 1, 2, 3",
                ),
            ):
                argument: object = self.name
                if name == "budget":
                    argument = self.people.budget_id
                if name == "read":
                    argument = [UUID(each) for each in names]
                rows = await connection.impersonal("a test compares", sql, argument)
                found[name] = sorted(
                    [names.get(str(value), str(value).replace(f"-{self.name}", "")) for value in row.values()]
                    for row in rows
                )
        return found


async def outcome(platform: Platform, asked: Asked) -> str:
    """What becomes of an ask that is done alone, in a word."""
    try:
        return told(await redeem_alone(platform, asked))
    except Problem as problem:
        return told(problem)


def told(answer: Answered | Problem) -> str:
    """An answer without its ids."""
    if isinstance(answer, Problem):
        return answer.kind.code
    body = json.loads(answer.body)
    return f"{answer.status} {body['state']} {body['amount_fen']}{' again' if answer.replayed else ''}"


async def done_together(platform: Platform, lot: Sequence[Asked]) -> Sequence[Answered | Problem | Alone]:
    """What becomes of a lot; where nothing of it can be done together, all of it is left to be done alone (`merging`)."""
    try:
        return await redeem_together(platform, lot)
    except Problem:
        return [ALONE] * len(lot)


async def both_ways(platform: Platform, clock: SettableClock, wishes: list[Wish]) -> None:
    """A lot, and the same asks one by one in the order in which the lot does them: what it leaves to be done alone comes last."""
    world = await World.made(platform, clock)
    lot = await world.asks(wishes)
    together = await done_together(platform, lot)
    left = [place for place, answer in enumerate(together) if answer is ALONE]
    answers = {place: told(answer) for place, answer in enumerate(together) if answer is not ALONE}
    for place in left:
        answers[place] = await outcome(platform, lot[place])

    other = await World.made(platform, clock)
    asks = await other.asks(wishes)
    for place in [*(place for place in range(len(asks)) if place not in left), *left]:
        assert await outcome(platform, asks[place]) == answers[place], (place, wishes)
    assert await other.left() == await world.left()


async def test_a_lot_does_what_its_asks_do_one_by_one(platform: Platform, clock: SettableClock) -> None:
    done = Done()

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    @given(wishes=some.lists(WISHES, min_size=2, max_size=14))
    def same(wishes: list[Wish]) -> None:
        done(both_ways(platform, clock, wishes))

    await asyncio.to_thread(same)
    assert await audit.examine(platform) == []
