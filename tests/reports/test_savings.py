"""What a resident saved, to the fen, and what is told of everybody."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.reports import service as reports
from partners.benefits.terms import BenefitKind, Text, Tier
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

BENEFIT = "reading-discount"
SECOND = "gym-discount"
WAIVER = "card-waiver"


@pytest.fixture
async def partner(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A shop with two discounts and a deposit waiver, open to all."""
    await publish(platform, make_terms(BENEFIT))
    await publish(platform, make_terms(SECOND, names=Text("健身优惠", "Gym discount")))
    await publish(
        platform,
        make_terms(
            WAIVER,
            kind=BenefitKind.DEPOSIT_WAIVER,
            unit="fen",
            tiers=(Tier(Text("人人", "Everyone"), 0, 10_000),),
            cap_fen=10_000,
        ),
    )
    return await make_partner(client, platform, clock, BENEFIT, SECOND, WAIVER)


async def visit(
    client: httpx2.AsyncClient, partner: PartnerCaller, someone: Person, amount_fen: int, benefit: str = BENEFIT
) -> str:
    """Shows a code and saves an amount; gives the redemption."""
    code = await current_code(client, someone.headers)
    verified = await partner.verify(code["text"], benefit, amount_fen=amount_fen)
    assert verified.json()["result"] == "eligible", verified.text
    redeemed = await partner.redeem(verified.json()["verification_id"], amount_fen=amount_fen)
    assert redeemed.status_code == 201, redeemed.text
    return str(redeemed.json()["redemption_id"])


async def savings_of(client: httpx2.AsyncClient, someone: Person) -> dict[str, Any]:
    """What the person reads."""
    answer = await client.get("/v1/me/savings", headers=someone.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_savings_are_net_of_reversals_by_month_and_benefit_and_need_no_score(
    client: httpx2.AsyncClient, partner: PartnerCaller, person: PersonBuilder, clock: SettableClock
) -> None:
    someone = await person(consents=("show",))
    nothing = await savings_of(client, someone)
    assert (nothing["saved_fen"], nothing["uses"], nothing["months"], nothing["benefits"]) == (0, 0, [], [])
    await visit(client, partner, someone, 1_000)
    part = await visit(client, partner, someone, 500, SECOND)
    whole = await visit(client, partner, someone, 700)
    await partner.post(f"/v1/partner/redemptions/{part}/reversals", {"partner_ref": "r", "amount_fen": 200})
    await partner.post(f"/v1/partner/redemptions/{whole}/reversals", {"partner_ref": "r"})
    clock.move(timedelta(days=40))
    await person.sign_in(someone)
    await visit(client, partner, someone, 50)
    found = await savings_of(client, someone)
    assert (found["saved_fen"], found["year_fen"], found["month_fen"], found["uses"]) == (1_350, 50, 50, 3)
    assert found["months"] == [
        {"month": "2027-01", "uses": 1, "saved_fen": 50},
        {"month": "2026-11", "uses": 2, "saved_fen": 1_300},
    ]
    assert [(each["benefit"], each["uses"], each["saved_fen"]) for each in found["benefits"]] == [
        (BENEFIT, 2, 1_050),
        (SECOND, 1, 300),
    ]
    log = (await client.get("/v1/me/access-log", headers=someone.headers)).json()["entries"]
    assert "查看我节省了多少" in {entry["action"] for entry in log}


async def test_a_deposit_that_was_waived_is_told_apart_and_only_once_it_was_used(
    client: httpx2.AsyncClient, partner: PartnerCaller, person: PersonBuilder
) -> None:
    someone = await person()
    orders = []
    for _ in range(2):
        code = await current_code(client, someone.headers)
        verified = await partner.verify(code["text"], WAIVER, amount_fen=8_000)
        body = {"verification_id": verified.json()["verification_id"], "agreed_fen": 8_000, "partner_ref": "loan"}
        orders.append((await partner.post("/v1/partner/orders", body)).json()["order_id"])
    assert (await savings_of(client, someone))["deposits"] == []
    agreed = await client.post(f"/v1/me/orders/{orders[0]}/agreement", headers=someone.headers)
    assert agreed.status_code == 200
    assert (await partner.post(f"/v1/partner/orders/{orders[0]}/start", {})).status_code == 200
    found = await savings_of(client, someone)
    assert (found["saved_fen"], found["deposits_waived_fen"]) == (0, 8_000)
    [waived] = found["deposits"]
    assert (waived["benefit"], waived["orders"], waived["waived_fen"]) == (WAIVER, 1, 8_000)


async def test_nobody_reads_what_somebody_else_saved(
    client: httpx2.AsyncClient, partner: PartnerCaller, person: PersonBuilder
) -> None:
    someone, other = await person(), await person("李四")
    await visit(client, partner, someone, 1_000)
    assert (await savings_of(client, other))["saved_fen"] == 0
    assert (await client.get("/v1/me/savings")).status_code == 401


async def crowd(
    client: httpx2.AsyncClient, partner: PartnerCaller, person: PersonBuilder, districts: dict[str, int]
) -> list[Person]:
    """So many people of each district who each saved ten yuan."""
    found = []
    for district, count in districts.items():
        for _ in range(count):
            someone = await person()
            await client.put("/v1/me/district", json={"district": district}, headers=someone.headers)
            await visit(client, partner, someone, 1_000)
            found.append(someone)
    return found


async def test_a_month_is_drawn_once_when_it_is_over_and_tells_of_no_few(
    client: httpx2.AsyncClient,
    partner: PartnerCaller,
    person: PersonBuilder,
    platform: Platform,
    clock: SettableClock,
) -> None:
    people = await crowd(client, partner, person, {"taoyuan": 12, "xinhe": 11, "yunling": 2})
    await visit(client, partner, people[0], 900, SECOND)
    assert await reports.draw(platform, "2026-11") is False
    clock.move(timedelta(days=9))
    assert await reports.draw_last_month(platform) == 1
    assert await reports.draw_last_month(platform) == 0
    told = (await client.get("/v1/savings")).json()["months"]
    assert [month["month"] for month in told] == ["2026-11"]
    assert told[0]["figures"] == {
        "people": 20, "uses": 20, "saved_fen": 25_000, "mean_fen": 1_000, "median_fen": 1_000,
    }  # fmt: skip
    # One person used the second benefit: what all saved less what the first one saved would be theirs, so neither is told.
    for each in told[0]["benefits"]:
        assert (each["figures"], each["cost_per_use_fen"]) == (None, None)
    assert {each["benefit"] for each in told[0]["benefits"]} == {BENEFIT, SECOND}
    officer = await person(roles=(Role.OPERATOR,))
    report = (await client.get("/v1/staff/benefit-reports/2026-11", headers=officer.headers)).json()
    whole = report["uptake"][0]
    assert [(row["name"], row["figures"]["people"]) for row in whole["districts"]] == [("taoyuan", 10), ("", 10)]
    assert [(row["name"], row["figures"]["people"]) for row in whole["age_bands"]] == [("30", 20)]
    assert [row["name"] for row in whole["levels"]] == ["unknown"]
    assert [each["benefit"] for each in report["uptake"]] == [""]
    text = (await client.get("/v1/staff/benefit-reports/2026-11/csv", headers=officer.headers)).text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {row[0] for row in rows[1:]} == {""}
    assert {"taoyuan", "其他 others"} <= {row[2] for row in rows}


async def test_a_benefit_of_many_is_told_and_its_groups_without_money(
    client: httpx2.AsyncClient,
    partner: PartnerCaller,
    person: PersonBuilder,
    platform: Platform,
    clock: SettableClock,
) -> None:
    await crowd(client, partner, person, {"taoyuan": 12, "xinhe": 10})
    clock.move(timedelta(days=9))
    assert await reports.draw_last_month(platform) == 1
    [month] = (await client.get("/v1/savings")).json()["months"]
    [told] = month["benefits"]
    assert (told["benefit"], told["cost_per_use_fen"], told["figures"]) == (BENEFIT, 0, month["figures"])
    officer = await person(roles=(Role.OPERATOR,))
    report = (await client.get("/v1/staff/benefit-reports/2026-11", headers=officer.headers)).json()
    everything, one = report["uptake"]
    assert (everything["benefit"], one["benefit"]) == ("", BENEFIT)
    assert [row["figures"]["saved_fen"] for row in everything["districts"]] == [12_000, 10_000]
    assert [(row["name"], row["figures"]["people"]) for row in one["districts"]] == [("taoyuan", 10), ("xinhe", 10)]
    assert {row["figures"]["saved_fen"] for row in one["districts"]} == {None}
    text = (await client.get("/v1/staff/benefit-reports/2026-11/csv", headers=officer.headers)).text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[1][0] == BENEFIT


async def test_everybody_who_is_counted_reads_of_it_and_who_left_is_not_counted(
    client: httpx2.AsyncClient,
    partner: PartnerCaller,
    person: PersonBuilder,
    platform: Platform,
    clock: SettableClock,
) -> None:
    people = await crowd(client, partner, person, {"taoyuan": 11})
    assert (await client.delete("/v1/me", headers=people[0].headers)).status_code < 300
    assert (await client.delete("/v1/me", headers=people[1].headers)).status_code < 300
    clock.move(timedelta(days=9))
    await reports.draw_last_month(platform)
    [month] = (await client.get("/v1/savings")).json()["months"]
    assert month["figures"] is None
    await person.sign_in(people[2])
    log = (await client.get("/v1/me/access-log", headers=people[2].headers)).json()["entries"]
    assert "汇总权益使用情况（只产生汇总数）" in {entry["action"] for entry in log}


async def test_a_report_is_for_staff_and_says_so_when_there_is_none(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    resident, auditor = await person(), await person(roles=(Role.AUDITOR,))
    path = "/v1/staff/benefit-reports/2026-10"
    assert (await client.get(path, headers=resident.headers)).status_code == 403
    assert (await client.get(path, headers=auditor.headers)).status_code == 404
    assert (await client.get(f"{path}/csv", headers=auditor.headers)).status_code == 404
    assert (await client.get("/v1/staff/benefit-reports/2026-13", headers=auditor.headers)).status_code == 404
