"""The stage: benefits of every sort at one partner, and verifications that wait to be redeemed."""

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID, uuid4

from backend.commands.bench.load import Wrong
from backend.commands.bench.market import store
from backend.commands.bench.population import SCENE, Population
from backend.ledger import service as ledger
from backend.ledger.messages import ProposeBudget, ProposePlan
from backend.market import service as market
from backend.market.messages import RedemptionOrder
from backend.market.once import Once
from backend.market.problems import QUOTA_EXHAUSTED
from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import local_date
from backend.platform.database import Connection
from backend.platform.merging import Merged, Merging
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.row_ids import new_id
from partners.benefits.terms import BenefitKind, Terms, Text, Tier

HOT = "bench-hot"
SUBSIDISED = "bench-subsidised"
SPREAD = tuple(f"bench-spread-{number}" for number in range(64))
_PLACES = 10

_MANY = 100_000_000
_LIFETIME = timedelta(hours=2)


class Stage:
    """One partner's benefits on a platform, and what redeems them. `places`: how many redemptions the benefit of a race has."""

    places = _PLACES

    def __init__(self, platform: Platform, population: Population) -> None:
        self.platform = platform
        self._subjects = [holder.subject_id for holder in population.holders]
        entry = platform.signers.find(population.partner.key_id)
        if entry is None:
            raise Wrong("商户的密钥没有登记。", "The partner's key is not registered.")
        self._partner_id: UUID = entry.owner_id
        self._holders: Iterator[UUID] = cycle(self._subjects)

    async def build(self) -> None:
        """Publishes the benefits, fills the budget of the one that is subsidised, and makes the bare tables."""
        async with self.platform.database.transaction() as connection:
            for benefit_id in (HOT, SUBSIDISED, *SPREAD):
                await self._publish(connection, benefit_id, _MANY)
            await self._subsidise(connection)
            await store.make_bare_tables(connection)

    async def race(self, number: int) -> str:
        """A fresh benefit with a handful of places; gives its id."""
        benefit_id = f"bench-race-{number}"
        async with self.platform.database.transaction() as connection:
            await self._publish(connection, benefit_id, _PLACES)
        return benefit_id

    async def verified(self, benefit_ids: Sequence[str], count: int) -> list[RedemptionOrder]:
        """Fresh eligible verifications, one benefit after the other and one person after the other, each to be redeemed once."""
        now = self.platform.clock.now()
        rows = [
            (new_id(now), self._partner_id, benefit_id, subject_id)
            for benefit_id, subject_id in islice(zip(cycle(benefit_ids), self._holders, strict=False), count)
        ]
        async with self.platform.database.transaction() as connection:
            await store.add_eligible(connection, rows, now, now + _LIFETIME)
        return [RedemptionOrder(verification_id=id_, partner_ref="bench", amount_fen=500) for id_, *_ in rows]

    async def redeem(self, order: RedemptionOrder) -> None:
        """Redeems one, as the endpoint does. Raises what refuses it."""
        await self._redeem(self.platform, order)

    async def redeem_by_itself(self, order: RedemptionOrder) -> None:
        """The same act in a transaction of its own, step by step, whoever else waits."""
        await self._redeem(self._unmerged, order)

    async def redeem_or_be_late(self, order: RedemptionOrder) -> None:
        """Redeems one, or hears that nothing is left."""
        try:
            await self._redeem(self.platform, order)
        except Problem as problem:
            if problem.kind is not QUOTA_EXHAUSTED:
                raise

    async def require_exact(self, benefit_id: str, redeemed: int) -> None:
        """Raises Wrong unless so many redemptions were written and counted, none lost and none doubled."""
        async with self.platform.database.connection() as connection:
            rows, counted = await store.redeemed_of(connection, benefit_id)
        if not rows == counted == redeemed:
            raise Wrong(
                f"{benefit_id} 应核销 {redeemed} 次，实有 {rows} 条记录、计数 {counted}。",
                f"{benefit_id} was redeemed {redeemed} times; {rows} rows were written and {counted} counted.",
            )

    async def age(self, count: int) -> None:
        """So many more redemptions lie in the past."""
        async with self.platform.database.transaction() as connection:
            await store.add_history(connection, self._partner_id, HOT, self._subjects, count)

    @property
    def _unmerged(self) -> Platform:
        return dataclasses.replace(self.platform, merging=ByThemselves())

    async def _redeem(self, platform: Platform, order: RedemptionOrder) -> None:
        act = Once(key=str(uuid4()), mark=order.verification_id.bytes * 2)
        await market.redeem(platform, self._partner_id, order, act, "bench")

    async def _publish(self, connection: Connection, benefit_id: str, places: int) -> None:
        today = local_date(self.platform.clock.now())
        terms = Terms(
            id=benefit_id,
            version=1,
            scene=SCENE.name.lower(),
            kind=BenefitKind.DISCOUNT,
            unit="permille",
            names=Text("测量用消费券", "Voucher of the bench"),
            description=Text("仅用于测量。", "For measuring only."),
            legal_basis="激励措施清单",
            tiers=(Tier(Text("不限等级", "Every level"), 0, 50),),
            valid_from=today,
            valid_until=today + timedelta(days=365),
            open_to_all=True,
            quota_total=places,
            per_person_per_day=_MANY,
        )
        version = await market.propose_benefit(self.platform, connection, uuid4(), terms)
        await market.approve_benefit(self.platform, connection, uuid4(), benefit_id, version)
        await partner_accounts.grant_benefit(self.platform, connection, self._partner_id, benefit_id)

    async def _subsidise(self, connection: Connection) -> None:
        """Half of it is paid from today on, as was decided yesterday: a plan is published before it pays."""
        now = self.platform.clock.now()
        yesterday, today = now - timedelta(days=1), local_date(now)
        wanted = ProposeBudget(year=today.year, department="商务局", title="测量用预算", amount_fen=1_000_000_000_000)
        budget_id = await ledger.propose_budget(connection, uuid4(), wanted, yesterday)
        await ledger.approve_budget(self.platform, connection, uuid4(), budget_id, yesterday)
        plan = ProposePlan(
            budget_id=budget_id,
            benefit=SUBSIDISED,
            kind="consumption-voucher",
            rate_permille=500,
            begins=today,
            last_day=date(today.year, 12, 31),
            handler="测量",
            legal_basis="激励措施清单",
        )
        plan_id = await ledger.propose_plan(connection, uuid4(), plan, yesterday)
        await ledger.approve_plan(self.platform, connection, uuid4(), plan_id, yesterday)


class ByThemselves(Merging):
    """Nobody's company: each ask is done alone, at once."""

    async def ask(self, merged: Merged[Any, Any, Any], context: Any, ask: Any) -> Any:
        """The answer to one ask, done alone."""
        if merged.alone is None:
            return await super().ask(merged, context, ask)
        return await merged.alone(context, ask)
