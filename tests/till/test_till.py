"""What a clerk can do at the till, and what the till never says."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from partners.benefits.terms import BenefitKind, Text, Tier
from tests.builders.partners import PartnerCaller, current_code, delist, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.till.clerks import place_at

BENEFIT = "reading-discount"
OUT_OF_REACH = "exemplary-only"


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner with one benefit for everybody and one for the highest level."""
    await publish(platform, make_terms(BENEFIT, cap_fen=5000))
    tiers = (Tier(Text("典范", "Exemplary"), 4, 500),)
    await publish(platform, make_terms(OUT_OF_REACH, tiers=tiers, open_to_all=False))
    await publish(platform, make_terms("not-granted"))
    return await make_partner(client, platform, clock, BENEFIT, OUT_OF_REACH)


@pytest.fixture
async def clerk(platform: Platform, person: PersonBuilder, shop: PartnerCaller) -> Person:
    """A clerk of the shop."""
    return await place_at(platform, person, shop)


async def post(
    client: httpx2.AsyncClient, clerk: Person, path: str, body: dict[str, Any], key: str | None = None
) -> httpx2.Response:
    return await client.post(path, json=body, headers={**clerk.headers, "Idempotency-Key": key or str(uuid4())})


async def verify(
    client: httpx2.AsyncClient, clerk: Person, code: str, benefit: str = BENEFIT, key: str | None = None
) -> httpx2.Response:
    return await post(client, clerk, "/v1/till/verifications", {"code": code, "benefit": benefit}, key)


async def test_a_till_knows_its_store_and_what_it_may_verify(client: httpx2.AsyncClient, clerk: Person) -> None:
    answer = await client.get("/v1/till", headers=clerk.headers)
    assert answer.status_code == 200
    till = answer.json()
    assert (till["partner"], till["store"], till["terminal"]) == ("桃花书店", "总店", "一号收银台")
    assert {benefit["id"] for benefit in till["benefits"]} == {BENEFIT, OUT_OF_REACH}
    offered = next(benefit for benefit in till["benefits"] if benefit["id"] == BENEFIT)
    assert (offered["unit"], offered["cap_fen"]) == ("permille", 5000)


@pytest.mark.parametrize("form", ["text", "digits"])
async def test_a_scanned_and_a_typed_code_are_both_answered(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person, form: str
) -> None:
    resident = await person()
    code = (await current_code(client, resident.headers))[form]
    answer = await verify(client, clerk, code)
    assert answer.status_code == 201, answer.text
    assert answer.json()["result"] == "eligible"
    assert answer.json()["tier"] == {"unit": "permille", "value": "000000000100"}


async def test_a_used_code_is_refused_at_the_till(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person
) -> None:
    resident = await person()
    code = (await current_code(client, resident.headers))["text"]
    assert (await verify(client, clerk, code)).status_code == 201
    again = await verify(client, clerk, code)
    assert (again.status_code, again.json()["code"]) == (422, "code-unusable")


async def test_the_till_says_nothing_about_the_holder(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person
) -> None:
    resident = await person()
    yes = await verify(client, clerk, (await current_code(client, resident.headers))["text"])
    no = await verify(client, clerk, (await current_code(client, resident.headers))["text"], OUT_OF_REACH)
    assert (yes.json()["result"], no.json()["result"]) == ("eligible", "declined")
    assert yes.json().keys() == no.json().keys() == {"verification_id", "benefit", "result", "tier", "expires_at"}
    assert len(yes.content) - len(BENEFIT) == len(no.content) - len(OUT_OF_REACH)
    for answer in (yes, no):
        said = answer.text + str(answer.headers)
        for secret in (resident.name, resident.phone, resident.identity_number, str(resident.subject_id), "reason"):
            assert secret not in said


async def test_a_verification_is_redeemed_once(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person
) -> None:
    resident = await person()
    code = (await current_code(client, resident.headers))["text"]
    verification_id = (await verify(client, clerk, code)).json()["verification_id"]
    order = {"verification_id": verification_id, "amount_fen": 1200}
    redeemed = await post(client, clerk, "/v1/till/redemptions", order)
    assert redeemed.status_code == 201, redeemed.text
    assert redeemed.json()["amount_fen"] == 1200
    again = await post(client, clerk, "/v1/till/redemptions", order)
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")


async def test_a_repeated_request_has_one_effect_and_the_same_answer(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person
) -> None:
    resident = await person()
    code, key = (await current_code(client, resident.headers))["text"], str(uuid4())
    first, second = await verify(client, clerk, code, key=key), await verify(client, clerk, code, key=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    missing = await client.post(
        "/v1/till/verifications", json={"code": code, "benefit": BENEFIT}, headers=clerk.headers
    )
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency-key-missing")


async def test_the_till_and_the_partner_share_one_truth(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person, shop: PartnerCaller
) -> None:
    resident = await person()
    code = (await current_code(client, resident.headers))["text"]
    verification_id = (await verify(client, clerk, code)).json()["verification_id"]
    seen = await shop("GET", f"/v1/partner/verifications/{verification_id}")
    assert (seen.status_code, seen.json()["result"]) == (200, "eligible")
    assert (await shop.redeem(verification_id)).status_code == 201
    at_the_till = await post(client, clerk, "/v1/till/redemptions", {"verification_id": verification_id})
    assert at_the_till.json()["code"] == "state-conflict"


async def test_the_holder_sees_the_shop_in_their_log(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person
) -> None:
    resident = await person()
    await verify(client, clerk, (await current_code(client, resident.headers))["text"], OUT_OF_REACH)
    log = (await client.get("/v1/me/access-log", headers=resident.headers)).json()["entries"]
    by_shop = [entry for entry in log if entry["actor_kind"] == "partner"]
    assert by_shop
    assert {entry["actor_name"] for entry in by_shop} == {"桃花书店"}
    assert str(clerk.account_id) not in str(log)


async def test_a_contract_is_not_redeemed_at_the_till(
    client: httpx2.AsyncClient, platform: Platform, person: PersonBuilder, clerk: Person, shop: PartnerCaller
) -> None:
    tiers = (Tier(Text("人人", "Everyone"), 0, 10_000),)
    await publish(
        platform, make_terms("deposit-waiver", kind=BenefitKind.DEPOSIT_WAIVER, unit="fen", tiers=tiers, cap_fen=10_000)
    )
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, shop.partner_id, "deposit-waiver")
    resident = await person()
    answer = await verify(client, clerk, (await current_code(client, resident.headers))["text"], "deposit-waiver")
    refused = await post(client, clerk, "/v1/till/redemptions", {"verification_id": answer.json()["verification_id"]})
    assert refused.status_code == 409


async def test_a_benefit_that_was_not_granted_cannot_be_tried(
    client: httpx2.AsyncClient, person: PersonBuilder, clerk: Person
) -> None:
    resident = await person()
    code = (await current_code(client, resident.headers))["text"]
    refused = await verify(client, clerk, code, "not-granted")
    assert (refused.status_code, refused.json()["code"]) == (403, "benefit-not-granted")
    assert (await verify(client, clerk, code)).status_code == 201, "nothing was burned"


async def test_a_till_of_a_delisted_partner_is_closed(
    client: httpx2.AsyncClient, platform: Platform, clerk: Person, shop: PartnerCaller
) -> None:
    await delist(platform, shop)
    answer = await client.get("/v1/till", headers=clerk.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "partner-suspended")


async def test_a_clerk_without_a_store_has_no_till(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    nobodys = await person(proven=False, roles=(Role.CLERK,))
    assert (await client.get("/v1/till", headers=nobodys.headers)).json()["code"] == "not-a-clerk"
    assert (await verify(client, nobodys, "1234")).json()["code"] == "not-a-clerk"


async def test_residents_have_no_till(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    assert (await client.get("/v1/till", headers=(await person()).headers)).status_code == 403
