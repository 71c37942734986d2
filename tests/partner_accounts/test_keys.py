"""A partner changes its own keys: proven, two at most, and out of use everywhere as soon as revoked."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest

from backend.app import build
from backend.partner_accounts import keys
from backend.partner_accounts.messages import NewPartnerKey
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.settings import Settings
from partners.signatures.keys import jwk_of
from partners.signatures.possession import prove
from partners.signatures.requests import SigningKey
from tests.builders.partners import PartnerCaller, make_partner
from tests.builders.signed import SignedCaller, new_signing_key
from tests.conftest import held_open

PATH = "/v1/partner/keys"


@pytest.fixture
async def partner(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner with one key."""
    return await make_partner(client, platform, clock)


def asked(
    partner: PartnerCaller,
    key: SigningKey,
    *,
    proven_by: SigningKey | None = None,
    server: str | None = None,
    voucher: str | None = None,
    created: int | None = None,
) -> dict[str, Any]:
    """The body of a registration, proven as it must be unless changed."""
    at = int(partner.clock.now().timestamp()) if created is None else created
    address = server or str(partner.client.base_url).rstrip("/")
    proof = prove(proven_by or key, address, voucher or partner.key.key_id, at)
    return {"key": jwk_of(key.private_key.public_key()), "created": at, "proof": proof}


async def test_a_proven_key_signs_from_then_on_beside_the_old_one(partner: PartnerCaller, platform: Platform) -> None:
    fresh = new_signing_key()
    answer = await partner("POST", PATH, asked(partner, fresh))
    assert (answer.status_code, answer.json()["key_id"]) == (201, fresh.key_id), answer.text
    assert (await partner("POST", PATH, asked(partner, fresh))).json() == answer.json()
    await platform.signers.reload()
    for key in (partner.key, fresh):
        listed = await SignedCaller(partner.client, partner.clock, key)("GET", PATH)
        assert {one["key_id"] for one in listed.json()["keys"]} == {partner.key.key_id, fresh.key_id}


@pytest.mark.parametrize(
    "changes",
    [
        {"proven_by": new_signing_key()},
        {"voucher": "another-key"},
        {"server": "https://elsewhere.example"},
        {"created": 1_700_000_000},
    ],
)
async def test_a_proof_for_anything_else_does_not_hold(
    partner: PartnerCaller, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = asked(partner, new_signing_key(), **changes)
    refused = await partner("POST", PATH, body)
    assert (refused.status_code, refused.json()["code"]) == (422, "key-proof-invalid")
    monkeypatch.setattr(keys, "proven", lambda *_: True)
    monkeypatch.setattr(keys, "PROOF_SECONDS", 10**12)
    assert (await partner("POST", PATH, body)).status_code == 201, "without the proof anybody's key is registered"


async def test_a_proof_is_good_for_five_minutes(partner: PartnerCaller, clock: SettableClock) -> None:
    body = asked(partner, new_signing_key())
    clock.move(timedelta(seconds=keys.PROOF_SECONDS + 1))
    assert (await partner("POST", PATH, body)).json()["code"] == "key-proof-invalid"


async def test_there_are_never_more_than_two_also_when_several_come_at_once(partner: PartnerCaller) -> None:
    bodies = [asked(partner, new_signing_key()) for _ in range(4)]
    answers = await asyncio.gather(*(partner("POST", PATH, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "too-many-keys"}


async def test_a_revoked_key_is_refused_by_every_worker_and_never_comes_back(
    partner: PartnerCaller, platform: Platform, settings: Settings, clock: SettableClock
) -> None:
    fresh = new_signing_key()
    assert (await partner("POST", PATH, asked(partner, fresh))).status_code == 201
    elsewhere = build(settings, clock=clock)
    async with held_open(elsewhere):
        other: Platform = elsewhere.state.platform
        assert other.signers.find(fresh.key_id) is not None
        assert (await partner("DELETE", f"{PATH}/{fresh.key_id}")).status_code == 204
        async with asyncio.timeout(5):
            # Only a signal tells the other worker: nothing here has it look.
            while other.signers.find(fresh.key_id) is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    await platform.signers.reload()
    stolen = await SignedCaller(partner.client, clock, fresh)("GET", PATH)
    assert (stolen.status_code, stolen.json()["code"]) == (401, "key-unknown")
    again = await partner("POST", PATH, asked(partner, fresh))
    assert (again.status_code, again.json()["code"]) == (409, "key-used")


async def test_the_last_key_and_anybody_elses_are_not_revoked(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller
) -> None:
    other = await make_partner(client, platform, clock, name="另一商户")
    assert (await partner("DELETE", f"{PATH}/{other.key.key_id}")).json()["code"] == "not-found"
    assert (await partner("DELETE", f"{PATH}/{partner.key.key_id}")).json()["code"] == "last-key"
    theirs = asked(partner, other.key)
    assert (await partner("POST", PATH, theirs)).json()["code"] == "key-used"


async def test_what_is_no_public_key_of_the_two_kinds_is_refused(partner: PartnerCaller) -> None:
    good = asked(partner, new_signing_key())
    for key in ({}, {"kty": "RSA", "n": "AQ", "e": "AQAB"}, {"kty": "OKP", "crv": "Ed25519", "x": "AA"}):
        refused = await partner("POST", PATH, {**good, "key": key})
        assert (refused.status_code, refused.json()["code"]) == (422, "key-invalid")


CREDIT_CODE = "91320100748204660Q"


def handed_over(partner: PartnerCaller, **changes: Any) -> NewPartnerKey:
    """What a partner hands to the operator, proven for its credit code unless changed."""
    return msgspec.convert(asked(partner, new_signing_key(), **{"voucher": CREDIT_CODE, **changes}), NewPartnerKey)


async def at_the_desk(partner: PartnerCaller, platform: Platform, new: NewPartnerKey) -> str:
    """What the operator does with it."""
    async with platform.database.transaction() as connection:
        return await keys.register_at_the_desk(platform, connection, partner.partner_id, CREDIT_CODE, new)


async def test_a_key_handed_to_the_operator_needs_a_proof_for_that_partner(
    partner: PartnerCaller, platform: Platform, clock: SettableClock
) -> None:
    good = handed_over(partner)
    clock.move(timedelta(days=6))
    assert len(await at_the_desk(partner, platform, good)) == 43
    now = int(clock.now().timestamp())
    for bad in (
        handed_over(partner, voucher="91320100748204661Q"),
        handed_over(partner, server="https://other.example"),
        handed_over(partner, proven_by=new_signing_key()),
        handed_over(partner, created=now - 8 * 24 * 3600),
        handed_over(partner, created=now + 301),
    ):
        with pytest.raises(Problem) as refused:
            await at_the_desk(partner, platform, bad)
        assert refused.value.kind.code == "key-proof-invalid"
