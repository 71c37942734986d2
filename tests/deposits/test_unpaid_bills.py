"""未付账单: paid in parts, reminded, disputed, guaranteed and paid after all; the money to the fen, and never a record."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.partners import PartnerCaller
from tests.builders.people import Person, PersonBuilder
from tests.conftest import RunDue
from tests.deposits.conftest import LIBRARY, Open
from tests.deposits.test_deposit_orders import Borrowing, borrowing

BILL = {"charges": [{"what": "逾期", "fen": 1001}]}


@pytest.fixture
async def order(client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open) -> Borrowing:
    return await (await borrowing(client, lender, resident, open_order)).begin()


@pytest.fixture
async def officers(person: PersonBuilder) -> list[Person]:
    return [await person(name=name, proven=False, roles=(Role.CASE_OFFICER,)) for name in ("李四", "王五")]


async def decide(client: httpx2.AsyncClient, officer: Person, act: str, body: Any = None) -> httpx2.Response:
    listed = await client.get("/v1/staff/order-disputes", headers=officer.headers)
    [dispute] = listed.json()["disputes"]
    path = f"/v1/staff/order-disputes/{dispute['dispute_id']}/{act}"
    return await client.post(path, json=body, headers=officer.headers)


async def test_charges_and_payments_come_in_parts_and_a_retry_changes_nothing(order: Borrowing) -> None:
    part = {"part_ref": "day-1", "charges": [{"what": "第一日", "fen": 300}]}
    first = await order.act("charges", part)
    assert (await order.act("charges", part)).json() == first.json()
    changed = await order.act("charges", {**part, "charges": []})
    assert changed.json()["code"] == "state-conflict"
    paid = {"paid_fen": 200, "payment_ref": "pay-1"}
    assert (await order.act("payment", paid)).json()["paid_fen"] == 200
    assert (await order.act("payment", paid)).json()["paid_fen"] == 200
    assert (await order.act("payment", {**paid, "paid_fen": 1})).json()["code"] == "state-conflict"
    billed = (await order.act("settlement", BILL)).json()
    assert (billed["state"], billed["total_fen"], billed["held_fen"]) == ("payment-due", 1301, 1101)
    assert (await order.act("settlement", BILL)).json() == billed
    assert (await order.act("payment", {"paid_fen": 1101})).json()["state"] == "done"


async def test_a_dispute_stops_the_clock_and_a_decision_against_the_holder_needs_two(
    client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder, run_due: RunDue, resident: Person,
    order: Borrowing, officers: list[Person],
) -> None:  # fmt: skip
    await order.act("settlement", BILL)
    path = f"/v1/me/orders/{order.id}/dispute"
    filed = await client.post(path, json={"statement": "已按期归还"}, headers=resident.headers)
    assert filed.json()["state"] == "disputed"
    clock.move(timedelta(days=60))
    await run_due()
    for someone in (resident, *officers):
        await person.sign_in(someone)
    shown = await order.shown()
    assert shown["state"] == "disputed"
    assert "remind" not in {entry["event"] for entry in shown["history"]}
    proposed = await decide(client, officers[0], "decision", {"owed_fen": 500, "reasons": "减半"})
    assert proposed.json()["state"] == "proposed"
    alone = await decide(client, officers[0], "confirmation")
    assert alone.json()["code"] == "second-person-needed"
    assert (await decide(client, officers[1], "confirmation")).json()["state"] == "decided"
    shown = await order.shown()
    assert (shown["state"], shown["total_fen"], shown["dispute"]["reasons"]) == ("payment-due", 500, "减半")
    again = await client.post(path, json={"statement": "仍有异议"}, headers=resident.headers)
    assert again.json()["code"] == "state-conflict"


async def test_a_decision_for_the_holder_needs_one_and_ends_the_bill(
    client: httpx2.AsyncClient, resident: Person, order: Borrowing, officers: list[Person]
) -> None:
    await order.act("settlement", BILL)
    await client.post(f"/v1/me/orders/{order.id}/dispute", json={"statement": "已按期归还"}, headers=resident.headers)
    assert (await decide(client, officers[0], "decision", {"owed_fen": 0, "reasons": "属实"})).status_code == 200
    assert (await order.shown())["state"] == "done"


async def test_a_loss_is_shared_paid_back_to_the_fen_and_never_a_record(
    client: httpx2.AsyncClient, clock: SettableClock, platform: Platform, person: PersonBuilder, run_due: RunDue,
    resident: Person, lender: PartnerCaller, open_order: Open, verify: Open,
) -> None:  # fmt: skip
    one, two = [await person(name=name, proven=False, roles=(Role.OPERATOR,)) for name in ("赵六", "孙七")]

    async def agreed(what: str, body: Any, key: str | None = None) -> Any:
        proposed = await client.post(f"/v1/staff/{what}", json=body, headers=one.headers)
        assert proposed.status_code == 201, proposed.text
        made = proposed.json()[key] if key else proposed.json()
        path = f"/v1/staff/{what}/{made['id']}/approve"
        assert (await client.post(path, headers=one.headers)).json()["code"] == "second-person-needed"
        done = await client.post(path, headers=two.headers)
        assert done.status_code == 200, done.text
        return made["id"]

    budget = await agreed("budgets", {"year": 2026, "department": "局", "title": "池", "amount_fen": 10_000})
    await agreed("pool-fundings", {"budget_id": budget, "amount_fen": 5_000, "reason": "注资"})
    shares = {"merchant_permille": 200, "pool_permille": 500, "city_permille": 300}
    caps = {"order_cap_fen": 9_000, "partner_year_cap_fen": 9_000, "year_cap_fen": 9_000}
    rule = {"budget_id": budget, **shares, **caps, "begins": "2026-11-24", "handler": "科", "legal_basis": "条例"}
    await agreed("loss-rules", rule, "rule")
    clock.move(timedelta(days=1))
    for someone in (resident, one, two):
        await person.sign_in(someone)
    await run_due()
    score = (await client.get("/v1/me/score", headers=resident.headers)).json()
    order = await (await borrowing(client, lender, resident, open_order)).begin()
    await order.act("settlement", BILL)
    for _ in range(40):
        clock.move(timedelta(days=1))
        await run_due()
    for someone in (resident, one, two):
        await person.sign_in(someone)
    shown = await order.shown()
    assert shown["state"] == "guaranteed"
    assert [entry["event"] for entry in shown["history"]].count("remind") == 4
    told = (await lender("GET", f"/v1/partner/orders/{order.id}/history")).json()["history"]
    assert "remind" not in {entry["event"] for entry in told}
    assert (await lender("GET", "/v1/partner/balance")).json()["balance_fen"] == 801
    now = (await client.get("/v1/me/score", headers=resident.headers)).json()
    assert (now["points"], now["level"]) == (score["points"], score["level"])
    assert (await client.get("/v1/me/records", headers=resident.headers)).json()["records"] == []
    wanted = {
        "partner_id": str(lender.partner_id),
        "amount_fen": 801,
        "bank_reference": "GK-1",
        "paid_on": "2026-12-30",
    }
    numbered = {**wanted, "bank_reference": "6222021234567890123"}
    assert (await client.post("/v1/staff/partner-payments", json=numbered, headers=one.headers)).status_code == 400
    await agreed("partner-payments", wanted)
    assert (await lender("GET", "/v1/partner/balance")).json()["balance_fen"] == 0
    assert (await verify(LIBRARY)).json()["result"] == "declined"
    await order.act("payment", {"paid_fen": 7})
    assert (await order.act("payment", {"paid_fen": 994})).json()["state"] == "done"
    assert (await verify(LIBRARY)).json()["result"] == "eligible"
    assert (await lender("GET", "/v1/partner/balance")).json()["balance_fen"] == -801
    assert (await client.get("/v1/loss-rules")).json()["pool_fen"] == 5_000
