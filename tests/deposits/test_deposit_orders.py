"""免押订单: agreed on the phone, used, settled; an unpaid bill closes its own offer and nothing else."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller, make_partner
from tests.builders.people import Person, PersonBuilder
from tests.builders.phones import Phone
from tests.conftest import PUBLIC_URL, RunDue
from tests.deposits.conftest import BICYCLE, CAMERA, DISCOUNT, LIBRARY, TIER, Open

LATE = {"charges": [{"what": "逾期两日", "fen": 100}], "discounts": [{"what": "首日免收", "fen": 50}]}


class Borrowing:
    """One order, seen by both sides."""

    def __init__(self, client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, order: Any) -> None:
        self._client = client
        self._lender = lender
        self._resident = resident
        self.id = order["order_id"]

    async def act(self, act: str, body: Any = None, key: str | None = None) -> httpx2.Response:
        """The lender's side."""
        return await self._lender.post(f"/v1/partner/orders/{self.id}/{act}", body or {}, key)

    async def holder(self, act: str) -> httpx2.Response:
        """The resident's side."""
        return await self._client.post(f"/v1/me/orders/{self.id}/{act}", headers=self._resident.headers)

    async def shown(self) -> Any:
        """The order on the resident's phone."""
        return (await self._client.get(f"/v1/me/orders/{self.id}", headers=self._resident.headers)).json()

    async def begin(self) -> "Borrowing":
        """Agreed and in use."""
        assert (await self.holder("agreement")).status_code == 200
        assert (await self.act("start")).json()["state"] == "in-use"
        return self


async def borrowing(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open, *given: Any
) -> Borrowing:
    opened = await open_order(*given)
    assert opened.status_code == 201, opened.text
    return Borrowing(client, lender, resident, opened.json())


async def test_an_order_is_agreed_used_and_done_without_a_fen(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    order = await borrowing(client, lender, resident, open_order)
    await order.begin()
    settled = await order.act(
        "settlement", {"charges": [{"what": "延期", "fen": 50}], "discounts": [{"what": "免", "fen": 50}]}
    )
    assert (settled.json()["state"], settled.json()["total_fen"]) == ("done", 0)
    shown = await order.shown()
    assert (shown["state"], shown["saved_fen"]) == ("done", 10_000)
    assert [entry["event"] for entry in shown["history"]] == ["create", "agree", "start", "settle-nothing-due"]
    [listed] = (await client.get("/v1/me/orders", headers=resident.headers)).json()["orders"]
    assert listed == shown


async def test_the_partner_learns_nothing_about_the_person(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    answer = await open_order()
    for secret in (
        resident.name,
        resident.phone,
        resident.identity_number,
        str(resident.subject_id),
        str(resident.account_id),
    ):
        assert secret not in answer.text
    assert set(answer.json()) == {
        "order_id", "verification_id", "benefit", "state", "agreed", "agreed_fen", "total_fen", "paid_fen", "held_fen", "due_at",
        "partner_ref", "ppid", "created_at", "updated_at",
    }  # fmt: skip
    assert answer.json()["ppid"] is None, "not before the holder has agreed"


async def test_the_use_starts_only_after_the_holder_agreed(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    order = await borrowing(client, lender, resident, open_order)
    refused = await order.act("start")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-yet-agreed")
    assert (await order.holder("agreement")).json() == (await order.holder("agreement")).json()
    assert (await order.act("start")).status_code == 200


async def test_a_bill_is_due_in_seven_days_and_paid(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    order = await (await borrowing(client, lender, resident, open_order)).begin()
    billed = (await order.act("settlement", LATE)).json()
    # Settled on 23 November in Shanghai: late from the first instant of 1 December there.
    assert (billed["state"], billed["total_fen"], billed["due_at"]) == ("payment-due", 50, "2026-11-30T16:00:00Z")
    for wrong in (51, 0):
        assert (await order.act("payment", {"paid_fen": wrong})).json()["code"] == "amount-refused"
    assert (await order.act("payment", {"paid_fen": 50})).json()["state"] == "done"
    assert (await order.act("payment", {"paid_fen": 50})).json()["code"] == "state-conflict"


async def test_the_same_settlement_again_changes_nothing_and_another_is_refused(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    order = await (await borrowing(client, lender, resident, open_order)).begin()
    first = await order.act("settlement", LATE)
    assert (await order.act("settlement", LATE)).json() == first.json()
    other = await order.act("settlement", {"charges": [{"what": "其他", "fen": 50}]})
    assert (other.status_code, other.json()["code"]) == (409, "state-conflict")


async def test_one_key_posted_sixteen_times_at_once_settles_once(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    order, key = await (await borrowing(client, lender, resident, open_order)).begin(), str(uuid4())
    answers = await asyncio.gather(*(order.act("settlement", LATE, key) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    changed = await order.act("settlement", {"charges": []}, key)
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency-key-reused")


async def test_no_bill_is_above_what_was_agreed(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open, verify: Open
) -> None:
    order = await (await borrowing(client, lender, resident, open_order)).begin()
    for wrong in (
        {"charges": [{"what": "过高", "fen": 10_001}]},
        {"charges": [], "discounts": [{"what": "倒贴", "fen": 1}]},
    ):
        refused = await order.act("settlement", wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "amount-refused")
    over_tier = await open_order(LIBRARY, TIER + 1)
    assert (over_tier.status_code, over_tier.json()["code"]) == (422, "amount-refused")
    asked = (await verify(LIBRARY, amount_fen=200)).json()["verification_id"]
    wanted = {"verification_id": asked, "partner_ref": "loan-2"}
    assert (await lender.post("/v1/partner/orders", {**wanted, "agreed_fen": 201})).json()["code"] == "amount-refused"
    assert (await lender.post("/v1/partner/orders", {**wanted, "agreed_fen": 200})).status_code == 201


async def test_a_verification_opens_one_order_and_only_for_a_contract_benefit(
    lender: PartnerCaller, verify: Open
) -> None:
    verification = (await verify()).json()["verification_id"]
    wanted = {"verification_id": verification, "agreed_fen": 100, "partner_ref": "loan-1"}
    answers = await asyncio.gather(*(lender.post("/v1/partner/orders", wanted) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    discount = (await verify(DISCOUNT)).json()["verification_id"]
    refused = await lender.post("/v1/partner/orders", {**wanted, "verification_id": discount})
    assert (refused.status_code, refused.json()["code"]) == (422, "not-a-contract")
    # What was refused used nothing up.
    assert (await lender.redeem(discount)).status_code == 201


async def test_an_unpaid_bill_closes_that_offer_only_and_touches_no_score(
    client: httpx2.AsyncClient,
    clock: SettableClock,
    person: PersonBuilder,
    run_due: RunDue,
    lender: PartnerCaller,
    resident: Person,
    open_order: Open,
    verify: Open,
) -> None:
    await run_due()
    score = (await client.get("/v1/me/score", headers=resident.headers)).json()
    bills = [await (await borrowing(client, lender, resident, open_order)).begin() for _ in range(2)]
    for bill in bills:
        await bill.act("settlement", LATE)
    clock.move(timedelta(days=8))
    await run_due()
    await person.sign_in(resident)
    assert [(await bill.shown())["state"] for bill in bills] == ["in-arrears"] * 2
    results = {benefit: (await verify(benefit)).json()["result"] for benefit in (LIBRARY, BICYCLE, DISCOUNT)}
    assert results == {LIBRARY: "declined", BICYCLE: "eligible", DISCOUNT: "eligible"}
    now = (await client.get("/v1/me/score", headers=resident.headers)).json()
    assert (now["points"], now["level"]) == (score["points"], score["level"])
    assert (await client.get("/v1/me/records", headers=resident.headers)).json()["records"] == []

    assert (await bills[0].act("payment", {"paid_fen": 50})).json()["state"] == "done"
    assert (await verify()).json()["result"] == "declined"
    assert (await bills[1].act("payment", {"paid_fen": 50})).json()["state"] == "done"
    assert (await verify()).json()["result"] == "eligible"


async def test_an_order_untouched_for_thirty_days_expires_and_one_in_use_does_not(
    client: httpx2.AsyncClient,
    clock: SettableClock,
    person: PersonBuilder,
    run_due: RunDue,
    lender: PartnerCaller,
    resident: Person,
    open_order: Open,
) -> None:
    untouched = await borrowing(client, lender, resident, open_order)
    used = await (await borrowing(client, lender, resident, open_order)).begin()
    clock.move(timedelta(days=30))
    await run_due()
    await person.sign_in(resident)
    assert (await untouched.shown())["state"] == "expired"
    assert (await used.shown())["state"] == "in-use"
    assert (await untouched.holder("agreement")).json()["code"] == "state-conflict"


async def test_either_side_revokes_before_the_use_and_neither_after(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    mine, theirs, begun = [await borrowing(client, lender, resident, open_order) for _ in range(3)]
    assert (await mine.holder("revocation")).json()["state"] == "revoked"
    assert (await theirs.act("revocation")).json()["state"] == "revoked"
    await begun.begin()
    assert (await begun.holder("revocation")).json()["code"] == "state-conflict"
    assert (await begun.act("revocation")).json()["code"] == "state-conflict"


async def test_an_order_is_found_by_its_two_sides_only(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    person: PersonBuilder,
    lender: PartnerCaller,
    resident: Person,
    open_order: Open,
) -> None:
    order = await borrowing(client, lender, resident, open_order)
    other_partner = await make_partner(client, platform, clock, LIBRARY, name="另一图书馆")
    other_person = await person("李四")
    assert (await other_partner("GET", f"/v1/partner/orders/{order.id}")).status_code == 404
    assert (await other_partner.post(f"/v1/partner/orders/{order.id}/revocation", {})).status_code == 404
    assert (await client.get(f"/v1/me/orders/{order.id}", headers=other_person.headers)).status_code == 404
    agreeing = await client.post(f"/v1/me/orders/{order.id}/agreement", headers=other_person.headers)
    assert agreeing.status_code == 404
    assert (await lender("GET", f"/v1/partner/orders/{order.id}")).json()["order_id"] == order.id


async def test_the_holder_sees_that_the_partner_looked(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    order = await (await borrowing(client, lender, resident, open_order)).begin()
    await order.act("settlement", LATE)
    entries = (await client.get("/v1/me/access-log?limit=200", headers=resident.headers)).json()["entries"]
    acts = {entry["action"] for entry in entries if entry["actor_kind"] == "partner"}
    assert {"开立免押订单", "开始使用", "结算订单"} <= acts


async def test_leaving_revokes_what_was_not_begun_and_keeps_what_is_owed_without_the_account(
    client: httpx2.AsyncClient, platform: Platform, lender: PartnerCaller, resident: Person, open_order: Open
) -> None:
    waiting = await borrowing(client, lender, resident, open_order)
    used = await (await borrowing(client, lender, resident, open_order)).begin()
    left = await client.delete("/v1/me", headers=resident.headers)
    assert left.status_code in {200, 204}, left.text
    found = {
        order.id: (await lender("GET", f"/v1/partner/orders/{order.id}")).json()["state"] for order in (waiting, used)
    }
    assert found == {waiting.id: "revoked", used.id: "in-use"}
    async with platform.database.connection() as connection:
        rows = await connection.impersonal("test", "SELECT state, account_id, subject_id FROM deposit_order")
    linked = {row["state"]: (row["account_id"], row["subject_id"] is not None) for row in rows}
    assert linked == {"revoked": (None, False), "in-use": (None, True)}
    assert (await used.act("settlement", LATE)).json()["state"] == "payment-due"
    assert (await used.act("payment", {"paid_fen": 50})).json()["state"] == "done"


@pytest.mark.parametrize(("agreed_fen", "is_agreed"), [(20_000, True), (20_001, False)])
async def test_what_the_phone_confirmed_at_the_scan_is_agreed_and_no_more(
    client: httpx2.AsyncClient,
    clock: SettableClock,
    lender: PartnerCaller,
    resident: Person,
    verify: Open,
    agreed_fen: int,
    is_agreed: bool,
) -> None:
    phone = Phone(client, clock, resident, PUBLIC_URL)
    await phone.register()
    asked = await verify(CAMERA, amount_fen=20_000)
    [question] = await phone.questions()
    assert (await phone.confirm(question)).status_code == 204
    order = {"verification_id": asked.json()["verification_id"], "agreed_fen": agreed_fen, "partner_ref": "loan-1"}
    opened = await lender.post("/v1/partner/orders", order)
    if not is_agreed:
        # More than what was asked about is refused, confirmed or not.
        assert (opened.status_code, opened.json()["code"]) == (422, "amount-refused")
        return
    assert (opened.status_code, opened.json()["agreed"]) == (201, True)
    started = await lender.post(f"/v1/partner/orders/{opened.json()['order_id']}/start", {})
    assert started.json()["state"] == "in-use"
    shown = (await client.get(f"/v1/me/orders/{opened.json()['order_id']}", headers=resident.headers)).json()
    assert "视为同意" in str(shown["history"])
