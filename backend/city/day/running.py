"""Running a day: round after round at instants of a clock that is set, with many callers at once and one outcome.

What may come in any order does: a resident is in one place in a round, and answers of one round read counters that change only
afterwards. What everybody shares, quotas and budgets, is used by one lane for each benefit, in the order of the plan.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, timedelta
from functools import partial
from uuid import UUID

import msgspec

from backend.city import store
from backend.city.day import subsidy
from backend.city.day.books import Course, digest
from backend.city.day.evening import Evening, Reviewed
from backend.city.day.phones import Phones
from backend.city.day.plan import ROUND, DayPlan, Presented, Round
from backend.city.day.tills import Tills
from backend.city.day.visiting import Accepted, Act, Town, Visiting
from backend.city.generator import City
from backend.deposits import service as deposits
from backend.ledger import service as ledger
from backend.market import confirming
from backend.market import service as market
from backend.market.messages import MarketTotals
from backend.partner_accounts import service as partner_accounts
from backend.passes.messages import MAXIMUM_ITEMS
from backend.platform.clock import SettableClock, local_date, start_of_day
from backend.platform.due import DueQueue
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from partners.ledger.audit import Difference
from partners.orders.states import OrderState

CALLERS = 64

Advance = Callable[[int], None]

_WRONG = frozenset({Presented.STALE, Presented.FORGED, Presented.WRONG_SCENE})


class DaySummary(msgspec.Struct, kw_only=True):
    """What a day came to; sums in fen. `saved_fen` is what residents kept: redeemed less reversed. A deposit that was waived is
    not money saved and stands apart."""

    city_seed: int
    residents: int
    seed: int
    day: date
    visits: int
    eligible: int
    declined: int
    declined_because: dict[str, int]
    asked_on_the_phone: int
    refused: dict[str, int]
    redemptions: int
    redeemed_fen: int
    retries_alike: int
    reversals: int
    reversed_fen: int
    saved_fen: int
    subsidies_fen: int
    orders: dict[str, int]
    deposits_waived_fen: int
    offline: dict[str, int]
    public_review: Reviewed
    digest: str
    differences: list[Difference]


async def run_day(
    platform: Platform, *, seed: int, visits: int, day: date | None, advance: Advance, callers: int = CALLERS
) -> DaySummary:
    """Runs a day of the city in the platform's database, by default the day after the city was built. `advance` is told of
    visits that are done.

    Raises Refusal unless the database is that of a whole synthetic city, the clock of this process can be set, the day comes
    after the city was built and has not been run, and there are residents enough.
    """
    if not isinstance(platform.clock, SettableClock):
        raise Refusal("模拟一日需要可设定的时钟。", "A simulated day needs a clock that can be set.")
    async with platform.database.connection() as connection:
        row = await store.built(connection)
        if row is None or row["state"] != "whole":
            raise Refusal(
                "数据库中没有建好的合成城市；模拟一日只在合成城市中运行，绝不触碰真实数据。",
                "The database holds no whole synthetic city; a day is run in one and never touches real people.",
            )
        first = local_date(row["started_at"]) + timedelta(days=1)
        day = day or first
        begins, ends = start_of_day(day), start_of_day(day + timedelta(days=1))
        before = await market.totals_between(connection, begins, ends)
    if day < first:
        raise Refusal(
            f"这一天须晚于建城之日，最早 {first}。", f"The day comes after the city was built: {first} or later."
        )
    if before.eligible or before.declined:
        raise Refusal(
            f"{day} 已经有核验记录，请另选一天。", f"There are verifications on {day} already: choose another day."
        )
    city = City(row["seed"], row["residents"])
    try:
        plan = DayPlan(city, seed=seed, day=day, visits=visits)
    except ValueError as error:
        raise Refusal(f"到访次数不成立：{error}。", f"The number of visits cannot be: {error}.") from None
    running = _Day(platform, platform.clock, city, plan, f"{day}/{seed}/{visits}", callers)
    await running.open()
    spent = await running.spent()
    for round_ in plan.rounds():
        await running.round(round_)
        advance(len(round_.visits))
    await running.close()
    async with platform.database.connection() as connection:
        kept = await market.totals_between(connection, begins, ends)
        orders = await deposits.opened_between(connection, begins, ends)
    paid = await running.spent() - spent
    return running.summary(seed, kept, orders, paid, await running.evening.turn())


class _Day:
    """A day under way."""

    def __init__(
        self, platform: Platform, clock: SettableClock, city: City, plan: DayPlan, name: str, callers: int
    ) -> None:
        self.courses: list[Course] = []
        self._platform = platform
        self._city = city
        self._plan = plan
        self._name = name
        self._callers = callers
        self._lanes: dict[str, str] = {}
        self._town = Town(platform, clock, Phones(platform, city, name))
        self.evening = Evening(self._town, city, name, self._all)

    async def open(self) -> None:
        """Before the shops open: what the city pays on this day, partners, terms, and which benefits have a lane."""
        platform, day, town = self._platform, self._plan.day, self._town
        town.clock.instant = start_of_day(day) + timedelta(hours=6)
        async with platform.database.transaction() as connection:
            await subsidy.give(platform, connection, day, self._plan.visits)
            for partner in self._city.partners:
                partner_id = await partner_accounts.find(connection, partner.credit_code)
                if partner_id is None:
                    raise Refusal(f"找不到商户 {partner.names.zh}。", f"The partner {partner.names.en} is not there.")
                store_id = await partner_accounts.add_store(
                    platform, connection, partner_id, partner.district, f"{partner.names.zh} {day} 模拟一日"
                )
                town.tills.append(Tills(platform, partner_id, store_id, self._name))
            for benefit in self._city.benefits:
                town.terms[benefit.id] = await market.terms_now(connection, benefit.id, town.clock.now())
            subsidised = await ledger.planned_benefits(connection)
        for terms in town.terms.values():
            if terms.id in subsidised:
                self._lanes[terms.id] = "budgets"
            elif terms.quota_total is not None or terms.quota_per_day is not None:
                self._lanes[terms.id] = terms.id

    async def spent(self) -> int:
        """What all budgets have spent, in fen."""
        async with self._platform.database.connection() as connection:
            page = await ledger.budgets(connection, UUID(int=0), None, 200)
        return sum(budget.spent_fen for budget in page.budgets)

    async def round(self, round_: Round) -> None:
        """One round: what was put off until now, what is presented, what must be refused, the holders' phones, and the use of
        what was offered. Each part begins when the one before it is over."""
        town = self._town
        town.clock.instant = round_.at.astimezone(UTC)
        visiting = [Visiting(town, Course(visit)) for visit in round_.visits]
        self.courses += [each.course for each in visiting]
        town.books.visits += len(visiting)
        await town.phones.bring([visit.resident for visit in round_.visits])
        await self._put_up_signs(visiting)
        await self._do_later()
        await self._all(each.present for each in visiting if each.visit.presented not in _WRONG)
        await self._all(each.show_wrongly for each in visiting if each.visit.presented in _WRONG)
        await self._all(
            each.show_again for each in visiting if each.visit.presented is Presented.REPLAYED and each.shown
        )
        await self._all(each.answer for each in visiting if each.asked is not None)
        await self._use([each for each in visiting if each.offered is not None])
        town.round += 1

    async def close(self) -> None:
        """After closing time: what was put off, questions that nobody answered, the uploads of the tills without a network, one
        after the other in the order of partners and terminals, and what people say of it all."""
        town = self._town
        while town.later:
            town.clock.move(ROUND)
            await self._do_later()
            town.round += 1
        town.clock.move(ROUND)
        handlers = {confirming.TOPIC: market.confirming_handler(self._platform)}
        await DueQueue(self._platform.database, town.clock, handlers).run_due()
        for partner, terminal in sorted(town.accepted):
            await self._upload(partner, terminal, town.accepted[partner, terminal])
        await self.evening.speak()

    async def _upload(self, partner: int, terminal: str, accepted: Sequence[Accepted]) -> None:
        books = self._town.books
        for begins in range(0, len(accepted), MAXIMUM_ITEMS):
            lot = accepted[begins : begins + MAXIMUM_ITEMS]
            outcomes = await self._town.tills[partner].upload(f"{terminal}-{begins}", [each.item for each in lot])
            for each, (word, redemption_id) in zip(lot, outcomes, strict=True):
                each.course.say(f"{terminal} {word}")
                books.offline[word] += 1
                if redemption_id is not None:
                    books.eligible += 1
                    books.redemptions += 1
                    books.redeemed_fen += each.item.amount_fen

    async def _put_up_signs(self, visiting: Sequence[Visiting]) -> None:
        for each in visiting:
            place = each.visit.partner, each.visit.benefit
            if each.visit.presented is Presented.COUNTER and place not in self._town.signs:
                self._town.signs[place] = await self._town.tills[each.visit.partner].put_up(each.visit.benefit)

    async def _do_later(self) -> None:
        await self._all(self._town.later.pop(self._town.round, ()))

    async def _use(self, offered: Sequence[Visiting]) -> None:
        """Benefits with a quota or a budget one after the other, each in its lane; all others as they come."""
        lanes: defaultdict[str, list[Visiting]] = defaultdict(list)
        for each in offered:
            lanes[self._lanes.get(each.visit.benefit, f"visit {each.visit.number}")].append(each)
        await self._all(partial(_in_turn, lane) for lane in lanes.values())

    async def _all(self, acts: Iterable[Act]) -> None:
        """Does acts that may come in any order, by as many callers as there are; the first error is raised."""
        waiting = iter(acts)

        async def call() -> None:
            for act in waiting:
                await act()

        async with asyncio.TaskGroup() as group:
            for _ in range(self._callers):
                group.create_task(call())

    def summary(
        self,
        seed: int,
        kept: MarketTotals,
        orders: Mapping[OrderState, tuple[int, int]],
        spent_fen: int,
        reviewed: Reviewed,
    ) -> DaySummary:
        """The day in figures. `kept` and `orders`: what the rooms say of it; `spent_fen`: what budgets paid; `reviewed`: what people
        said of it."""
        books = self._town.books
        found = {state.value: number for state, (number, _) in sorted(orders.items())}
        opened = (sum(found.values()), sum(agreed for _, agreed in orders.values()))
        totals = [
            *(f"declined because {reason}: {number}" for reason, number in kept.declined_because.items()),
            *(f"orders {state}: {number}" for state, number in found.items()),
            f"redeemed {kept.redeemed_fen} reversed {kept.reversed_fen} subsidies {spent_fen}",
            *(f"{name}: {value}" for name, value in msgspec.structs.asdict(reviewed).items()),
        ]
        return DaySummary(
            city_seed=self._city.seed,
            residents=self._city.resident_count,
            seed=seed,
            day=self._plan.day,
            visits=books.visits,
            eligible=books.eligible,
            declined=books.declined,
            declined_because=kept.declined_because,
            asked_on_the_phone=books.asked,
            refused=dict(sorted(books.refused.items())),
            redemptions=books.redemptions,
            redeemed_fen=books.redeemed_fen,
            retries_alike=books.retries_alike,
            reversals=books.reversals,
            reversed_fen=books.reversed_fen,
            saved_fen=books.redeemed_fen - books.reversed_fen,
            subsidies_fen=spent_fen,
            orders=found,
            deposits_waived_fen=books.agreed_fen,
            offline=dict(sorted(books.offline.items())),
            public_review=reviewed,
            digest=digest(self.courses, totals),
            differences=books.differences(kept, opened),
        )


async def _in_turn(lane: Sequence[Visiting]) -> None:
    for each in lane:
        await each.use()
