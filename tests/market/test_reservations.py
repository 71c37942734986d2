"""预留: a place is held once, counted once, and given back once: redeemed, released or over."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.audit import service as audit
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.orders.states import RESERVATION, ReservationState
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.conftest import RunDue

LAST = "last-one"

Verified = Callable[..., Awaitable[str]]


@pytest.fixture
async def till(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A till with one voucher left."""
    await publish(platform, make_terms(LAST, quota_total=1, per_person_per_day=1, cap_fen=3000))
    return await make_partner(client, platform, clock, LAST)


@pytest.fixture
def verified(client: httpx2.AsyncClient, till: PartnerCaller, person: PersonBuilder) -> Verified:
    """An eligible verification of somebody new, or of `who`."""

    async def scanned(who: Person | None = None, benefit: str = LAST, partner: PartnerCaller = till) -> str:
        shown = who or await person()
        code = (await current_code(client, shown.headers))["text"]
        answer = (await partner.verify(code, benefit)).json()
        assert answer["result"] == "eligible", answer
        return str(answer["verification_id"])

    return scanned


async def reserve(till: PartnerCaller, verification: str, key: str | None = None, **more: Any) -> httpx2.Response:
    return await till.post(
        "/v1/partner/reservations", {"verification_id": verification, "partner_ref": "r-1", **more}, key
    )


async def release(till: PartnerCaller, reservation: str, key: str | None = None) -> httpx2.Response:
    return await till.post(f"/v1/partner/reservations/{reservation}/release", {}, key)


def test_every_state_of_a_reservation_can_be_reached() -> None:
    assert RESERVATION.reachable() == frozenset(ReservationState)


async def test_who_reserved_the_last_one_gets_it_and_nobody_else_meanwhile(
    till: PartnerCaller, verified: Verified
) -> None:
    first, second = await verified(), await verified()
    held = await reserve(till, first, amount_fen=500)
    assert held.status_code == 201, held.text
    assert (held.json()["state"], held.json()["amount_fen"]) == ("held", 500)
    assert (await reserve(till, second)).json()["code"] == "quota-exhausted"
    assert (await till.redeem(second)).json()["code"] == "quota-exhausted"
    assert (await till("GET", f"/v1/partner/verifications/{first}")).json()["state"] == "reserved"
    redeemed = await till.redeem(first, amount_fen=500)
    assert redeemed.status_code == 201, redeemed.text
    assert (await till.redeem(first)).json()["code"] == "state-conflict"
    assert (await release(till, held.json()["reservation_id"])).json()["code"] == "state-conflict"


async def test_a_place_that_is_released_is_anybodys_and_the_verification_still_good(
    till: PartnerCaller, verified: Verified
) -> None:
    first, second = await verified(), await verified()
    reservation, key = (await reserve(till, first)).json()["reservation_id"], str(uuid4())
    released = await release(till, reservation, key)
    assert (released.status_code, released.json()["state"]) == (200, "released")
    assert (await release(till, reservation, key)).content == released.content
    assert (await release(till, reservation)).json()["code"] == "state-conflict"
    assert (await reserve(till, second)).status_code == 201
    assert (await till.redeem(first)).json()["code"] == "quota-exhausted"


async def test_a_place_whose_time_is_over_is_given_back_once(
    till: PartnerCaller, verified: Verified, clock: SettableClock, run_due: RunDue
) -> None:
    first, second = await verified(), await verified()
    held = (await reserve(till, first)).json()
    clock.move(timedelta(minutes=10, seconds=-1))
    await run_due()
    assert (await till.redeem(second)).json()["code"] == "quota-exhausted"
    clock.move(timedelta(seconds=1))
    await run_due()
    await run_due()
    assert (await release(till, held["reservation_id"])).json()["code"] == "state-conflict"
    assert (await till.redeem(first)).status_code == 201
    assert (await till.redeem(second)).json()["code"] == "quota-exhausted"


async def test_a_place_lasts_as_long_as_the_terms_say_but_never_beyond_the_answer_or_the_day(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    person: PersonBuilder,
    verified: Verified,
    run_due: RunDue,
) -> None:
    await publish(platform, make_terms("short", reservation_minutes=3))
    await publish(platform, make_terms("long", reservation_minutes=15, quota_per_day=5))
    till = await make_partner(client, platform, clock, "short", "long")
    start = clock.now()
    short = (await reserve(till, await verified(benefit="short", partner=till))).json()
    assert short["expires_at"].startswith((start + timedelta(minutes=3)).isoformat()[:16])
    verification = await verified(benefit="long", partner=till)
    clock.move(timedelta(minutes=5))
    until_answer = (await reserve(till, verification)).json()
    assert until_answer["expires_at"].startswith((start + timedelta(minutes=15)).isoformat()[:16])
    # Four minutes to midnight in Shanghai.
    clock.move(start.replace(hour=15, minute=56, second=0, microsecond=0) - clock.now())
    late = await verified(await person(), benefit="long", partner=till)
    until_midnight = (await reserve(till, late)).json()
    assert until_midnight["expires_at"] == "2026-11-23T16:00:00Z"
    clock.move(timedelta(minutes=4))
    # The place of yesterday is nobody's today, also before it was given back.
    assert (await till.redeem(late)).json()["code"] == "state-conflict"
    await run_due()
    assert (await till.redeem(late)).status_code == 201


async def test_one_key_reserves_once_and_a_second_key_finds_the_place_held(
    till: PartnerCaller, verified: Verified
) -> None:
    verification, key = await verified(), str(uuid4())
    answers = await asyncio.gather(*(reserve(till, verification, key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (await reserve(till, verification)).json()["code"] == "state-conflict"
    assert (await reserve(till, verification, key, amount_fen=1)).json()["code"] == "idempotency-key-reused"


async def test_only_an_eligible_answer_of_the_partners_own_is_reserved_and_within_the_cap(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, till: PartnerCaller, verified: Verified
) -> None:
    verification = await verified()
    other = await make_partner(client, platform, clock, LAST, name="另一商户")
    assert (await reserve(other, verification)).status_code == 404
    assert (await reserve(till, str(uuid4()))).status_code == 404
    assert (await reserve(till, verification, amount_fen=3001)).json()["code"] == "amount-over-cap"
    held = (await reserve(till, verification)).json()
    assert held["amount_fen"] == 3000
    assert (await release(other, held["reservation_id"])).status_code == 404
    assert (await release(till, held["reservation_id"])).status_code == 200
    clock.move(timedelta(minutes=15))
    assert (await reserve(till, verification)).json()["code"] == "state-conflict"


async def test_twenty_tills_reserve_the_last_three_and_exactly_three_hold_one(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder, verified: Verified
) -> None:
    await publish(platform, make_terms("three", quota_total=3, per_person_per_month=20))
    till, keen = await make_partner(client, platform, clock, "three"), await person()
    wanted = [await verified(keen, "three", till) for _ in range(20)]
    answers = await asyncio.gather(*(reserve(till, each) for each in wanted))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 17
    held = {answer.json()["verification_id"] for answer in answers if answer.status_code == 201}
    redeemed = await asyncio.gather(*(till.redeem(each) for each in wanted))
    assert {answer.json()["verification_id"] for answer in redeemed if answer.status_code == 201} == held


async def test_a_holder_who_leaves_meanwhile_leaves_no_place_behind(
    client: httpx2.AsyncClient,
    till: PartnerCaller,
    person: PersonBuilder,
    verified: Verified,
    clock: SettableClock,
    run_due: RunDue,
) -> None:
    leaving = await person()
    first, second = await verified(leaving), await verified()
    assert (await reserve(till, first)).status_code == 201
    assert (await client.delete("/v1/me", headers=leaving.headers)).status_code in (200, 204)
    clock.move(timedelta(minutes=10))
    await run_due()
    assert (await till.redeem(second)).status_code == 201


class Counter:
    """A till that reserves, releases, redeems and reverses by chance; `standing` is what was used by the answers it got."""

    def __init__(self, till: PartnerCaller, chance: random.Random) -> None:
        self.till = till
        self.chance = chance
        self.held: set[str] = set()
        self.redeemed: set[str] = set()

    async def reserve(self, verification: str) -> None:
        key = str(uuid4())
        answers = [await reserve(self.till, verification, key) for _ in range(self.chance.randint(1, 2))]
        if answers[-1].status_code == 201:
            self.held.add(answers[-1].json()["reservation_id"])

    async def redeem(self, verification: str) -> None:
        answer = await self.till.redeem(verification)
        if answer.status_code == 201:
            self.redeemed.add(answer.json()["redemption_id"])

    async def release(self) -> None:
        if self.held:
            await release(self.till, self.chance.choice(sorted(self.held)))

    async def reverse(self) -> None:
        if self.redeemed:
            redemption = self.chance.choice(sorted(self.redeemed))
            answer = await self.till.post(
                f"/v1/partner/redemptions/{redemption}/reversals", {"partner_ref": "refund-1"}
            )
            if answer.status_code == 201:
                self.redeemed.discard(redemption)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_at_once_no_place_is_counted_twice_or_lost(
    seed: int,
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    person: PersonBuilder,
    run_due: RunDue,
) -> None:
    chance = random.Random(seed)
    limits = {"quota_total": 6, "per_person_per_day": 2, "stacking_group": "evening", "quota_per_store_per_day": 5}
    await publish(platform, make_terms("contested", **limits))
    till = await make_partner(client, platform, clock, "contested")
    counter = Counter(till, chance)
    for _ in range(6):
        verifications = []
        for who in [await person(), await person()]:
            for _ in range(3):
                code = (await current_code(client, who.headers))["text"]
                answer = (await till.verify(code, "contested", store=str(till.store_id))).json()
                if answer["result"] == "eligible":
                    verifications.append(answer["verification_id"])
        acts = [counter.reserve(each) for each in verifications if chance.random() < 0.7]
        acts += [counter.redeem(each) for each in verifications if chance.random() < 0.7]
        acts += [counter.release(), counter.reverse()]
        chance.shuffle(acts)
        await asyncio.gather(*acts)
        assert len(counter.redeemed) <= 6
        assert await audit.examine(platform) == []
        clock.move(timedelta(minutes=chance.choice((1, 6, 11))))
        await run_due()
        assert await audit.examine(platform) == []
    clock.move(timedelta(minutes=16))
    await run_due()
    async with platform.database.connection() as connection:
        used = await connection.fetch_value(
            "SELECT used FROM benefit_use WHERE benefit_id = 'contested' AND period = 'total'"
        )
    assert used == len(counter.redeemed)


@pytest.mark.books_broken  # Breaking them is the subject.
@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE reservation SET state = 'released', ended_at = now()", "place"),
        ("UPDATE verification SET state = 'answered'", "place"),
        ("UPDATE reservation SET store_id = NULL, reserved_at = reserved_at - interval '1 day'", "one person's limit"),
    ],
)
async def test_an_insider_who_changes_what_is_held_is_found_out(
    till: PartnerCaller, verified: Verified, platform: Platform, statement: str, what: str
) -> None:
    assert (await reserve(till, await verified())).status_code == 201
    assert await audit.examine(platform) == []
    async with platform.database.connection() as connection:
        await connection.execute(statement)
    assert any(what in each.what for each in await audit.examine(platform))


async def test_a_till_that_forgets_to_give_back_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
    till: PartnerCaller,
    verified: Verified,
    platform: Platform,
) -> None:
    reservation = (await reserve(till, await verified())).json()["reservation_id"]
    assert await audit.examine(platform) == []

    async def nothing(*_: object) -> None: ...

    with monkeypatch.context() as broken:
        broken.setattr("backend.market.benefit_store.give_back", nothing)
        await release(till, reservation)
    assert [each.what for each in await audit.examine(platform)] == [f"quota of {LAST}, total"]
    async with platform.database.connection() as connection:
        await connection.execute("UPDATE benefit_use SET used = 0")
