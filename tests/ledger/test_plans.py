"""补贴计划: the city's money is given by two people, for days to come, in public, and signed."""

from datetime import timedelta

import httpx2
import jwt
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.people import PersonBuilder
from tests.ledger.conftest import BENEFIT, BUDGET, Office


async def test_a_budget_and_a_plan_need_a_second_operator(office: Office) -> None:
    proposed = (await office.propose("budgets", **BUDGET)).json()
    assert (proposed["state"], proposed["mine"], proposed["spent_fen"]) == ("proposed", True, 0)
    alone = await office.act(f"budgets/{proposed['id']}", "approve", by=office.proposer)
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    plan = (await office.proposed_plan(proposed["id"])).json()["plan"]["id"]
    early = await office.act(f"subsidy-plans/{plan}", "approve")
    assert (early.status_code, early.json()["code"]) == (409, "budget-not-approved")
    assert (await office.act(f"budgets/{proposed['id']}", "approve")).json()["state"] == "approved"
    alone = await office.act(f"subsidy-plans/{plan}", "approve", by=office.proposer)
    assert alone.json()["code"] == "second-person-needed"
    assert (await office.act(f"subsidy-plans/{plan}", "approve")).json()["state"] == "approved"
    again = await office.act(f"subsidy-plans/{plan}", "approve")
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")


async def test_what_is_refused_pays_nothing_and_is_not_published(client: httpx2.AsyncClient, office: Office) -> None:
    budget = (await office.propose("budgets", **BUDGET)).json()["id"]
    assert (await office.act(f"budgets/{budget}", "refuse")).json()["state"] == "refused"
    good = await office.budget()
    plan = (await office.proposed_plan(good)).json()["plan"]["id"]
    assert (await office.act(f"subsidy-plans/{plan}", "refuse")).json()["state"] == "refused"
    assert (await client.get("/v1/subsidy-plans")).json()["plans"] == []


async def test_nobody_but_an_operator_decides(person: PersonBuilder, office: Office) -> None:
    for role in (Role.CASE_OFFICER, Role.AUDITOR, Role.CLERK):
        someone = await person(roles=(role,), proven=False)
        refused = await office.client.post("/v1/staff/budgets", json=BUDGET, headers=someone.headers)
        assert refused.status_code == 403


async def test_a_plan_in_force_is_public_with_its_signed_approval(
    client: httpx2.AsyncClient, platform: Platform, office: Office
) -> None:
    plan_id = await office.plan(await office.budget())
    [shown] = (await client.get("/v1/subsidy-plans")).json()["plans"]
    assert (shown["id"], shown["benefit"], shown["department"]) == (plan_id, BENEFIT, BUDGET["department"])
    assert shown["formula"] == "补贴 = 权益金额 × 50%，不足一分舍去，每次最多 5.00 元"
    header = jwt.get_unverified_header(shown["approval"])
    key = next(each for each in platform.keys.key_set() if each["kid"] == header["kid"])
    claims = jwt.decode(shown["approval"], jwt.PyJWK(key).key, algorithms=["EdDSA"])
    assert (claims["plan"], claims["rate_permille"], claims["cap_fen"]) == (plan_id, 500, 500)
    assert "account" not in str(shown)


@pytest.mark.parametrize(
    "dates",
    [
        {"begins": "2026-11-23"},
        {"begins": "2026-12-31", "last_day": "2026-12-30"},
        {"last_day": "2027-01-01"},
        {"begins": "2027-01-01", "last_day": "2027-12-31"},
    ],
)
async def test_a_plan_begins_tomorrow_at_the_earliest_and_stays_in_its_year(
    office: Office, dates: dict[str, str]
) -> None:
    refused = await office.proposed_plan(await office.budget(), **dates)
    assert (refused.status_code, refused.json()["code"]) == (422, "subsidy-plan-dates")


async def test_a_plan_that_waited_too_long_for_its_approval_is_not_approved(
    clock: SettableClock, person: PersonBuilder, office: Office
) -> None:
    plan = (await office.proposed_plan(await office.budget())).json()["plan"]["id"]
    clock.move(timedelta(days=1))
    await office.sign_in_again(person)
    late = await office.act(f"subsidy-plans/{plan}", "approve")
    assert (late.status_code, late.json()["code"]) == (422, "subsidy-plan-dates")


async def test_no_day_of_a_benefit_has_two_plans(office: Office) -> None:
    budget = await office.budget()
    await office.plan(budget, last_day="2026-11-30")
    await office.plan(budget, begins="2026-12-01")
    second = (await office.proposed_plan(budget, begins="2026-11-30", last_day="2026-12-01")).json()["plan"]["id"]
    overlapping = await office.act(f"subsidy-plans/{second}", "approve")
    assert (overlapping.status_code, overlapping.json()["code"]) == (422, "subsidy-plan-dates")
    await office.plan(budget, benefit="another-benefit")


async def test_a_plan_ends_early_by_two_on_a_day_to_come_and_once(client: httpx2.AsyncClient, office: Office) -> None:
    plan_id = await office.plan(await office.budget())
    today = await office.act(f"subsidy-plans/{plan_id}", "end", last_day="2026-11-23")
    assert (today.status_code, today.json()["code"]) == (422, "last-day-unusable")
    later = await office.act(f"subsidy-plans/{plan_id}", "end", last_day="2026-12-31")
    assert later.json()["code"] == "subsidy-plan-dates"
    assert (await office.act(f"subsidy-plans/{plan_id}/end", "approve")).json()["code"] == "state-conflict"
    proposed = await office.act(f"subsidy-plans/{plan_id}", "end", last_day="2026-11-28")
    assert (proposed.json()["end_proposed"], proposed.json()["end_mine"]) == ("2026-11-28", True)
    alone = await office.act(f"subsidy-plans/{plan_id}/end", "approve")
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    refused = await office.act(f"subsidy-plans/{plan_id}/end", "refuse", by=office.proposer)
    assert refused.json()["end_proposed"] is None
    [shown] = (await client.get("/v1/subsidy-plans")).json()["plans"]
    assert shown["last_day"] == "2026-12-31", "what one operator proposed ends nothing"
    await office.act(f"subsidy-plans/{plan_id}", "end", last_day="2026-11-30")
    ended = await office.act(f"subsidy-plans/{plan_id}/end", "approve", by=office.proposer)
    assert ended.json()["plan"]["last_day"] == "2026-11-30"
    again = await office.act(f"subsidy-plans/{plan_id}", "end", last_day="2026-11-25")
    assert again.json()["code"] == "state-conflict"
    [shown] = (await client.get("/v1/subsidy-plans")).json()["plans"]
    assert shown["last_day"] == "2026-11-30"


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    nothing = "0193a1c0-0000-7000-8000-000000000000"
    for path in (f"budgets/{nothing}", f"subsidy-plans/{nothing}"):
        assert (await office.act(path, "approve")).status_code == 404
    assert (await office.act(f"subsidy-plans/{nothing}", "end", last_day="2026-12-01")).status_code == 404
    assert (await office.proposed_plan(nothing)).status_code == 404


async def test_lists_are_paged_newest_first(office: Office) -> None:
    budget = await office.budget()
    plans = [await office.plan(budget, benefit=f"benefit-{number}") for number in range(3)]
    headers = office.approver.headers
    first = (await office.client.get("/v1/staff/subsidy-plans?limit=2", headers=headers)).json()
    rest = (await office.client.get(f"/v1/staff/subsidy-plans?limit=2&cursor={first['next']}", headers=headers)).json()
    assert sorted(each["plan"]["id"] for each in (*first["plans"], *rest["plans"])) == sorted(plans)
    assert rest["next"] is None
