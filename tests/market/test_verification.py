"""核验: a code works once, a picture of it not at all, and the partner learns one word."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import httpx2
import jwt
import pytest

from backend.market import deciding, service
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.benefits.terms import Text, Tier
from partners.signatures.keys import public_key_from_jwk
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person
from tests.conftest import RunDue
from tests.market.conftest import BENEFIT, WHOEVER_SHOWS_IT, Bearer, Scan


@WHOEVER_SHOWS_IT
async def test_an_open_benefit_is_answered_yes_with_its_tier_and_a_receipt(
    client: httpx2.AsyncClient, partner: PartnerCaller, scan: Scan
) -> None:
    answer = await scan()
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["result"], body["tier"]) == ("eligible", {"unit": "permille", "value": "000000000100"})
    header = jwt.get_unverified_header(body["receipt"])
    [key] = [k for k in (await client.get("/.well-known/jwks.json")).json()["keys"] if k["kid"] == header["kid"]]
    claims = jwt.decode(
        body["receipt"],
        public_key_from_jwk(key),
        algorithms=["EdDSA"],
        audience=str(partner.partner_id),
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["jti"], claims["result"], claims["benefit"]) == (body["verification_id"], "eligible", BENEFIT)
    fetched = await partner("GET", f"/v1/partner/verifications/{body['verification_id']}")
    assert fetched.json() == {**body, "state": "answered"}


@WHOEVER_SHOWS_IT
async def test_a_used_code_is_refused_also_when_the_cache_was_lost(
    client: httpx2.AsyncClient, platform: Platform, partner: PartnerCaller, bearer: Bearer
) -> None:
    shown = await bearer.show()
    assert (await partner.verify(shown["text"], BENEFIT)).status_code == 201
    await platform.cache.flushall()
    for again in (shown["text"], shown["digits"]):
        refused = await partner.verify(again, BENEFIT)
        assert (refused.status_code, refused.json()["code"]) == (422, "code-unusable")


@WHOEVER_SHOWS_IT
async def test_two_tills_at_once_get_one_answer_between_them(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, bearer: Bearer
) -> None:
    other = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    code = (await bearer.show())["text"]
    answers = await asyncio.gather(*(till.verify(code, BENEFIT) for till in (partner, other) * 4))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7


@WHOEVER_SHOWS_IT
async def test_a_picture_of_the_code_is_stale_after_its_window(
    client: httpx2.AsyncClient, clock: SettableClock, partner: PartnerCaller, bearer: Bearer
) -> None:
    code = (await bearer.show())["text"]
    clock.move(timedelta(seconds=60))
    refused = await partner.verify(code, BENEFIT)
    assert (refused.status_code, refused.json()["code"]) == (422, "code-stale")
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert (await partner.verify(forged, BENEFIT)).json()["code"] in {"code-unusable", "code-malformed"}


@WHOEVER_SHOWS_IT
async def test_digits_work_on_a_keypad(partner: PartnerCaller, bearer: Bearer) -> None:
    digits = (await bearer.show())["digits"]
    spaced = f"{digits[:4]} {digits[4:12]}-{digits[12:]}"
    assert (await partner.verify(spaced, BENEFIT)).json()["result"] == "eligible"
    refused = await partner.verify(digits, BENEFIT)
    assert (refused.status_code, refused.json()["code"]) == (422, "code-unusable")


@WHOEVER_SHOWS_IT
async def test_a_code_shown_for_another_scene_is_unusable(
    client: httpx2.AsyncClient, partner: PartnerCaller, bearer: Bearer
) -> None:
    parking = (await bearer.show("parking"))["text"]
    assert (await partner.verify(parking, BENEFIT)).json()["code"] == "code-unusable"
    anywhere = (await bearer.show("any"))["text"]
    assert (await partner.verify(anywhere, BENEFIT)).status_code == 201


async def test_what_is_no_code_is_malformed_and_nothing_is_kept(partner: PartnerCaller) -> None:
    for text in (
        "https://example.org/",
        "IC1:",
        "12345678901234567890",
        "'; DROP TABLE partner; --",
        "\x00",
        "诚" * 500,
    ):
        answer = await partner.verify(text, BENEFIT)
        assert (answer.status_code, answer.json()["code"]) == (400, "code-malformed"), text


async def test_a_till_that_keeps_failing_waits(partner: PartnerCaller, scan: Scan) -> None:
    for _ in range(12):
        assert (await partner.verify("12345678901234567890", BENEFIT)).status_code == 400
    limited = await partner.verify("12345678901234567890", BENEFIT)
    assert (limited.status_code, limited.json()["code"]) == (429, "rate-limited")
    assert 0 < int(limited.headers["retry-after"]) <= 300
    assert (await scan()).status_code == 201


async def test_a_withdrawn_consent_ends_every_code_also_those_shown_before_it_was_given_anew(
    client: httpx2.AsyncClient, clock: SettableClock, partner: PartnerCaller, resident: Person
) -> None:
    first, second = [(await current_code(client, resident.headers))["text"] for _ in range(2)]
    clock.move(timedelta(seconds=1))
    assert (await client.delete("/v1/me/consents/show", headers=resident.headers)).status_code == 204
    assert (await partner.verify(first, BENEFIT)).json()["code"] == "code-unusable"
    again = {"kind": "show", "text_version": 1}
    assert (await client.post("/v1/me/consents", json=again, headers=resident.headers)).status_code == 201
    assert (await partner.verify(second, BENEFIT)).json()["code"] == "code-unusable"
    fresh = (await current_code(client, resident.headers))["text"]
    assert (await partner.verify(fresh, BENEFIT)).json()["result"] == "eligible"


async def test_a_code_of_someone_who_left_is_unusable(
    client: httpx2.AsyncClient, partner: PartnerCaller, resident: Person
) -> None:
    code = (await current_code(client, resident.headers))["text"]
    assert (await client.delete("/v1/me", headers=resident.headers)).status_code == 204
    assert (await partner.verify(code, BENEFIT)).json()["code"] == "code-unusable"


async def test_yes_and_every_no_have_the_same_length_and_shape(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    partner: PartnerCaller,
    resident: Person,
    scan: Scan,
) -> None:
    yes = await scan(amount_fen=3000)
    over_cap = await scan(amount_fen=3001)
    async with platform.database.transaction() as connection:
        await service.close_offer(platform, connection, resident.subject_id, BENEFIT, "order 1")
    closed = await scan(amount_fen=3000)
    async with platform.database.transaction() as connection:
        await service.reopen_offer(connection, resident.subject_id, BENEFIT)
    top = (Tier(Text("典范", "Exemplary"), 20, 500),)
    await publish(platform, make_terms(BENEFIT, open_to_all=False, tiers=top, cap_fen=3000))
    clock.move(timedelta(milliseconds=1234))
    below = await scan(amount_fen=3000)
    assert [answer.json()["result"] for answer in (yes, over_cap, closed, below)] == ["eligible"] + ["declined"] * 3

    def shape(value: object) -> object:
        return {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else type(value)

    for no in (over_cap, closed, below):
        assert len(no.content) == len(yes.content)
        assert shape(no.json()) == shape(yes.json())
        assert no.json()["tier"]["value"] == "0" * 12
        assert {name: len(value) for name, value in no.headers.items()} == {
            name: len(value) for name, value in yes.headers.items()
        }


async def test_yes_and_no_come_from_the_same_number_of_statements(
    platform: Platform, resident: Person, scan: Scan
) -> None:
    async def writes() -> int:
        async with platform.database.connection() as connection:
            [row] = await connection.impersonal("count in a test", "SELECT count(*) AS n FROM access_entry")
        return int(row["n"])

    before = await writes()
    assert (await scan()).json()["result"] == "eligible"
    yes = await writes() - before
    async with platform.database.transaction() as connection:
        await service.close_offer(platform, connection, resident.subject_id, BENEFIT, "order 1")
    before = await writes()
    assert (await scan()).json()["result"] == "declined"
    assert await writes() - before == yes


async def test_the_holder_reads_who_asked_what_was_answered_and_why(
    client: httpx2.AsyncClient, clock: SettableClock, partner: PartnerCaller, resident: Person, scan: Scan
) -> None:
    await scan(amount_fen=9999)
    clock.move(timedelta(seconds=1))
    await scan()
    shown = (await client.get("/v1/me/verifications", headers=resident.headers)).json()
    newest, oldest = shown["verifications"]
    assert (newest["result"], newest["reasons"], newest["partner"]) == ("eligible", [], partner.name)
    assert (oldest["result"], oldest["reasons"][0]["zh"]) == ("declined", "金额超过该权益上限")
    log = (await client.get("/v1/me/access-log", headers=resident.headers)).json()["entries"]
    seen = {(entry["actor_name"], entry["action"], entry["purpose"], entry["outcome"]) for entry in log}
    assert (partner.name, "核验诚信码，答复：符合", "借阅优惠", "ok") in seen
    assert (partner.name, "核验诚信码，答复：不符合", "借阅优惠", "ok") in seen


async def test_the_holder_reads_of_a_failed_attempt_with_a_used_code(
    client: httpx2.AsyncClient, partner: PartnerCaller, resident: Person
) -> None:
    code = (await current_code(client, resident.headers))["text"]
    await partner.verify(code, BENEFIT)
    await partner.verify(code, BENEFIT)
    log = (await client.get("/v1/me/access-log", headers=resident.headers)).json()["entries"]
    assert [entry["action"] for entry in log if entry["outcome"] == "failed"] == ["核验诚信码"]


async def test_no_name_number_score_or_level_is_in_any_byte_a_partner_sees(
    client: httpx2.AsyncClient,
    platform: Platform,
    run_due: RunDue,
    partner: PartnerCaller,
    resident: Person,
    scan: Scan,
) -> None:
    await run_due()
    async with platform.database.transaction() as connection:
        await connection.execute("UPDATE score SET millipoints = 987654 WHERE subject_id = $1", resident.subject_id)
    code = (await current_code(client, resident.headers))["text"]
    answers = [await partner.verify(code, BENEFIT), await partner.verify(code, BENEFIT), await scan(amount_fen=9999)]
    verification = answers[0].json()["verification_id"]
    answers.append(await partner("GET", f"/v1/partner/verifications/{verification}"))
    redeemed = await partner.redeem(verification, amount_fen=100)
    answers += [redeemed, await partner.redeem(verification, amount_fen=100)]
    redemption = redeemed.json()["redemption_id"]
    answers.append(await partner.post(f"/v1/partner/redemptions/{redemption}/reversals", {"partner_ref": "r-1"}))
    secrets = [
        resident.name, resident.identity_number, resident.phone, str(resident.account_id), str(resident.subject_id),
        "987654", "987.654", "人人", "Everyone",
    ]  # fmt: skip
    for answer in answers:
        receipt = answer.json().get("receipt", "..")
        claims = json.dumps(jwt.decode(receipt, options={"verify_signature": False})) if receipt != ".." else ""
        visible = answer.text + claims + repr(answer.headers)
        for secret in secrets:
            assert secret not in visible
            assert secret.replace("-", "") not in visible
        assert not {"rank", "score", "level", "reason", "reasons"} & set(answer.json())


@WHOEVER_SHOWS_IT
async def test_references_of_two_scans_have_nothing_in_common(scan: Scan) -> None:
    first, second = (await scan()).json(), (await scan()).json()
    assert first["ref"] != second["ref"]
    assert len(first["ref"]) == len(second["ref"])


@WHOEVER_SHOWS_IT
async def test_one_key_posted_sixteen_times_at_once_has_one_effect_and_equal_answers(
    client: httpx2.AsyncClient, partner: PartnerCaller, bearer: Bearer
) -> None:
    code, key = (await bearer.show())["text"], str(uuid4())
    answers = await asyncio.gather(*(partner.verify(code, BENEFIT, key) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("idempotency-replayed", "") for answer in answers) == [""] + ["true"] * 15
    shown = (await client.get(f"{bearer.path}/verifications", headers=bearer.person.headers)).json()
    assert len(shown["verifications"]) == 1


@WHOEVER_SHOWS_IT
async def test_a_key_used_with_another_body_is_refused(
    client: httpx2.AsyncClient, partner: PartnerCaller, bearer: Bearer
) -> None:
    code, key = (await bearer.show())["text"], str(uuid4())
    assert (await partner.verify(code, BENEFIT, key)).status_code == 201
    changed = await partner.verify(code, BENEFIT, key, amount_fen=1)
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_missing_or_shapeless_key_is_refused(partner: PartnerCaller) -> None:
    body = {"code": "IC1:", "benefit": BENEFIT, "terminal": "t", "partner_ref": "r"}
    for key in (None, "one", "x" * 64):
        answer = await partner("POST", "/v1/partner/verifications", body, idempotency_key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing"), key


async def test_only_a_live_partner_and_a_granted_published_benefit_are_answered(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, scan: Scan
) -> None:
    await publish(platform, make_terms("not-granted"))
    assert (await scan("not-granted")).json()["code"] == "benefit-not-granted"
    unpublished = await make_partner(client, platform, clock, "never-published")
    assert (await unpublished.verify("IC1:", "never-published")).status_code == 404


async def test_another_partners_verification_is_not_found(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, scan: Scan
) -> None:
    other = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    verification = (await scan()).json()["verification_id"]
    assert (await other("GET", f"/v1/partner/verifications/{verification}")).status_code == 404
    assert (await other.redeem(verification)).status_code == 404


async def test_a_partner_that_tries_many_benefits_on_one_person_gets_no_more_answers(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, resident: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    names = [f"probe-{number}" for number in range(8)]
    for name in names:
        await publish(platform, make_terms(name))
    prober = await make_partner(client, platform, clock, *names)
    results = []
    for name in names:
        if name == names[-1]:
            # A build without the limit: the clerk who harvests goes on.
            monkeypatch.setattr(deciding, "DISTINCT_BENEFITS_PER_MONTH", 1000)
        code = (await current_code(client, resident.headers))["text"]
        results.append((await prober.verify(code, name)).json()["result"])
    assert results == ["eligible"] * 6 + ["declined", "eligible"]


async def test_bad_input_is_a_400_that_names_the_field(partner: PartnerCaller) -> None:
    good = {"code": "IC1:", "benefit": BENEFIT, "terminal": "t", "partner_ref": "r"}
    for field, value in (
        ("code", 1), ("code", "x" * 513), ("benefit", "A B"), ("terminal", "t\x00"), ("partner_ref", ""),
        ("amount_fen", -1), ("amount_fen", 10**40), ("amount_fen", 1.5), ("surprise", 1),
    ):  # fmt: skip
        answer = await partner.post("/v1/partner/verifications", {**good, field: value})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request"), (field, value)
    large = await partner.post("/v1/partner/verifications", {**good, "partner_ref": "x" * 5000})
    assert large.status_code == 413
