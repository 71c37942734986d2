"""A simulated day: the same words on every run, books that agree, and nothing but a synthetic city is touched."""

import dataclasses
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend import rooms
from backend.audit import service as audit
from backend.city.create import create_city
from backend.city.day.opinions import BAD_PARTNER
from backend.city.day.plan import MOST_VISITS_EACH, DayPlan, Presented
from backend.city.day.running import DaySummary, run_day
from backend.city.day.subsidy import BENEFIT
from backend.city.generator import City
from backend.commands.city import day as command_day
from backend.commands.services import Running, announce
from backend.ledger import service as ledger
from backend.market import benefit_store
from backend.market import store as market_store
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.states import PartnerState
from backend.platform import platform as ports
from backend.platform.clock import SettableClock, SystemClock, start_of_day
from backend.platform.database import Connection
from backend.platform.embedded import create_database, drop_database
from backend.platform.keys import ensure_first_keys
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from backend.reports import service as reports
from backend.reviews import service as reviews
from tests.builders.people import PersonBuilder
from tests.conftest import MASTER_KEY, PUBLIC_URL, TODAY, Services, database_named

RESIDENTS = 200
VISITS = 500
SEED = 7


def nothing(_: int) -> None:
    """No progress is shown."""


@asynccontextmanager
async def city_in(url: str, services: Services, folder: Path, built: datetime = TODAY) -> AsyncIterator[Platform]:
    """The platform over a database with a synthetic city, in a process of its own."""
    settings = Settings(
        data_directory=folder,
        database_url=url,
        redis_url=services.redis_url,
        master_key=MASTER_KEY,
        public_url=PUBLIC_URL,
    )
    clock = SettableClock(built)
    platform = ports.build(settings, rooms.PERSONAL_TABLES, rooms.REFERENCES, clock=clock, maximum_connections=8)
    await platform.database.open()
    async with platform.database.transaction() as connection:
        await ensure_first_keys(connection, platform.cipher, built)
    await platform.database.close()
    await platform.open(listen=False)
    try:
        await create_city(platform, seed=3, residents=RESIDENTS, advance=nothing)
        yield platform
    finally:
        await platform.close()


async def day_in(platform: Platform, **changes: object) -> DaySummary:
    """A day of the city."""
    wanted = {"seed": SEED, "visits": VISITS, "day": None, "advance": nothing, **changes}
    return await run_day(platform, **wanted)  # type: ignore[arg-type]


async def a_day(services: Services, folder: Path, **changes: object) -> DaySummary:
    """A day in a city of its own, whose books agree at its end."""
    name = f"day_{secrets.token_hex(6)}"
    await create_database(services.database_url, name, template=services.template)
    try:
        async with city_in(database_named(services.database_url, name), services, folder) as platform:
            summary = await day_in(platform, **changes)
            assert await audit.examine(platform) == []
            await require_reported_cost(platform, summary)
            return summary
    finally:
        await drop_database(services.database_url, name)


async def require_reported_cost(platform: Platform, summary: DaySummary) -> None:
    """What reports will say the city paid, net of what came back, is what its budgets have spent on the day."""
    begins = start_of_day(summary.day)
    async with platform.database.connection() as connection:
        paid = await ledger.paid_between(connection, begins, begins + timedelta(days=1))
        assert await ledger.paid_between(connection, begins - timedelta(days=1), begins) == {}
    assert sum(paid.values()) == summary.subsidies_fen
    assert BENEFIT in paid


def test_nothing_runs_beside_a_server(tmp_path: Path) -> None:
    settings = Settings(data_directory=tmp_path, master_key=MASTER_KEY)
    running = Running(pid=os.getpid(), url="http://192.0.2.1", database_url="", redis_url="")
    with announce(settings, running), pytest.raises(Refusal, match="有服务器在运行"):
        command_day(settings, 10, SEED, None)


async def test_a_day_is_the_same_in_two_databases_with_few_callers_and_with_many(
    services: Services, tmp_path: Path
) -> None:
    first = await a_day(services, tmp_path / "first", callers=64)
    again = await a_day(services, tmp_path / "again", callers=3)
    assert first.differences == []
    assert msgspec.to_builtins(first) == msgspec.to_builtins(again)
    other = await a_day(services, tmp_path / "other", seed=SEED + 1)
    assert other.differences == []
    assert other.digest != first.digest
    # Everything that a day is for has happened in it.
    assert (first.visits, first.asked_on_the_phone > 0, first.reversals > 0) == (VISITS, True, True)
    assert {"level-below", "not-confirmed", "refused-by-holder", "person-day-limit"} <= set(first.declined_because)
    assert {"replayed", "stale", "forged", "wrong-scene", "redemption", "redeemed-twice"} <= set(first.refused)
    assert first.retries_alike > 0
    assert {"settled", "double-use"} <= set(first.offline)
    assert {"done", "in-use", "revoked"} <= set(first.orders)
    assert 0 < first.subsidies_fen < first.redeemed_fen
    assert first.saved_fen == first.redeemed_fen - first.reversed_fen
    # Its guests were heard: some cards have figures, others too few people; the bad partner rectifies by a date, one complains.
    reviewed = first.public_review
    assert (reviewed.cards_told > 0, reviewed.cards_of_few > 0, reviewed.reviews > 0) == (True, True, True)
    assert reviewed.cards_told + reviewed.cards_of_few == 30
    # Ten working days to reply from the first of December, then twenty from the day after; and twenty from the day itself.
    assert (reviewed.state, reviewed.rectify_by) == (PartnerState.RECTIFYING, date(2027, 1, 13))
    assert reviewed.complaint_answered_by == date(2026, 12, 22)


async def test_after_the_day_cards_and_savings_are_filled_and_the_bad_partner_comes_last(
    services: Services, database_url: str, tmp_path: Path
) -> None:
    async with city_in(database_url, services, tmp_path) as platform:
        summary = await day_in(platform)
        [month] = (await reports.city_savings(platform)).months
        ranked = (await reviews.ranking(platform, None, None, None, 200)).partners
        async with platform.database.connection() as connection:
            names = {partner.names.zh for partner in City(3, RESIDENTS).partners if partner.code == BAD_PARTNER}
            assert ranked[-1].name in names
            members = (await partner_accounts.alliance_members(platform)).members
            since = await partner_accounts.alliance_since(connection, [each.partner_id for each in members])
    assert (month.month, month.figures is not None) == ("2026-11", True)
    assert len(ranked) == summary.public_review.cards_told
    assert all(each.figures.people_at_least >= 10 for each in ranked)
    assert len(since) == len(members) == len(City(3, RESIDENTS).alliance)


async def test_every_code_that_no_till_may_take_is_refused(services: Services, tmp_path: Path) -> None:
    city = City(3, RESIDENTS)
    plan = DayPlan(city, seed=SEED, day=date(2026, 11, 24), visits=VISITS)
    planned = Counter(visit.presented for each in plan.rounds() for visit in each.visits)
    summary = await a_day(services, tmp_path)
    for presented in (Presented.STALE, Presented.FORGED, Presented.WRONG_SCENE, Presented.REPLAYED):
        assert 0 < summary.refused[presented] <= planned[presented]
    shown = sum(summary.refused[each] for each in (Presented.STALE, Presented.FORGED, Presented.WRONG_SCENE))
    without_consent = summary.refused.get("no-consent", 0)
    assert shown + without_consent >= sum(
        planned[each] for each in (Presented.STALE, Presented.FORGED, Presented.WRONG_SCENE)
    )


@pytest.mark.parametrize("dropped", ["a place in a quota", "a returned subsidy", "a redemption's row", "a mark"])
async def test_an_act_that_is_dropped_is_found(
    dropped: str, services: Services, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing_done(*_: object, **__: object) -> None:
        """The act is answered and leaves nothing."""

    async def one_taken(*arguments: object, **_: object) -> int:
        return len(arguments[-1])  # type: ignore[arg-type]

    async with city_in(database_url, services, tmp_path) as platform:
        if dropped == "a place in a quota":
            monkeypatch.setattr(benefit_store, "take", one_taken)
        elif dropped == "a returned subsidy":
            monkeypatch.setattr(ledger, "take_back", nothing_done)
        elif dropped == "a redemption's row":
            monkeypatch.setattr(market_store, "add_redemption", nothing_done)
        else:
            monkeypatch.setattr(market_store, "mark_redeemed", nothing_done)
        summary = await day_in(platform)
        found = [*summary.differences, *await audit.examine(platform)]
    assert found


async def test_a_redemption_that_leaves_nothing_behind_is_missed_by_the_tills_own_books(
    services: Services, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answered, and its whole transaction rolled back: the books of the rooms agree with each other, and not with the tills'."""
    async with city_in(database_url, services, tmp_path) as platform:
        kept = market_store.add_reversal
        count = 0

        async def first_one_undone(connection: Connection, *arguments: Any) -> None:
            nonlocal count
            count += 1
            await kept(connection, *arguments)
            if count == 1:
                await connection.execute("DELETE FROM reversal WHERE id = $1", arguments[0])
                await connection.execute(
                    "UPDATE redemption SET reversed_fen = reversed_fen - $2, state = 'redeemed' WHERE id = $1",
                    arguments[1],
                    arguments[2],
                )

        monkeypatch.setattr(market_store, "add_reversal", first_one_undone)
        summary = await day_in(platform)
    assert {"the day's tills: reversals", "the day's tills: reversed, in fen"} <= {
        each.what for each in summary.differences
    }


async def test_a_day_is_run_once_after_the_city_was_built_and_not_for_too_many(
    services: Services, database_url: str, tmp_path: Path
) -> None:
    async with city_in(database_url, services, tmp_path) as platform:
        with pytest.raises(Refusal, match="须晚于建城之日"):
            await day_in(platform, day=date(2026, 11, 23))
        with pytest.raises(Refusal, match="到访次数不成立"):
            await day_in(platform, visits=RESIDENTS * MOST_VISITS_EACH + 1)
        await day_in(platform, visits=40)
        with pytest.raises(Refusal, match="已经有核验记录"):
            await day_in(platform, visits=40)
        later = await day_in(platform, visits=40, day=date(2026, 11, 26))
        assert (later.visits, later.differences) == (40, [])


async def test_nothing_runs_but_in_a_synthetic_city(platform: Platform, person: PersonBuilder) -> None:
    await person()
    with pytest.raises(Refusal, match="绝不触碰真实数据"):
        await day_in(platform)


async def test_nothing_runs_by_the_clock_of_the_machine(platform: Platform) -> None:
    running = dataclasses.replace(platform, clock=SystemClock())
    with pytest.raises(Refusal, match="时钟"):
        await day_in(running)


def test_a_resident_is_in_one_place_in_a_round_and_no_visit_is_lost() -> None:
    city = City(3, 60)
    plan = DayPlan(city, seed=1, day=date(2026, 11, 24), visits=60 * MOST_VISITS_EACH)
    visits = 0
    for each in plan.rounds():
        residents = [visit.resident for visit in each.visits]
        assert len(set(residents)) == len(residents)
        visits += len(residents)
    assert visits == plan.visits
