"""Fetching passes: only who is eligible now, for keys that the registered phone signs for, a few a day."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import SettableClock
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from partners import base64url
from partners.benefits.terms import BenefitKind, Text, Tier
from partners.codes import ic3
from tests.builders.partners import PartnerCaller, current_code, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.phones import SUITE, DeviceKey, Phone, key_message_of, new_secrets
from tests.conftest import PUBLIC_URL, RunDue
from tests.passes.conftest import BENEFIT, NUMBER, offline_terms

BEST = (Tier(Text("典范", "Exemplary"), 4, 500),)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_pass_says_what_the_protocol_says_and_is_for_this_phones_key(
    platform: Platform, clock: SettableClock, phone: Phone
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    code = ic3.parse(fetched.show(clock.now()))
    assert code is not None
    said = code.attestation
    own = platform.keys.active(Purpose.ATTESTATION)
    now = int(clock.now().timestamp())
    assert (said.slot, said.benefit, said.needs_challenge) == (own.slot, NUMBER, False)
    assert base64url.encode(said.device_key) == fetched.answer["key"]
    assert now - 6 * 3600 < said.not_before <= now
    assert own.jwk()["kid"]
    believed = platform.keys.attestation_slot(said.slot)
    assert believed is not None
    assert believed.verifier.verify(code.issuer_signature, b"ic3a" + code.attestation_bytes[:45])


async def test_two_passes_of_one_person_have_nothing_in_common(clock: SettableClock, phone: Phone) -> None:
    passes = await phone.fetch(BENEFIT, 3)
    said = [ic3.parse(each.show(clock.now())) for each in passes]
    assert len({code.attestation.status_index for code in said if code}) == 3
    assert len({code.attestation.device_key for code in said if code}) == 3
    assert len({each.id for each in passes}) == 3


async def test_a_few_a_day_also_when_asked_at_once(clock: SettableClock, phone: Phone) -> None:
    answers = await asyncio.gather(*(phone.order(BENEFIT, new_secrets(2)) for _ in range(4)))
    assert sum(len(answer.json()["passes"]) for answer in answers) == 3
    none = (await phone.order(BENEFIT, new_secrets(1))).json()
    assert none["passes"] == []
    assert "已领完" in none["reasons"][0]["zh"]
    clock.move(timedelta(days=1))
    await refreshed(phone)
    assert len(await phone.fetch(BENEFIT, 9)) == 3


async def refreshed(phone: Phone) -> None:
    """A new access token: an old one is over after 15 minutes."""
    tokens = await phone.client.post("/v1/sign-in/refresh", json={"refresh_token": phone.person.refresh_token})
    phone.person.access_token = tokens.json()["access_token"]
    phone.person.refresh_token = tokens.json()["refresh_token"]


async def test_a_request_whose_answer_was_lost_gives_the_same_passes(phone: Phone) -> None:
    keys = new_secrets(2)
    first, second = await phone.order(BENEFIT, keys), await phone.order(BENEFIT, keys)
    by_id = {each["id"]: each for each in second.json()["passes"]}
    assert by_id == {each["id"]: each for each in first.json()["passes"]}
    assert len(by_id) == 2
    # They count once: one more is left of three.
    assert len((await phone.order(BENEFIT, new_secrets(2))).json()["passes"]) == 1


async def test_a_no_is_no_pass_with_every_reason_for_the_holder(
    platform: Platform, phone: Phone, run_due: RunDue
) -> None:
    await run_due()
    await publish(platform, offline_terms("best-only", 8, tiers=BEST, open_to_all=False))
    answer = (await phone.order("best-only", new_secrets(1))).json()
    assert answer["passes"] == []
    assert [reason["zh"] for reason in answer["reasons"]] == ["当前等级暂未达到该权益的档次"]


@pytest.mark.parametrize("withdrawn", ["show", "compute"])
async def test_without_the_consent_to_show_there_is_no_pass(
    client: httpx2.AsyncClient, phone: Phone, withdrawn: str
) -> None:
    await client.delete(f"/v1/me/consents/{withdrawn}", headers=phone.person.headers)
    answer = (await phone.order(BENEFIT, new_secrets(1))).json()
    assert answer["passes"] == []
    assert "同意出示" in answer["reasons"][0]["zh"]


async def test_a_pass_does_not_outlive_the_consent_it_rests_on(
    clock: SettableClock, phone: Phone, person: PersonBuilder
) -> None:
    clock.move(timedelta(days=364))
    await person.sign_in(phone.person)
    answer = (await phone.order(BENEFIT, new_secrets(1))).json()
    assert answer["passes"] == []
    assert "到期" in answer["reasons"][0]["zh"]


async def test_the_same_answer_as_at_a_till(
    client: httpx2.AsyncClient, platform: Platform, phone: Phone, partner: PartnerCaller
) -> None:
    """A day's limit that was used online leaves no pass either."""
    await publish(platform, offline_terms("once-a-day", 9, per_person_per_day=1))
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, partner.partner_id, "once-a-day")
    code = (await current_code(client, phone.person.headers))["text"]
    verified = (await partner.verify(code, "once-a-day")).json()
    assert (await partner.redeem(verified["verification_id"])).status_code == 201
    answer = (await phone.order("once-a-day", new_secrets(1))).json()
    assert answer["passes"] == []
    assert "今日次数已用完" in answer["reasons"][0]["zh"]


async def test_only_benefits_that_say_so_are_given_offline(platform: Platform, phone: Phone) -> None:
    await publish(platform, make_terms("online-only"))
    assert problem(await phone.order("online-only", new_secrets(1))) == (409, "benefit-not-offline")
    assert problem(await phone.order("nothing", new_secrets(1))) == (404, "not-found")


async def test_a_key_needs_the_signature_of_the_registered_phone(
    client: httpx2.AsyncClient, clock: SettableClock, phone: Phone, person: PersonBuilder
) -> None:
    real, phone.key = phone.key, DeviceKey()
    assert problem(await phone.order(BENEFIT, new_secrets(1))) == (422, "pass-key-invalid")
    phone.key = real
    assert problem(await phone.order(BENEFIT, new_secrets(1), device_id=str(uuid4()))) == (422, "device-unknown")
    thief = Phone(client, clock, await person("李四"), PUBLIC_URL)
    thief.id, thief.key = phone.id, phone.key
    assert problem(await thief.order(BENEFIT, new_secrets(1))) == (422, "device-unknown")
    # Signed for one benefit is not signed for another.
    keys = new_secrets(1)
    key = base64url.encode(SUITE.holder.public(keys[0]))
    wanted = [{"key": key, "signature": phone.key.sign(key_message_of(phone.id, "another", key))}]
    assert problem(await phone.order(BENEFIT, keys, keys=wanted)) == (422, "pass-key-invalid")


async def test_a_key_serves_one_pass(platform: Platform, phone: Phone, person: PersonBuilder) -> None:
    keys = new_secrets(1)
    assert (await phone.order(BENEFIT, keys)).status_code == 201
    await publish(platform, offline_terms("another", 10))
    assert problem(await phone.order("another", keys)) == (409, "pass-key-used")
    assert problem(await phone.order(BENEFIT, [*keys, *keys])) == (422, "pass-key-invalid")
    other = Phone(phone.client, phone.clock, await person("李四"), PUBLIC_URL)
    await other.register()
    assert problem(await other.order(BENEFIT, keys)) == (409, "pass-key-used")


async def test_a_benefit_of_several_tiers_or_with_a_contract_is_not_published_for_offline(platform: Platform) -> None:
    two = (Tier(Text("诚信", "Trusted"), 1, 100), *BEST)
    for terms in (
        offline_terms("tiered", 11, tiers=two),
        offline_terms("confirmed", 12, confirm=True),
        offline_terms("contract", 13, kind=BenefitKind.DEPOSIT_WAIVER),
    ):
        with pytest.raises(Problem) as refused:
            await publish(platform, terms)
        assert [error.field for error in refused.value.errors] == ["offline"]


async def test_a_number_names_one_benefit_for_good(platform: Platform, phone: Phone) -> None:
    await publish(platform, offline_terms())
    with pytest.raises(Problem) as refused:
        await publish(platform, offline_terms("another", NUMBER))
    assert [error.field for error in refused.value.errors] == ["offline.number"]


async def test_the_holder_sees_every_pass_and_every_look_at_them(
    client: httpx2.AsyncClient, clock: SettableClock, phone: Phone, run_due: RunDue
) -> None:
    first, second, third = await phone.fetch(BENEFIT, 3)
    assert (await client.delete(f"/v1/me/passes/{first.id}", headers=phone.person.headers)).status_code == 204
    shown = (await client.get("/v1/me/passes", headers=phone.person.headers)).json()
    assert {each["id"]: each["state"] for each in shown["passes"]} == {
        first.id: "revoked",
        second.id: "usable",
        third.id: "usable",
    }
    log = (await client.get("/v1/me/access-log", headers=phone.person.headers)).json()["entries"]
    assert {"领取离线凭证", "作废离线凭证", "查看离线凭证"} <= {entry["action"] for entry in log}


async def test_nobody_revokes_the_pass_of_somebody_else(
    client: httpx2.AsyncClient, phone: Phone, person: PersonBuilder
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    other: Person = await person("李四")
    answer = await client.delete(f"/v1/me/passes/{fetched.id}", headers=other.headers)
    assert problem(answer) == (404, "not-found")
