"""The lists of phones and of partner keys: a revocation is in them at once in every worker, and a place says nothing of anybody."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, cast

import httpx2
import pytest

from backend.app import build
from backend.devices import service as devices
from backend.devices.lists import DEVICES
from backend.partner_accounts import keys
from backend.partner_accounts.lists import PARTNER_KEYS
from backend.platform.clock import SettableClock
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from backend.platform.status_lists import (
    CACHE_SECONDS,
    KNOWN_WITHIN_SECONDS,
    SPREAD_SECONDS,
    TTL_SECONDS,
    Marked,
    PublishedList,
    spread,
)
from partners.signatures.key_sets import read_key_set
from partners.signatures.keys import jwk_of
from partners.signatures.possession import prove
from partners.status_lists import StatusListToken, read_token
from tests.builders.partners import make_partner
from tests.builders.people import PersonBuilder
from tests.builders.phones import Phone
from tests.builders.signed import new_signing_key
from tests.conftest import PUBLIC_URL, TODAY, held_open

Revoke = Callable[[], Awaitable[None]]
Revocable = tuple[PublishedList, int, Revoke]


async def listed(client: httpx2.AsyncClient, clock: SettableClock, published: PublishedList) -> StatusListToken:
    """A list as anybody reads it."""
    path = f"/v1/status-lists/{published.name}"
    known = read_key_set((await client.get("/.well-known/jwks.json")).content).status
    answer = await client.get(path)
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    read = read_token(answer.text, known.get, PUBLIC_URL + path, int(clock.now().timestamp()))
    assert isinstance(read, StatusListToken), read
    return read


async def marked(client: httpx2.AsyncClient, clock: SettableClock, published: PublishedList) -> set[int]:
    """The places that a list says are void."""
    statuses = (await listed(client, clock, published)).statuses
    return {at * 8 + bit for at, byte in enumerate(statuses.packed) if byte for bit in range(8) if byte >> bit & 1}


@pytest.fixture
async def phone(client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder) -> Phone:
    """A resident's registered phone."""
    made = Phone(client, clock, await person("欧阳诗涵"), PUBLIC_URL)
    assert (await made.register()).status_code == 201
    return made


async def places_of(phone: Phone) -> list[int]:
    """The places of this person's phones, as their owner reads them."""
    answer = await phone.client.get("/v1/me/devices", headers=phone.person.headers)
    return [each["status_index"] for each in answer.json()]


@pytest.fixture(params=["devices", "partner-keys"])
async def revocable(
    request: pytest.FixtureRequest, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone
) -> Revocable:
    """Something with a place in this list, its place, and how its owner revokes it."""
    if request.param == "devices":
        [place] = await places_of(phone)

        async def lose() -> None:
            answer = await client.delete(f"/v1/me/devices/{phone.id}", headers=phone.person.headers)
            assert answer.status_code == 204

        return DEVICES, place, lose
    partner = await make_partner(client, platform, clock)
    fresh, created = new_signing_key(), int(clock.now().timestamp())
    proof = prove(fresh, PUBLIC_URL, partner.key.key_id, created)
    body = {"key": jwk_of(fresh.private_key.public_key()), "created": created, "proof": proof}
    registered = (await partner("POST", "/v1/partner/keys", body)).json()
    shown = (await partner("GET", "/v1/partner/keys")).json()["keys"]
    assert registered in shown
    assert len({key["status_index"] for key in shown}) == 2

    async def revoke() -> None:
        assert (await partner("DELETE", f"/v1/partner/keys/{fresh.key_id}")).status_code == 204

    return PARTNER_KEYS, registered["status_index"], revoke


async def test_a_revocation_is_in_every_workers_list_within_five_seconds(
    revocable: Revocable, settings: Settings, clock: SettableClock
) -> None:
    published, place, revoke = revocable
    worker = build(settings, clock=clock, background=False, maximum_connections=4)
    async with held_open(worker):
        theirs: Platform = worker.state.platform
        heard = asyncio.Event()

        async def hear(_: str) -> None:
            heard.set()

        # Called after the worker has read the places again.
        theirs.signals.on(published.marked.signal, hear)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=Telemetry(cast(Application, worker))), base_url=PUBLIC_URL
        ) as client:
            assert await marked(client, clock, published) == set()
            await revoke()
            await asyncio.wait_for(heard.wait(), 5)
            assert await marked(client, clock, published) == {place}


async def test_a_place_is_free_only_after_every_claim_is_barred(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, revocable: Revocable
) -> None:
    published, place, revoke = revocable
    await revoke()
    for years, left in ((2, {place}), (3, set[int]())):
        clock.move(TODAY + timedelta(days=366 * years + 1) - clock.now())
        freed = [await devices.free_places(platform), await keys.free_places(platform)]
        assert sum(freed) == 1 - len(left)
        await platform.references.refresh(published.marked)
        assert platform.references.get(published.marked).places(clock.now()) == sorted(left)
    assert devices.KEPT_MARKED == keys.KEPT_MARKED


async def test_the_phones_of_whoever_leaves_are_marked_apart_and_are_nobodys(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(2):
        assert (await Phone(client, clock, phone.person, PUBLIC_URL).register()).status_code == 201
    await client.delete(f"/v1/me/devices/{phone.id}", headers=phone.person.headers)
    *live, lost = await places_of(phone)
    drawn = (20, 200, 210, 220, 230)
    monkeypatch.setattr(devices, "spread", lambda now, count: [now + timedelta(seconds=each) for each in drawn[:count]])
    assert (await client.delete("/v1/me", headers=phone.person.headers)).status_code == 204
    await platform.references.refresh(DEVICES.marked)
    start, seen = clock.now(), []
    for seconds in (0, 19, 20, 199, 200):
        clock.move(start + timedelta(seconds=seconds) - clock.now())
        seen.append(len(await marked(client, clock, DEVICES)))
    assert seen == [1, 1, 2, 2, 3]
    assert await marked(client, clock, DEVICES) == {*live, lost}
    async with platform.database.connection() as connection:
        kept = await connection.fetch("SELECT * FROM device_place")
        gone = await connection.impersonal("test", "SELECT 1 FROM device")
    assert ({column for row in kept for column in dict(row)}, gone) == ({"status_index", "marked_at"}, [])


async def test_whoever_holds_a_partners_signature_finds_the_key_and_its_place(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    partner = await make_partner(client, platform, clock)
    answer = await client.get(f"/v1/partner-keys/{partner.key.key_id}")
    found: dict[str, Any] = answer.json()
    [own] = (await partner("GET", "/v1/partner/keys")).json()["keys"]
    assert found == {
        **own,
        "partner_id": str(partner.partner_id),
        "partner": partner.name,
        "key": jwk_of(partner.key.private_key.public_key()),
        "revoked_at": None,
        "status_list": f"{PUBLIC_URL}/v1/status-lists/partner-keys",
    }
    assert (await client.get(f"/v1/partner-keys/{new_signing_key().key_id}")).status_code == 404


def test_a_reader_with_a_network_knows_within_a_quarter_of_an_hour() -> None:
    assert SPREAD_SECONDS + CACHE_SECONDS + TTL_SECONDS == KNOWN_WITHIN_SECONDS == 15 * 60


def test_each_place_has_an_instant_of_its_own_within_the_spread() -> None:
    drawn = iter((0, SPREAD_SECONDS - 1, 17))
    instants = spread(TODAY, 3, lambda below: next(drawn) % below)
    assert [(at - TODAY).total_seconds() for at in instants] == [1, SPREAD_SECONDS, 18]
    places = Marked({7: instants[0], 8: instants[1], 9: None})
    assert places.places(TODAY) == [9]
    assert places.places(TODAY + timedelta(seconds=1)) == [9, 7]
    assert places.places(TODAY + timedelta(seconds=SPREAD_SECONDS)) == [9, 7, 8]
