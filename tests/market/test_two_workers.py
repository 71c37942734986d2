"""Two workers redeem lots of the same persons and benefits at once: nobody waits crosswise, and nothing is counted twice."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from backend import rooms
from backend.audit import service as audit
from backend.market.answers import partner_access
from backend.market.messages import RedemptionOrder
from backend.market.once import Answered, Once
from backend.market.problems import QUOTA_EXHAUSTED
from backend.market.redeemable import Asked
from backend.market.redeeming import redeem
from backend.market.redeeming_together import redeem_together
from backend.market.store import NewVerification, add_verification
from backend.platform import platform as ports
from backend.platform.clock import SettableClock
from backend.platform.merging import Merged, Merging
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.row_ids import new_id
from backend.platform.settings import Settings
from tests.builders import stage
from tests.builders.stage import Resident, Shop

WORKERS, ROUNDS, ASKS = 3, 12, 12
PEOPLE, BENEFITS = 4, 6


@pytest.fixture
async def workers(settings: Settings, platform: Platform, clock: SettableClock) -> AsyncIterator[list[Platform]]:
    """The application's own ports, and those of other processes over the same database."""
    others = [
        ports.build(settings, rooms.PERSONAL_TABLES, rooms.REFERENCES, clock=clock, maximum_connections=4)
        for _ in range(WORKERS - 1)
    ]
    for other in others:
        await other.open()
    yield [platform, *others]
    for other in others:
        await other.close()


async def deadlocks(platform: Platform) -> int:
    """How many there were in this database."""
    async with platform.database.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        found = await connection.fetch_value(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
    return int(found)


Way = Callable[[Platform, list[Asked]], Awaitable[Sequence[object]]]


class ByThemselves(Merging):
    """Nobody's company: each ask is done alone, at once, as what could not be done together."""

    async def ask(self, merged: Merged[Any, Any, Any], context: Any, ask: Any) -> Any:
        """The answer to one ask."""
        assert merged.alone is not None
        return await merged.alone(context, ask)


async def one_by_one(worker: Platform, lot: list[Asked]) -> list[object]:
    """Each in a transaction of its own, all at once."""
    alone = dataclasses.replace(worker, merging=ByThemselves())
    acts = [redeem(alone, asked.partner_id, asked.order, asked.act, asked.request_id) for asked in lot]
    return list(await asyncio.gather(*acts, return_exceptions=True))


async def answered_yes(platform: Platform, shop: Shop, resident: Resident, benefit: str) -> Asked:
    """What a till asks who was told that this resident is eligible."""
    now = platform.clock.now()
    row = NewVerification(
        id=new_id(now), partner_id=shop.id, terminal="till-1", benefit_id=benefit, benefit_version=1,
        account_id=resident.account_id, subject_id=resident.subject_id, result="eligible", reason=[], tier_value=100,
        amount_fen=None, partner_ref="visit-1", ref="-", receipt="-", answered_at=now, expires_at=now + timedelta(minutes=15),
    )  # fmt: skip
    access = partner_access(shop.id, "书店", "核验权益", "测试", "test", "eligibility")
    async with platform.database.transaction() as connection:
        await add_verification(connection, access, row)
    order = RedemptionOrder(verification_id=row.id, partner_ref="order-1", amount_fen=100)
    return Asked(shop.id, order, Once(str(uuid4()), row.id.bytes * 2), "test")


async def test_lots_of_the_same_persons_and_benefits_do_not_wait_crosswise(
    workers: list[Platform], platform: Platform, clock: SettableClock
) -> None:
    terms = [
        stage.plain(f"voucher-{number}", quota_per_day=40, per_person_per_day=9, per_person_per_month=90)
        for number in range(BENEFITS)
    ]
    terms += [stage.plain(f"{name}-grouped", stacking_group="library", quota_per_day=1000) for name in ("a", "z")]
    people = await stage.peopled(platform, PEOPLE, terms, subsidised=terms[0].id, budget_fen=20_000)
    [shop], random = people.shops, Random(11)
    done: list[object] = []
    for _ in range(ROUNDS):
        # A new day: none of its counters is there yet.
        clock.move(timedelta(days=1))
        lots = [
            [
                await answered_yes(platform, shop, random.choice(people.residents), random.choice(terms).id)
                for _ in range(ASKS)
            ]
            for _ in workers
        ]
        ways: list[Way] = [*[redeem_together] * (WORKERS - 1), one_by_one]
        acts = [way(worker, lot) for way, worker, lot in zip(ways, workers, lots, strict=True)]
        for answers in await asyncio.gather(*acts):
            done.extend(answers)
    assert all(
        isinstance(each, Answered) or (isinstance(each, Problem) and each.kind is QUOTA_EXHAUSTED) for each in done
    )
    assert await deadlocks(platform) == 0
    assert len(done) == ROUNDS * ASKS * WORKERS
    assert await audit.examine(platform) == []
