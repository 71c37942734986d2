"""What tills gave without a network is settled exactly once, each by itself; a second use is looked into by two persons."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import SettableClock
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from partners import base64url
from partners.codes import base45, ic3
from partners.codes.ic3 import Attestation
from partners.signatures.suites import suite
from tests.builders.partners import PartnerCaller, current_code, delist, make_partner, publish
from tests.builders.people import PersonBuilder
from tests.builders.phones import Phone
from tests.conftest import PUBLIC_URL
from tests.passes.conftest import BENEFIT, MakeTill, Till, offline_terms, one, redemptions, upload


def body(*items: dict[str, Any], terminal: str = "gate-1") -> dict[str, Any]:
    return {"terminal": terminal, "redemptions": list(items)}


def outcomes(answered: list[dict[str, Any]]) -> list[str]:
    return [each["outcome"] for each in answered]


async def test_a_pass_is_accepted_without_a_network_and_settled_once(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    till: Till,
    partner: PartnerCaller,
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    clock.move(timedelta(hours=5))
    assert till.accept(fetched.show(clock.now()), "visit-1", 500) == "valid"
    assert till.accept(fetched.show(clock.now()), "visit-2", 500) == "seen"
    clock.move(timedelta(hours=10))
    sent, key = till.upload(), str(uuid4())
    [settled] = await upload(partner, sent, key)
    assert settled["outcome"] == "settled"
    assert settled["partner_ref"] == "visit-1"
    assert settled["use"] == base64url.encode(till.offline.waiting()[0].use)
    # The answer was lost: the same key, and a key of a till that forgot it, have the same outcome.
    assert await upload(partner, sent, key) == [settled]
    assert await upload(partner, sent) == [settled]
    assert [str(each) for each in await redemptions(platform)] == [settled["redemption_id"]]
    till.offline.uploaded([till.offline.waiting()[0].use])
    assert till.offline.waiting() == []


async def test_the_holder_reads_of_it_and_the_partner_can_reverse_it(
    client: httpx2.AsyncClient,
    clock: SettableClock,
    phone: Phone,
    till: Till,
    partner: PartnerCaller,
    person: PersonBuilder,
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    till.accept(fetched.show(clock.now()), "visit-1", 500)
    [settled] = await upload(partner, till.upload())
    [mine] = (await client.get("/v1/me/verifications", headers=phone.person.headers)).json()["verifications"]
    assert (mine["partner"], mine["terminal"], mine["state"]) == (partner.name, "gate-1", "redeemed")
    assert (mine["result"], mine["redeemed_fen"], mine["reasons"]) == ("eligible", 500, [])
    log = (await client.get("/v1/me/access-log", headers=phone.person.headers)).json()["entries"]
    assert {"上传离线核销", "离线核销权益"} <= {entry["action"] for entry in log if entry["actor_name"] == partner.name}
    [used] = (await client.get("/v1/me/passes", headers=phone.person.headers)).json()["passes"]
    assert used["state"] == "used"
    path = f"/v1/partner/redemptions/{settled['redemption_id']}/reversals"
    assert (await partner.post(path, {"partner_ref": "refund-1"})).json()["state"] == "reversed"


async def test_two_uploads_at_once_settle_one_use_once(
    platform: Platform, clock: SettableClock, phone: Phone, till: Till, partner: PartnerCaller
) -> None:
    passes = await phone.fetch(BENEFIT, 3)
    for number, fetched in enumerate(passes):
        till.accept(fetched.show(clock.now()), f"visit-{number}")
    sent = till.upload()
    turned = {**sent, "redemptions": sent["redemptions"][::-1]}
    answers = await asyncio.gather(*(upload(partner, each) for each in (sent, turned, sent, turned)))
    assert {outcome for answer in answers for outcome in outcomes(answer)} == {"settled"}
    assert len(await redemptions(platform)) == 3


async def test_a_second_till_is_a_double_use_that_stops_only_this_phones_passes(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    till: Till,
    till_named: MakeTill,
    partner: PartnerCaller,
) -> None:
    other = till_named("gate-7")
    await other.fetch()
    elsewhere = await make_partner(client, platform, clock, BENEFIT, name="北门停车场")
    [fetched] = await phone.fetch(BENEFIT)
    text = fetched.show(clock.now())
    assert (till.accept(text, "visit-1"), other.accept(text, "visit-9")) == ("valid", "valid")
    assert outcomes(await upload(partner, till.upload())) == ["settled"]
    [double] = await upload(elsewhere, other.upload())
    assert (double["outcome"], double["redemption_id"]) == ("double-use", None)
    assert outcomes(await upload(elsewhere, other.upload())) == ["double-use"]
    assert len(await redemptions(platform)) == 1
    stopped = (await phone.order(BENEFIT, [b"\x02" * 32])).json()
    assert stopped["passes"] == []
    assert "核查" in stopped["reasons"][0]["zh"]
    [case] = (await client.get("/v1/me/passes", headers=phone.person.headers)).json()["risk_cases"]
    assert (case["state"], case["device_id"]) == ("open", phone.id)
    # Nothing else follows: the code works online, another phone gets passes, and the score is what it was.
    code = (await current_code(client, phone.person.headers))["text"]
    assert (await partner.verify(code, BENEFIT)).json()["result"] == "eligible"
    second = Phone(client, clock, phone.person, PUBLIC_URL)
    await second.register()
    assert len(await second.fetch(BENEFIT)) == 1


async def test_a_double_use_inside_one_upload_is_found_too(
    platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    text = fetched.show(clock.now())
    same, again, second = one(text, clock), one(text, clock), one(text, clock, "visit-2")
    assert outcomes(await upload(partner, body(same, again, second))) == ["settled", "settled", "double-use"]
    assert len(await redemptions(platform)) == 1


def changed(text: str, at: int) -> str:
    """The code with one byte changed."""
    data = bytearray(base45.decode(text[4:]))
    data[at] ^= 1
    return "IC3:" + base45.encode(bytes(data))


async def test_a_bad_item_never_fails_another(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    await publish(platform, offline_terms("not-granted", 20))
    good, spare = await phone.fetch(BENEFIT, 2)
    [foreign] = await phone.fetch("not-granted")
    text, late = good.show(clock.now()), spare.show(clock.now() - timedelta(minutes=5))
    items = [
        one("nonsense", clock, "1"),
        one("IC3:'; DROP TABLE offline_use; --", clock, "2"),
        one(changed(text, 60), clock, "3"),
        one(changed(text, 150), clock, "4"),
        one(text.replace("IC3:", "IC1:"), clock, "5"),
        one(late, clock, "6"),
        one(text, clock, "7", benefit="not-granted"),
        one(foreign.show(clock.now()), clock, "8", benefit="not-granted"),
        one(text, clock, "9", amount_fen=3001),
        one(spare.show(clock.now()), clock, "10"),
    ]
    answered = await upload(partner, body(*items))
    assert outcomes(answered) == [
        "malformed",
        "malformed",
        "bad-issuer-signature",
        "bad-holder-signature",
        "malformed",
        "stale",
        "wrong-benefit",
        "benefit-not-granted",
        "amount-over-cap",
        "settled",
    ]
    assert [each["partner_ref"] for each in answered] == [str(number) for number in range(1, 11)]
    assert len(await redemptions(platform)) == 1
    # What was refused used nothing up.
    assert outcomes(await upload(partner, body(one(text, clock, "11")))) == ["settled"]


@pytest.mark.parametrize(
    ("moved", "outcome"),
    [
        (timedelta(days=7), "settled"),
        (timedelta(days=7, seconds=1), "too-late"),
        (timedelta(minutes=-2), "out-of-window"),
    ],
)
async def test_only_what_was_accepted_within_the_week_is_settled(
    clock: SettableClock, phone: Phone, partner: PartnerCaller, moved: timedelta, outcome: str
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    clock.move(timedelta(hours=1))
    sent = body(one(fetched.show(clock.now()), clock))
    clock.move(moved)
    assert outcomes(await upload(partner, sent)) == [outcome]


async def test_a_date_before_the_pass_was_issued_was_never_that_of_a_yes(
    clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    code = ic3.parse(fetched.show(clock.now()))
    assert code is not None
    issued = clock.now()
    early = issued - timedelta(minutes=2)
    if code.attestation.not_before <= early.timestamp():
        item = one(fetched.show(early), clock, accepted_at=early.isoformat())
        assert outcomes(await upload(partner, body(item))) == ["out-of-window"]
    clock.move(timedelta(hours=25))
    item = one(fetched.show(clock.now()), clock)
    assert outcomes(await upload(partner, body(item))) == ["out-of-window"]


async def test_an_attestation_that_we_never_issued_is_unknown_also_with_our_signature(
    platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    """A stolen key makes passes that a till believes; none of them is settled."""
    intl, secret = suite("intl"), b"\x03" * 32
    own = platform.keys.active(Purpose.ATTESTATION)
    now = int(clock.now().timestamp())
    said = Attestation(
        slot=own.slot_number(),
        benefit=7,
        not_before=ic3.not_before(now, 0),
        status_index=1,
        device_key=intl.holder.public(secret),
    )
    attestation = ic3.issue(said, intl, intl.issuer.signer(own.secret))
    text = ic3.encode(attestation, ic3.prove(attestation, intl, intl.holder.signer(secret), now))
    assert outcomes(await upload(partner, body(one(text, clock)))) == ["unknown-pass"]


async def test_a_revocation_counts_once_a_tills_list_should_be_newer(
    client: httpx2.AsyncClient, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    first, second = await phone.fetch(BENEFIT, 2)
    for each in (first, second):
        await client.delete(f"/v1/me/passes/{each.id}", headers=phone.person.headers)
    clock.move(timedelta(seconds=899))
    early = one(first.show(clock.now()), clock, "1")
    clock.move(timedelta(seconds=1))
    late = one(second.show(clock.now()), clock, "2")
    assert outcomes(await upload(partner, body(early, late))) == ["settled", "revoked"]


async def test_what_was_given_before_somebody_left_is_settled_and_is_nobodys(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    first, second = await phone.fetch(BENEFIT, 2)
    before = one(first.show(clock.now()), clock, "1")
    await client.delete("/v1/me", headers=phone.person.headers)
    clock.move(timedelta(seconds=900))
    after = one(second.show(clock.now()), clock, "2")
    assert outcomes(await upload(partner, body(before, after))) == ["settled", "revoked"]
    again = one(first.show(clock.now() - timedelta(seconds=900)), clock, "3", accepted_at=before["accepted_at"])
    assert outcomes(await upload(partner, body(again, terminal="gate-2"))) == ["double-use"]
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("test", "SELECT subject_id, account_id FROM verification")
        cases = await connection.impersonal("test", "SELECT 1 FROM risk_case")
    assert (row["subject_id"], row["account_id"], cases) == (None, None, [])


async def test_a_needed_challenge_has_to_be_in_the_code(
    platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    await publish(platform, offline_terms("valuable", 21, needs_challenge=True))
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, partner.partner_id, "valuable")
    [fetched] = await phone.fetch("valuable")
    bare = one(fetched.show(clock.now()), clock, "1", benefit="valuable")
    asked = one(fetched.show(clock.now(), b"\x01" * 8), clock, "2", benefit="valuable")
    assert outcomes(await upload(partner, body(bare, asked))) == ["wrong-challenge", "settled"]


async def test_limits_and_quotas_count_what_was_given_offline(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    partner: PartnerCaller,
    person: PersonBuilder,
) -> None:
    await publish(platform, offline_terms("limited", 22, per_person_per_day=2, quota_total=3))
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, partner.partner_id, "limited")
    other = Phone(client, clock, await person("李四"), PUBLIC_URL)
    await other.register()
    mine, theirs = await phone.fetch("limited", 3), await other.fetch("limited", 3)
    items = [one(each.show(clock.now()), clock, f"a{n}", benefit="limited") for n, each in enumerate(mine)]
    assert outcomes(await upload(partner, body(*items))) == ["settled", "settled", "limit-reached"]
    items = [one(each.show(clock.now()), clock, f"b{n}", benefit="limited") for n, each in enumerate(theirs)]
    assert outcomes(await upload(partner, body(*items))) == ["settled", "limit-reached", "limit-reached"]
    # What found no room took none: the day's count of the second person is one, so a quota is all that stops them.
    async with platform.database.connection() as connection:
        rows = await connection.impersonal(
            "test", "SELECT used FROM person_use WHERE subject_id = $1", other.person.subject_id
        )
    assert {row["used"] for row in rows} == {1}
    code = (await current_code(client, phone.person.headers))["text"]
    assert (await partner.verify(code, "limited")).json()["result"] == "declined"


async def test_the_daily_cap_holds_for_what_was_fetched_on_two_days(
    platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller, person: PersonBuilder
) -> None:
    await publish(platform, offline_terms("capped", 23, daily=2, lifetime_hours=48))
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, partner.partner_id, "capped")
    first = await phone.fetch("capped", 2)
    clock.move(timedelta(days=1))
    await person.sign_in(phone.person)
    passes = [*first, *await phone.fetch("capped", 2)]
    assert len(passes) == 4
    items = [one(each.show(clock.now()), clock, f"v{n}", benefit="capped") for n, each in enumerate(passes)]
    answered = outcomes(await upload(partner, body(*items)))
    assert sorted(answered) == ["limit-reached", "limit-reached", "settled", "settled"]


async def test_an_upload_and_redemptions_online_do_not_block_each_other(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    partner: PartnerCaller,
    person: PersonBuilder,
) -> None:
    await publish(platform, offline_terms("busy", 24, quota_total=1000, per_person_per_day=50))
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, partner.partner_id, "busy")
    other = Phone(client, clock, await person("李四"), PUBLIC_URL)
    await other.register()
    items, verified = [], []
    for who in (phone, other):
        for number, fetched in enumerate(await who.fetch("busy", 3)):
            items.append(one(fetched.show(clock.now()), clock, f"{who.id[:8]}-{number}", benefit="busy"))
        for _ in range(4):
            code = (await current_code(client, who.person.headers))["text"]
            verified.append((await partner.verify(code, "busy")).json()["verification_id"])
    *redeemed, forth, back = await asyncio.gather(
        *(partner.redeem(each) for each in verified),
        partner.post("/v1/partner/offline-redemptions", body(*items)),
        partner.post("/v1/partner/offline-redemptions", body(*items[::-1])),
    )
    assert {answer.status_code for answer in (*redeemed, forth, back)} == {201}
    assert set(outcomes(forth.json()["outcomes"] + back.json()["outcomes"])) == {"settled"}
    assert len(await redemptions(platform)) == 8 + 6


async def test_five_hundred_items_are_taken_and_no_more(clock: SettableClock, partner: PartnerCaller) -> None:
    longest = {**one("IC3:" + "0" * 508, clock), "benefit": "a" * 64, "partner_ref": "r" * 64, "amount_fen": 10**12}
    answered = await upload(partner, body(*[longest] * 500))
    assert outcomes(answered) == ["malformed"] * 500
    more = await partner.post("/v1/partner/offline-redemptions", body(*[longest] * 501))
    assert (more.status_code, more.json()["code"]) == (400, "malformed-request")


async def test_a_partner_that_is_not_live_settles_nothing(
    platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    await delist(platform, partner)
    answer = await partner.post("/v1/partner/offline-redemptions", body(one(fetched.show(clock.now()), clock)))
    assert (answer.status_code, answer.json()["code"]) == (403, "partner-suspended")


async def test_what_one_limit_refuses_takes_no_place_in_another(
    platform: Platform, clock: SettableClock, phone: Phone, partner: PartnerCaller
) -> None:
    await publish(platform, offline_terms("monthly", 25, per_person_per_day=3, per_person_per_month=1))
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, partner.partner_id, "monthly")
    passes = await phone.fetch("monthly", 2)
    items = [one(each.show(clock.now()), clock, f"v{n}", benefit="monthly") for n, each in enumerate(passes)]
    assert outcomes(await upload(partner, body(*items))) == ["settled", "limit-reached"]
    async with platform.database.connection() as connection:
        rows = await connection.impersonal("test", "SELECT used FROM person_use")
    assert [row["used"] for row in rows] == [1, 1, 1]
