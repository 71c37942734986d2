"""条款: where, when, beside what and by which commitment a benefit is given, at the till and on the holder's phone alike."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.audit import service as audit
from backend.market import service
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.benefits.commitments import CommitmentKind
from partners.benefits.terms import Text, Tier
from partners.benefits.validity import When, Where
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

Asked = Callable[..., Awaitable[dict[str, Any]]]

BY_COMMITMENT = (
    Tier(Text("作出承诺", "Committed"), 1, 50, CommitmentKind.RETURN_ON_TIME),
    Tier(Text("典范", "Exemplary"), 20, 500),
)


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    return await person()


@pytest.fixture
def ask(client: httpx2.AsyncClient, resident: Person) -> Asked:
    """The answer to a fresh code."""

    async def asked(till: PartnerCaller, benefit: str, **more: Any) -> dict[str, Any]:
        code = (await current_code(client, resident.headers))["text"]
        answer = await till.verify(code, benefit, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return asked


async def reasons(client: httpx2.AsyncClient, resident: Person) -> list[str]:
    """What the holder reads of all that was declined."""
    shown = (await client.get("/v1/me/verifications", headers=resident.headers)).json()["verifications"]
    return sorted({reason["en"] for each in shown for reason in each["reasons"]})


async def mine(client: httpx2.AsyncClient, resident: Person, benefit: str) -> dict[str, Any]:
    listed = (await client.get("/v1/me/benefits", headers=resident.headers)).json()["benefits"]
    [found] = [each for each in listed if each["id"] == benefit]
    return dict(found)


async def test_a_benefit_is_valid_at_its_stores_and_in_its_districts_only(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person, ask: Asked
) -> None:
    await publish(platform, make_terms("here"))
    till = await make_partner(client, platform, clock, "here")
    await publish(platform, make_terms("here", where=Where(stores=(till.store_id,))))
    there = {"store": str(till.store_id)}
    assert (await ask(till, "here", **there))["result"] == "eligible"
    assert (await ask(till, "here"))["result"] == "declined"
    assert await reasons(client, resident) == ["The benefit is not valid at this store"]
    await publish(platform, make_terms("here", where=Where(districts=("linhe",))))
    assert (await ask(till, "here", **there))["result"] == "declined"
    await publish(platform, make_terms("here", where=Where(districts=("taoyuan",))))
    assert (await ask(till, "here", **there))["result"] == "eligible"
    # On the phone nobody stands in a store yet.
    assert (await mine(client, resident, "here"))["standing"] == "yours"
    assert (await client.get("/v1/benefits/here")).json()["where"] == {"stores": [], "districts": ["taoyuan"]}


async def test_a_store_of_somebody_else_is_not_found_and_nothing_is_burned(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person
) -> None:
    await publish(platform, make_terms("here"))
    till = await make_partner(client, platform, clock, "here")
    other = await make_partner(client, platform, clock, "here", name="另一商户")
    code = (await current_code(client, resident.headers))["text"]
    for store in (str(other.store_id), str(uuid4())):
        assert (await till.verify(code, "here", store=store)).status_code == 404
    assert (await till.verify(code, "here", store="x")).status_code == 400
    assert (await till.verify(code, "here", store=str(till.store_id))).json()["result"] == "eligible"


async def test_a_benefit_is_valid_on_its_days_and_hours_only(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person, ask: Asked
) -> None:
    local = clock.now() + timedelta(hours=8)
    open_now = When(weekdays=(local.isoweekday(),), opens=f"{local:%H:%M}")
    await publish(platform, make_terms("mornings", when=open_now))
    till = await make_partner(client, platform, clock, "mornings")
    assert (await ask(till, "mornings"))["result"] == "eligible"
    assert (await mine(client, resident, "mornings"))["standing"] == "yours"
    await publish(platform, make_terms("mornings", when=When(except_on=(local.date(),))))
    assert (await ask(till, "mornings"))["result"] == "declined"
    assert "Not at this hour" in (await reasons(client, resident))[0]
    assert (await mine(client, resident, "mornings"))["standing"] == "not-now"


async def test_of_a_stacking_group_a_person_uses_one_a_day(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    person: PersonBuilder,
    resident: Person,
    ask: Asked,
) -> None:
    for benefit in ("cinema", "theatre"):
        await publish(platform, make_terms(benefit, stacking_group="evening"))
    till = await make_partner(client, platform, clock, "cinema", "theatre")
    both = [(await ask(till, benefit))["verification_id"] for benefit in ("cinema", "theatre")]
    redeemed = await till.redeem(both[0], amount_fen=100)
    assert redeemed.status_code == 201
    # Verified before the other was used: the counter refuses it, not the answer.
    assert (await till.redeem(both[1])).json()["code"] == "quota-exhausted"
    assert (await ask(till, "theatre"))["result"] == "declined"
    assert "one a day" in (await reasons(client, resident))[0]
    assert (await mine(client, resident, "theatre"))["standing"] == "not-now"
    path = f"/v1/partner/redemptions/{redeemed.json()['redemption_id']}/reversals"
    assert (await till.post(path, {"partner_ref": "r-1"})).status_code == 201
    assert (await till.redeem(both[1])).status_code == 201
    clock.move(timedelta(days=1))
    await person.sign_in(resident)
    assert (await ask(till, "cinema"))["result"] == "eligible"


async def test_a_stores_quota_of_a_day_is_its_own(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person, ask: Asked
) -> None:
    await publish(platform, make_terms("free-tea", quota_per_store_per_day=1))
    till = await make_partner(client, platform, clock, "free-tea")
    other = await make_partner(client, platform, clock, "free-tea", name="另一商户")
    store = {"store": str(till.store_id)}
    first, second = [(await ask(till, "free-tea", **store))["verification_id"] for _ in range(2)]
    redeemed = await till.redeem(first, amount_fen=100)
    assert (await till.redeem(second)).json()["code"] == "quota-exhausted"
    assert (await ask(till, "free-tea", **store))["result"] == "declined"
    assert (await ask(other, "free-tea", store=str(other.store_id)))["result"] == "eligible"
    # Where nobody says which store it is, it cannot be counted.
    assert (await ask(till, "free-tea"))["result"] == "declined"
    path = f"/v1/partner/redemptions/{redeemed.json()['redemption_id']}/reversals"
    assert (await till.post(path, {"partner_ref": "r-1"})).status_code == 201
    assert (await till.redeem(second)).status_code == 201
    assert await audit.examine(platform) == []


@pytest.mark.parametrize(("column", "what"), [("free-tea", "store"), ("group:evening", "day")])
@pytest.mark.books_broken  # Breaking them is the subject.
async def test_a_counter_of_a_store_or_a_group_that_is_changed_is_found_out(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, ask: Asked, column: str, what: str
) -> None:
    await publish(platform, make_terms("free-tea", quota_per_store_per_day=3, stacking_group="evening"))
    till = await make_partner(client, platform, clock, "free-tea")
    verification = (await ask(till, "free-tea", store=str(till.store_id)))["verification_id"]
    assert (await till.redeem(verification)).status_code == 201
    assert await audit.examine(platform) == []
    table = "benefit_use" if what == "store" else "person_use"
    async with platform.database.connection() as connection:
        await connection.execute(f"UPDATE {table} SET used = 0 WHERE benefit_id = $1", column)
    [difference] = await audit.examine(platform)
    assert column in difference.what
    assert what in difference.what


async def test_a_commitment_opens_a_tier_at_once_and_is_taken_back_at_no_cost(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person, ask: Asked
) -> None:
    await publish(platform, make_terms("tools", open_to_all=False, tiers=BY_COMMITMENT))
    await publish(platform, make_terms("for-everyone"))
    till = await make_partner(client, platform, clock, "tools", "for-everyone")
    asked = await mine(client, resident, "tools")
    assert (asked["standing"], asked["commitment"]["made"], asked["commitment"]["value"]) == (
        "by-commitment",
        False,
        50,
    )
    assert (await ask(till, "tools"))["result"] == "declined"
    assert "if you commit" in (await reasons(client, resident))[0]
    path = "/v1/me/benefits/tools/commitment"
    for _ in range(2):
        made = await client.put(path, json={"version": asked["version"]}, headers=resident.headers)
        assert made.status_code == 204, made.text
    now = await mine(client, resident, "tools")
    assert (now["standing"], now["value"], now["commitment"]["made"]) == ("yours", 50, True)
    assert (await ask(till, "tools"))["result"] == "eligible"
    async with platform.database.transaction() as connection:
        await service.close_offer(platform, connection, resident.subject_id, "tools", "order 1")
    closed = await mine(client, resident, "tools")
    assert (closed["standing"], "账单" in closed["reasons"][0]["zh"]) == ("not-now", True)
    async with platform.database.transaction() as connection:
        await service.reopen_offer(connection, resident.subject_id, "tools")
    assert (await client.delete(path, headers=resident.headers)).status_code == 204
    assert (await client.delete(path, headers=resident.headers)).status_code == 404
    assert (await mine(client, resident, "tools"))["standing"] == "by-commitment"
    assert (await mine(client, resident, "for-everyone"))["standing"] == "yours"


async def test_a_commitment_is_made_to_terms_that_ask_for_one_and_as_they_were_read(
    client: httpx2.AsyncClient, platform: Platform, resident: Person
) -> None:
    await publish(platform, make_terms("tools", open_to_all=False, tiers=BY_COMMITMENT))
    await publish(platform, make_terms("tools", open_to_all=False, tiers=BY_COMMITMENT, cap_fen=100))
    await publish(platform, make_terms("for-everyone"))

    async def answer(benefit: str, body: object) -> tuple[int, str]:
        found = await client.put(f"/v1/me/benefits/{benefit}/commitment", json=body, headers=resident.headers)
        return found.status_code, found.json()["code"]

    assert await answer("tools", {"version": 1}) == (409, "state-conflict")
    assert await answer("for-everyone", {"version": 1}) == (409, "no-commitment")
    assert await answer("nowhere", {"version": 1}) == (404, "not-found")
    for bad in ({}, {"version": 0}, {"version": "1"}, {"version": 1, "more": 1}):
        assert (await answer("tools", bad))[0] == 400


async def test_the_groups_of_the_catalogue_come_in_their_order(
    client: httpx2.AsyncClient, platform: Platform, resident: Person
) -> None:
    top = (Tier(Text("典范", "Exemplary"), 20, 500),)
    await publish(platform, make_terms("a-later", open_to_all=False, tiers=top))
    await publish(platform, make_terms("b-commit", open_to_all=False, tiers=BY_COMMITMENT))
    await publish(platform, make_terms("c-yours"))
    listed = (await client.get("/v1/me/benefits", headers=resident.headers)).json()["benefits"]
    assert [(each["id"], each["standing"]) for each in listed] == [
        ("c-yours", "yours"),
        ("b-commit", "by-commitment"),
        ("a-later", "not-now"),
    ]


async def test_a_no_is_as_long_as_a_yes_whatever_the_reason(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person
) -> None:
    local = clock.now() + timedelta(hours=8)
    refused = {
        "no-place": make_terms("no-place", where=Where(districts=("linhe",))),
        "no-time1": make_terms("no-time1", when=When(except_on=(local.date(),))),
        "to-vow12": make_terms("to-vow12", open_to_all=False, tiers=BY_COMMITMENT),
        "to-all12": make_terms("to-all12"),
    }
    for terms in refused.values():
        await publish(platform, terms)
    till = await make_partner(client, platform, clock, *refused)
    answers = {}
    for benefit in refused:
        code = (await current_code(client, resident.headers))["text"]
        answers[benefit] = await till.verify(code, benefit, store=str(till.store_id))
    assert [answer.json()["result"] for answer in answers.values()] == ["declined"] * 3 + ["eligible"]
    assert len({len(answer.content) for answer in answers.values()}) == 1
