"""核销与冲正: once and only once, never over a quota, never back more than was given."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from backend.market import service
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from partners.benefits.terms import BenefitKind
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.market.conftest import BENEFIT, Scan


async def verified(scan: Scan, benefit: str = BENEFIT, **more: object) -> str:
    answer = await scan(benefit, **more)
    assert answer.json()["result"] == "eligible", answer.text
    verification: str = answer.json()["verification_id"]
    return verification


async def test_a_verification_is_redeemed_once(
    client: httpx2.AsyncClient, partner: PartnerCaller, resident: Person, scan: Scan
) -> None:
    verification, key = await verified(scan), str(uuid4())
    redeemed = await partner.redeem(verification, key, amount_fen=1200)
    assert redeemed.status_code == 201, redeemed.text
    assert (redeemed.json()["amount_fen"], redeemed.json()["state"]) == (1200, "redeemed")
    again = await partner.redeem(verification, amount_fen=1200)
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")
    found = await partner("GET", f"/v1/partner/redemptions?idempotency_key={key}")
    assert found.json() == redeemed.json()
    [mine] = (await client.get("/v1/me/verifications", headers=resident.headers)).json()["verifications"]
    assert (mine["state"], mine["redeemed_fen"]) == ("redeemed", 1200)


async def test_an_unknown_outcome_is_settled_by_its_key(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, scan: Scan
) -> None:
    key = str(uuid4())
    path = f"/v1/partner/redemptions?idempotency_key={key}"
    assert (await partner("GET", path)).status_code == 404
    await partner.redeem(await verified(scan), key)
    assert (await partner("GET", path)).status_code == 200
    other = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    assert (await other("GET", path)).status_code == 404
    assert (await partner("GET", "/v1/partner/redemptions?idempotency_key=x")).status_code == 400
    assert (await partner("GET", "/v1/partner/redemptions")).status_code == 400


async def test_one_key_posted_sixteen_times_at_once_redeems_once(partner: PartnerCaller, scan: Scan) -> None:
    verification, key = await verified(scan), str(uuid4())
    answers = await asyncio.gather(*(partner.redeem(verification, key, amount_fen=100) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    changed = await partner.redeem(verification, key, amount_fen=99)
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency-key-reused")


async def test_sixteen_keys_at_once_redeem_one_verification_once(partner: PartnerCaller, scan: Scan) -> None:
    verification = await verified(scan)
    answers = await asyncio.gather(*(partner.redeem(verification) for _ in range(16)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15


async def test_a_declined_or_lapsed_verification_is_not_redeemed(
    clock: SettableClock, partner: PartnerCaller, scan: Scan
) -> None:
    declined = (await scan(amount_fen=3001)).json()["verification_id"]
    assert (await partner.redeem(declined)).json()["code"] == "state-conflict"
    lapsing = await verified(scan)
    clock.move(timedelta(minutes=15))
    assert (await partner.redeem(lapsing)).json()["code"] == "state-conflict"
    fetched = await partner("GET", f"/v1/partner/verifications/{lapsing}")
    assert fetched.json()["state"] == "lapsed"


async def test_no_more_than_the_cap_and_no_more_than_was_verified_is_redeemed(
    partner: PartnerCaller, scan: Scan
) -> None:
    over_cap = await partner.redeem(await verified(scan), amount_fen=3001)
    assert (over_cap.status_code, over_cap.json()["code"]) == (422, "amount-over-cap")
    asked = await verified(scan, amount_fen=500)
    assert (await partner.redeem(asked, amount_fen=501)).status_code == 422
    assert (await partner.redeem(asked, amount_fen=500)).status_code == 201


async def test_forty_tills_race_for_the_last_five_and_exactly_five_win(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person
) -> None:
    await publish(platform, make_terms("voucher", quota_total=5))
    till = await make_partner(client, platform, clock, "voucher")
    verifications = []
    for _ in range(40):
        code = (await current_code(client, resident.headers))["text"]
        verifications.append((await till.verify(code, "voucher")).json()["verification_id"])
    answers = await asyncio.gather(*(till.redeem(verification) for verification in verifications))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 35
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"quota-exhausted"}
    code = (await current_code(client, resident.headers))["text"]
    assert (await till.verify(code, "voucher")).json()["result"] == "declined"


async def test_a_persons_limit_holds_against_a_race_and_leaves_others_alone(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder
) -> None:
    await publish(platform, make_terms("twice-a-day", per_person_per_day=2, per_person_per_month=3))
    till = await make_partner(client, platform, clock, "twice-a-day")
    keen, other = await person(), await person("李四")

    async def eligible(who: Person, times: int) -> list[str]:
        found = []
        for _ in range(times):
            code = (await current_code(client, who.headers))["text"]
            found.append((await till.verify(code, "twice-a-day")).json())
        return [answer["verification_id"] for answer in found if answer["result"] == "eligible"]

    answers = await asyncio.gather(*(till.redeem(each) for each in await eligible(keen, 8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 6
    assert await eligible(keen, 1) == []
    assert len(await eligible(other, 1)) == 1
    clock.move(timedelta(days=1))
    await person.sign_in(keen)
    [last] = await eligible(keen, 1)
    assert (await till.redeem(last)).status_code == 201
    assert await eligible(keen, 1) == []


async def test_parts_are_reversed_until_nothing_is_left(partner: PartnerCaller, scan: Scan) -> None:
    redemption = (await partner.redeem(await verified(scan), amount_fen=1000)).json()["redemption_id"]
    path = f"/v1/partner/redemptions/{redemption}/reversals"
    part = await partner.post(path, {"partner_ref": "r-1", "amount_fen": 400})
    assert (part.status_code, part.json()["left_fen"], part.json()["state"]) == (201, 600, "partly-reversed")
    over = await partner.post(path, {"partner_ref": "r-2", "amount_fen": 601})
    assert (over.status_code, over.json()["code"]) == (409, "reversal-over")
    rest = await partner.post(path, {"partner_ref": "r-3"})
    assert (rest.json()["amount_fen"], rest.json()["state"]) == (600, "reversed")
    assert (await partner.post(path, {"partner_ref": "r-4"})).json()["code"] == "state-conflict"


async def test_racing_reversals_never_take_back_more_than_was_redeemed(partner: PartnerCaller, scan: Scan) -> None:
    redemption = (await partner.redeem(await verified(scan), amount_fen=1000)).json()["redemption_id"]
    path = f"/v1/partner/redemptions/{redemption}/reversals"
    orders = [{"partner_ref": f"r-{number}", "amount_fen": 300} for number in range(12)]
    answers = await asyncio.gather(*(partner.post(path, order) for order in orders))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 9
    assert min(answer.json()["left_fen"] for answer in answers if answer.status_code == 201) == 100


async def test_a_whole_reversal_gives_the_place_back(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person
) -> None:
    await publish(platform, make_terms("single", quota_total=1, quota_per_day=1, per_person_per_day=1))
    till = await make_partner(client, platform, clock, "single")

    async def result() -> dict[str, str]:
        code = (await current_code(client, resident.headers))["text"]
        answer: dict[str, str] = (await till.verify(code, "single")).json()
        return answer

    redeemed = (await till.redeem((await result())["verification_id"])).json()
    assert (await result())["result"] == "declined"
    path = f"/v1/partner/redemptions/{redeemed['redemption_id']}/reversals"
    key = str(uuid4())
    first = await till.post(path, {"partner_ref": "r-1"}, key)
    replayed = await till.post(path, {"partner_ref": "r-1"}, key)
    assert (first.status_code, replayed.headers["idempotency-replayed"]) == (201, "true")
    assert first.content == replayed.content
    again = await result()
    assert again["result"] == "eligible"
    assert (await till.redeem(again["verification_id"])).status_code == 201
    assert (await result())["result"] == "declined"


async def test_another_partner_reverses_nothing(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, scan: Scan
) -> None:
    other = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    redemption = (await partner.redeem(await verified(scan), amount_fen=1000)).json()["redemption_id"]
    path = f"/v1/partner/redemptions/{redemption}/reversals"
    assert (await other.post(path, {"partner_ref": "r-1"})).status_code == 404


@pytest.mark.books_broken  # It is used up for an order that is never opened.
async def test_a_contract_benefit_is_used_by_an_order_and_not_redeemed(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person
) -> None:
    await publish(platform, make_terms("no-deposit", kind=BenefitKind.DEPOSIT_WAIVER, cap_fen=5000))
    till = await make_partner(client, platform, clock, "no-deposit")
    code = (await current_code(client, resident.headers))["text"]
    verification = (await till.verify(code, "no-deposit", amount_fen=5000)).json()["verification_id"]
    assert (await till.redeem(verification)).json()["code"] == "contract-needed"
    access = service.partner_access(till.partner_id, till.name, "创建免押订单", "免押", "")
    async with platform.database.transaction() as connection:
        arguments = (platform, connection, access, till.partner_id)
        held = await service.verification_of(*arguments, verification)
        assert (held.subject_id, held.amount_fen) == (resident.subject_id, 5000)
        assert await service.use_verification(*arguments, verification) == held
        with pytest.raises(Problem, match="state-conflict"):
            await service.use_verification(*arguments, verification)
        with pytest.raises(Problem, match="not-found"):
            await service.verification_of(platform, connection, access, uuid4(), verification)


async def test_after_leaving_the_merchants_accounts_stand_and_name_nobody(
    client: httpx2.AsyncClient, platform: Platform, partner: PartnerCaller, resident: Person, scan: Scan
) -> None:
    key = str(uuid4())
    open_one = await verified(scan)
    await partner.redeem(await verified(scan), key, amount_fen=1000)
    assert (await client.delete("/v1/me", headers=resident.headers)).status_code == 204
    kept = (await partner("GET", f"/v1/partner/redemptions?idempotency_key={key}")).json()
    assert kept["amount_fen"] == 1000
    assert (await partner.redeem(open_one)).json()["code"] == "state-conflict"
    reversal = await partner.post(f"/v1/partner/redemptions/{kept['redemption_id']}/reversals", {"partner_ref": "r"})
    assert reversal.status_code == 201
    async with platform.database.connection() as connection:
        for table in ("verification", "redemption", "person_use"):
            [row] = await connection.impersonal(
                "count in a test", f"SELECT count(*) AS n FROM {table} WHERE subject_id = $1", resident.subject_id
            )
            assert row["n"] == 0
