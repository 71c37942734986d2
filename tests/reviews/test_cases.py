"""评议案件: heard, put right by a date, re-checked, live or delisted; on the clock, stopped by no one person."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.reviews import service
from tests.builders.partners import PartnerCaller
from tests.builders.people import Person, PersonBuilder
from tests.builders.reviews import REFUSED, people_say, visit
from tests.reviews.conftest import MonthEnds, Standing

DayComes = Callable[[str], Awaitable[None]]
SAID = {"statement": "已对当班人员完成培训。"}


class Officers:
    """Two officers and the newest case."""

    def __init__(
        self, client: httpx2.AsyncClient, clock: SettableClock, builder: PersonBuilder, people: list[Person]
    ) -> None:
        self._client = client
        self._clock = clock
        self._builder = builder
        self._signed_in = clock.now()
        self.people = people

    async def _sign_in(self) -> None:
        """Both again, if the clock has moved."""
        if self._clock.now() > self._signed_in:
            self._signed_in = self._clock.now()
            for each in self.people:
                await self._builder.sign_in(each)

    async def cases(self, query: str = "") -> list[dict[str, Any]]:
        """The cases that the first officer sees."""
        await self._sign_in()
        answer = await self._client.get(f"/v1/staff/review-cases{query}", headers=self.people[0].headers)
        found: list[dict[str, Any]] = answer.json()["cases"]
        return found

    async def act(self, who: int, case_id: str, act: str, body: dict[str, Any]) -> httpx2.Response:
        """What one of them sends."""
        await self._sign_in()
        path = f"/v1/staff/review-cases/{case_id}/{act}"
        return await self._client.post(path, json=body, headers=self.people[who].headers)

    async def both(self, case_id: str, proposal: str) -> dict[str, Any]:
        """One proposes, the other confirms."""
        body = {"proposal": proposal, "because": "系统故障所致。"}
        assert (await self.act(0, case_id, "proposal", body)).status_code == 200
        done = await self.act(1, case_id, "decision", {"confirm": True})
        assert done.status_code == 200, done.text
        found: dict[str, Any] = done.json()
        return found


@pytest.fixture
async def officers(client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder) -> Officers:
    """Two officers."""
    return Officers(
        client, clock, person, [await person(name, roles=(Role.CASE_OFFICER,)) for name in ("李四", "王五")]
    )


@pytest.fixture
async def accused(platform: Platform, partner: PartnerCaller, month_ends: MonthEnds) -> PartnerCaller:
    """A partner of which a third was refused in November: under review since 1 December."""
    await people_say(platform, partner, 10)
    await people_say(platform, partner, 5, **REFUSED)
    await month_ends()
    return partner


async def test_what_is_surely_bad_opens_a_case_and_the_partner_is_heard(
    accused: PartnerCaller, standing: Standing, officers: Officers
) -> None:
    found = await standing()
    assert found["state"] == "under-review"
    # Ten working days after 1 December.
    assert (found["case"]["grounds"], found["case"]["next_day"]) == (["refuses-at-the-till"], "2026-12-15")
    assert found["history"][-1]["because"] == "公众评议：当场拒绝比例过高。请于 2026-12-15 前答复。"
    for statement in ("第一次答复。", SAID["statement"]):
        replied = await accused("POST", "/v1/partner/review/reply", {"statement": statement})
        assert replied.json()["case"]["reply"] == statement
    [case] = await officers.cases()
    assert (case["partner"], case["case"]["reply"]) == ("桃花书店", SAID["statement"])


async def test_good_figures_open_nothing_and_a_reply_needs_a_case(
    platform: Platform, partner: PartnerCaller, standing: Standing, month_ends: MonthEnds
) -> None:
    await people_say(platform, partner, 30)
    await people_say(platform, partner, 2, **REFUSED)
    await month_ends()
    assert ((await standing())["state"], (await standing())["case"]) == ("live", None)
    for act in ("reply", "objection"):
        assert (await partner("POST", f"/v1/partner/review/{act}", SAID)).json()["code"] == "not-found"


async def test_a_case_tells_of_ten_people_as_a_card_does(
    platform: Platform, partner: PartnerCaller, standing: Standing, month_ends: MonthEnds
) -> None:
    await people_say(platform, partner, 10)
    await month_ends()
    await people_say(platform, partner, 9, **REFUSED)
    await month_ends()
    assert (await standing())["state"] == "live", "nine people have spoken since the card"
    await people_say(platform, partner, 1, **REFUSED)
    await month_ends()
    assert (await standing())["state"] == "under-review"


async def test_under_review_guests_are_served_as_always(
    client: httpx2.AsyncClient, person: PersonBuilder, accused: PartnerCaller, day_comes: DayComes
) -> None:
    await visit(client, accused, await person())
    await day_comes("2026-12-16")
    await visit(client, accused, await person())


async def test_whoever_puts_it_right_is_live_again_and_starts_anew(
    platform: Platform, accused: PartnerCaller, standing: Standing, day_comes: DayComes, month_ends: MonthEnds
) -> None:
    await day_comes("2026-12-15")
    assert (await standing())["state"] == "under-review", "its last day is not over"
    await day_comes("2026-12-16")
    found = await standing()
    # Twenty working days after 16 December; 2027's days off are not announced.
    assert (found["state"], found["case"]["next_day"], found["case"]["provisional"]) == (
        "rectifying",
        "2027-01-13",
        True,
    )
    await people_say(platform, accused, 10, platform.clock.now() + timedelta(days=1))
    await day_comes("2027-01-14")
    found = await standing()
    assert (found["state"], found["case"]["outcome"], found["case"]["found_again"]) == ("live", "passed", [])
    assert [move["after"] for move in found["history"][-3:]] == ["under-review", "rectifying", "live"]
    await month_ends()
    assert (await standing())["state"] == "live", "what was said before counts against nobody twice"


async def refuse_on_the_next_day(platform: Platform, accused: PartnerCaller, people: int = 10) -> None:
    """So many people are refused on the day after today: what is said on the day of the order itself does not count."""
    await people_say(platform, accused, people, platform.clock.now() + timedelta(days=1), **REFUSED)


async def test_too_few_to_say_anything_are_on_the_partners_side(
    platform: Platform, accused: PartnerCaller, standing: Standing, day_comes: DayComes
) -> None:
    await day_comes("2026-12-16")
    await refuse_on_the_next_day(platform, accused, 9)
    await people_say(platform, accused, 10, **REFUSED)
    await day_comes("2027-01-14")
    assert (await standing())["case"]["outcome"] == "passed"


async def delisted(platform: Platform, accused: PartnerCaller, day_comes: DayComes) -> None:
    """Nothing was put right, and nobody stopped it."""
    await day_comes("2026-12-16")
    await refuse_on_the_next_day(platform, accused)
    await day_comes("2027-01-14")
    await day_comes("2027-01-22")


async def test_whoever_does_not_is_delisted_after_a_notice(
    client: httpx2.AsyncClient,
    platform: Platform,
    person: PersonBuilder,
    accused: PartnerCaller,
    standing: Standing,
    day_comes: DayComes,
) -> None:
    guest = await person()
    await day_comes("2026-12-16")
    await refuse_on_the_next_day(platform, accused)
    await day_comes("2027-01-14")
    found = await standing()
    grounds = ["refuses-at-the-till", "does-not-honour-promises", "rated-low"]
    assert (found["state"], found["case"]["found_again"], found["case"]["next_day"]) == (
        "rechecked",
        grounds,
        "2027-01-21",
    )
    await person.sign_in(guest)
    verification = await visit(client, accused, guest, served=False)
    redemption = (await accused.redeem(verification)).json()["redemption_id"]
    await day_comes("2027-01-22")
    found = await standing()
    assert (found["state"], found["case"]["outcome"], found["case"]["objection_by"]) == (
        "delisted",
        "delisted",
        "2027-02-19",
    )
    refused = await accused.verify("12345678901234567890", "for-all")
    assert (refused.status_code, refused.json()["code"]) == (403, "partner-suspended")
    taken_back = await accused.post(f"/v1/partner/redemptions/{redemption}/reversals", {"partner_ref": "refund-1"})
    assert taken_back.status_code == 201, "it may still give back"
    shown = (await client.get(f"/v1/promises/{accused.partner_id}")).json()
    assert (shown["state"], shown["promises"], shown["stores"]) == ("delisted", [], [])


@pytest.mark.parametrize("day", ["2026-12-02", "2026-12-16", "2027-01-14"])
async def test_two_officers_stop_a_case_at_any_stage_and_one_does_not(
    platform: Platform,
    clock: SettableClock,
    accused: PartnerCaller,
    standing: Standing,
    officers: Officers,
    day_comes: DayComes,
    day: str,
) -> None:
    for each in ("2026-12-02", "2026-12-16", "2027-01-14"):
        if each <= day:
            await day_comes(each)
            await refuse_on_the_next_day(platform, accused)
    [case] = await officers.cases()
    case_id, stop = case["case"]["case_id"], {"proposal": "stop", "because": "系统故障所致。"}
    assert (await officers.act(0, case_id, "decision", {"confirm": True})).json()["code"] == "state-conflict"
    assert (await officers.act(0, case_id, "proposal", stop)).json()["proposal"] == "stop"
    assert (await officers.act(1, case_id, "proposal", stop)).json()["code"] == "state-conflict"
    assert (await officers.act(0, case_id, "decision", {"confirm": True})).json()["code"] == "second-person-needed"
    assert (await officers.act(1, case_id, "decision", {"confirm": False})).json()["proposal"] is None
    assert (await standing())["state"] != "live"
    clock.move(timedelta(seconds=1))
    stopped = await officers.both(case_id, "stop")
    assert (stopped["state"], stopped["case"]["outcome"], stopped["case"]["next_day"]) == ("live", "stopped", None)
    assert (await standing())["history"][-1]["because"] == "系统故障所致。"
    await day_comes("2027-03-01")
    assert (await standing())["state"] == "live"
    assert [each["case"]["case_id"] for each in await officers.cases("?outcome=stopped")] == [case_id]


async def test_what_one_officer_proposed_stops_no_clock(
    accused: PartnerCaller, standing: Standing, officers: Officers, day_comes: DayComes
) -> None:
    [case] = await officers.cases()
    stop = {"proposal": "stop", "because": "系统故障所致。"}
    await officers.act(0, case["case"]["case_id"], "proposal", stop)
    await day_comes("2026-12-16")
    assert (await standing())["state"] == "rectifying"
    late = await officers.act(1, case["case"]["case_id"], "decision", {"confirm": True})
    assert late.json()["code"] == "state-conflict"


@pytest.mark.parametrize(("proposal", "state"), [("reinstate", "live"), ("uphold", "delisted")])
async def test_an_objection_is_decided_by_two(
    platform: Platform,
    accused: PartnerCaller,
    standing: Standing,
    officers: Officers,
    day_comes: DayComes,
    proposal: str,
    state: str,
) -> None:
    await delisted(platform, accused, day_comes)
    [case] = await officers.cases("?outcome=delisted")
    case_id = case["case"]["case_id"]
    early = await officers.act(0, case_id, "proposal", {"proposal": proposal, "because": "无。"})
    assert early.json()["code"] == "state-conflict", "nobody has objected"
    assert (await accused("POST", "/v1/partner/review/reply", SAID)).json()["code"] == "state-conflict"
    objected = await accused("POST", "/v1/partner/review/objection", SAID)
    assert objected.json()["case"]["objection"] == SAID["statement"]
    decided = await officers.both(case_id, proposal)
    assert decided["state"] == state
    found = await standing()
    assert found["case"]["outcome"] == {"reinstate": "reinstated", "uphold": "upheld"}[proposal]
    assert found["case"]["because"] == (None if proposal == "reinstate" else "系统故障所致。")
    assert (await accused("POST", "/v1/partner/review/objection", SAID)).json()["code"] == "state-conflict"


async def test_an_objection_has_its_term(platform: Platform, accused: PartnerCaller, day_comes: DayComes) -> None:
    await delisted(platform, accused, day_comes)
    await day_comes("2027-02-20")
    assert (await accused("POST", "/v1/partner/review/objection", SAID)).json()["code"] == "state-conflict"


async def test_a_case_of_nobody_is_not_found(officers: Officers) -> None:
    body = {"proposal": "stop", "because": "无。"}
    assert (await officers.act(0, str(uuid4()), "proposal", body)).status_code == 404


async def test_a_clock_that_strikes_twice_moves_once(
    platform: Platform, accused: PartnerCaller, standing: Standing, clock: SettableClock, officers: Officers
) -> None:
    [case] = await officers.cases()
    clock.move(timedelta(days=15))
    handler = service.due_handler(platform)
    for _ in range(2):
        async with platform.database.transaction() as connection:
            await handler(connection, [UUID(case["case"]["case_id"]), uuid4()])
    assert (await standing())["state"] == "rectifying"
