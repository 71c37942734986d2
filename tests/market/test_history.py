"""核销经过: every state of a redemption in its order, each in a sentence, for the partner and for the holder."""

from datetime import timedelta

import httpx2
import pytest

from backend.market.history import SENTENCES
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller, make_partner
from tests.builders.people import Person, PersonBuilder
from tests.conftest import RunDue
from tests.market.conftest import BENEFIT, Scan


@pytest.fixture
async def redeemed(partner: PartnerCaller, scan: Scan, clock: SettableClock, run_due: RunDue) -> dict[str, str]:
    """A redemption before which two places were held, and of which all is taken back in two parts."""
    verification = (await scan(amount_fen=900)).json()["verification_id"]
    reservation = {"verification_id": verification, "partner_ref": "r-1"}

    async def held() -> str:
        clock.move(timedelta(seconds=1))
        answer = await partner.post("/v1/partner/reservations", reservation)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reservation_id"])

    first = await held()
    clock.move(timedelta(seconds=1))
    await partner.post(f"/v1/partner/reservations/{first}/release", {})
    await held()
    clock.move(timedelta(minutes=10))
    await run_due()
    await held()
    clock.move(timedelta(seconds=1))
    redemption = (await partner.redeem(verification, amount_fen=900)).json()["redemption_id"]
    for amount in (300, 600):
        clock.move(timedelta(seconds=1))
        body = {"partner_ref": "refund-1", "amount_fen": amount}
        assert (await partner.post(f"/v1/partner/redemptions/{redemption}/reversals", body)).status_code == 201
    return {"verification": verification, "redemption": redemption}


async def test_partner_and_holder_read_the_same_history(
    client: httpx2.AsyncClient,
    partner: PartnerCaller,
    resident: Person,
    person: PersonBuilder,
    redeemed: dict[str, str],
) -> None:
    told = await partner("GET", f"/v1/partner/redemptions/{redeemed['redemption']}/events")
    assert told.status_code == 200, told.text
    events = told.json()["events"]
    assert [(each["event"], each["state"], each["amount_fen"]) for each in events] == [
        ("verified", "answered", 900),
        ("reserved", "reserved", 900),
        ("released", "answered", None),
        ("reserved", "reserved", 900),
        ("expired", "answered", None),
        ("reserved", "reserved", 900),
        ("redeemed", "redeemed", 900),
        ("partly-reversed", "partly-reversed", 300),
        ("reversed", "reversed", 600),
    ]
    assert [each["at"] for each in events] == sorted(each["at"] for each in events)
    assert all(each["told"]["zh"] and each["told"]["en"] for each in events)
    await person.sign_in(resident)
    mine = await client.get(f"/v1/me/verifications/{redeemed['verification']}/events", headers=resident.headers)
    assert mine.json() == told.json()
    log = (await client.get("/v1/me/access-log", headers=resident.headers)).json()["entries"]
    assert "查询核销经过" in {entry["action"] for entry in log}


async def test_nobody_else_reads_it_and_what_was_not_redeemed_has_none(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    partner: PartnerCaller,
    resident: Person,
    person: PersonBuilder,
    scan: Scan,
) -> None:
    verification = (await scan()).json()["verification_id"]
    mine = f"/v1/me/verifications/{verification}/events"
    assert (await client.get(mine, headers=resident.headers)).status_code == 404
    redemption = (await partner.redeem(verification)).json()["redemption_id"]
    assert (await client.get(mine, headers=resident.headers)).status_code == 200
    assert (await client.get(mine, headers=(await person()).headers)).status_code == 404
    other = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    assert (await other("GET", f"/v1/partner/redemptions/{redemption}/events")).status_code == 404


def test_every_sentence_is_there_in_both_languages() -> None:
    assert all(text.zh and text.en for text in SENTENCES.values())
