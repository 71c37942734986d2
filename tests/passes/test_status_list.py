"""The status list: what is void is marked at once, for every reason there is, and the list says nothing else."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from backend import rooms
from backend.passes import service
from backend.passes.lists import PASSES
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.status_lists import SPREAD_SECONDS
from partners.codes import ic3
from partners.signatures.key_sets import read_key_set
from partners.status_lists import StatusListToken, read_token
from tests.builders.partners import PartnerCaller
from tests.builders.people import PersonBuilder
from tests.builders.phones import Pass, Phone
from tests.conftest import PUBLIC_URL, RunDue
from tests.passes.conftest import BENEFIT, LIST, Till


async def listed(client: httpx2.AsyncClient, clock: SettableClock) -> StatusListToken:
    """The list as anybody reads it."""
    keys = read_key_set((await client.get("/.well-known/jwks.json")).content).status
    read = read_token((await client.get(LIST)).text, keys.get, PUBLIC_URL + LIST, int(clock.now().timestamp()))
    assert isinstance(read, StatusListToken), read
    return read


def place(fetched: Pass, clock: SettableClock) -> int:
    """Where it stands in the list."""
    code = ic3.parse(fetched.show(clock.now()))
    assert code is not None
    return code.attestation.status_index


async def state(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, fetched: Pass) -> int | None:
    """0 valid, 1 void, as soon as everything that was revoked is published."""
    clock.move(timedelta(seconds=SPREAD_SECONDS))
    return await state_now(client, platform, clock, fetched)


async def state_now(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, fetched: Pass) -> int | None:
    """The same, at this very moment."""
    # The signal comes a moment after the commit; the test does not wait for it.
    await platform.references.refresh(PASSES.marked)
    return (await listed(client, clock)).statuses.status(place(fetched, clock))


async def test_it_is_a_signed_list_that_may_be_cached(client: httpx2.AsyncClient, clock: SettableClock) -> None:
    answer = await client.get(LIST)
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=60"
    claims = (await listed(client, clock)).claims
    assert (claims.ttl, claims.expires_at - claims.issued_at) == (600, 86_400)
    assert len(answer.content) < 2048
    for unknown in ("/v1/status-lists/partners", "/v1/status-lists/x"):
        assert (await client.get(unknown)).status_code == 404


async def test_it_is_signed_once_a_minute_and_at_every_change(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (await client.get(LIST)).text
    clock.move(timedelta(seconds=30))
    assert (await client.get(LIST)).text == first
    clock.move(timedelta(seconds=30))
    second = (await client.get(LIST)).text
    assert second != first
    [fetched] = await phone.fetch(BENEFIT)
    assert (await client.get(LIST)).text == second
    monkeypatch.setattr(service, "spread", lambda now, count: [now + timedelta(seconds=7)] * count)
    await client.delete(f"/v1/me/passes/{fetched.id}", headers=phone.person.headers)
    clock.move(timedelta(seconds=6))
    assert await state_now(client, platform, clock, fetched) == 0
    third = (await client.get(LIST)).text
    clock.move(timedelta(seconds=1))
    assert await state_now(client, platform, clock, fetched) == 1
    assert (await client.get(LIST)).text != third


@pytest.mark.parametrize("because", ["pass", "device", "show", "compute", "leaving"])
async def test_whatever_ends_a_pass_marks_its_place_and_no_other(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    person: PersonBuilder,
    run_due: RunDue,
    because: str,
) -> None:
    [mine] = await phone.fetch(BENEFIT)
    other = Phone(client, clock, await person("李四"), PUBLIC_URL)
    await other.register()
    [theirs] = await other.fetch(BENEFIT)
    assert await state(client, platform, clock, mine) == 0
    path = {
        "pass": f"/v1/me/passes/{mine.id}",
        "device": f"/v1/me/devices/{phone.id}",
        "show": "/v1/me/consents/show",
        "compute": "/v1/me/consents/compute",
        "leaving": "/v1/me",
    }[because]
    assert (await client.delete(path, headers=phone.person.headers)).status_code == 204
    await run_due()
    assert await state(client, platform, clock, mine) == 1
    assert await state(client, platform, clock, theirs) == 0


@pytest.mark.parametrize("because", ["device", "show", "leaving"])
async def test_what_ends_together_is_published_apart(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    run_due: RunDue,
    monkeypatch: pytest.MonkeyPatch,
    because: str,
) -> None:
    """Bits that flip at one moment would say that they are one person's."""
    fetched = await phone.fetch(BENEFIT, 3)
    drawn = (10, 100, 240)
    monkeypatch.setattr(service, "spread", lambda now, count: [now + timedelta(seconds=each) for each in drawn[:count]])
    path = {"device": f"/v1/me/devices/{phone.id}", "show": "/v1/me/consents/show", "leaving": "/v1/me"}[because]
    assert (await client.delete(path, headers=phone.person.headers)).status_code == 204
    await run_due()
    start, seen = clock.now(), []
    for seconds in (0, 10, 99, 100, 239, 240):
        clock.move(start + timedelta(seconds=seconds) - clock.now())
        seen.append([await state_now(client, platform, clock, each) for each in fetched].count(1))
    assert seen == [0, 1, 1, 2, 2, 3]


async def test_the_platform_itself_counts_a_revocation_at_once(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    await client.delete(f"/v1/me/passes/{fetched.id}", headers=phone.person.headers)
    assert await state_now(client, platform, clock, fetched) == 0
    [mine] = (await client.get("/v1/me/passes", headers=phone.person.headers)).json()["passes"]
    assert mine["state"] == "revoked"
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("test", "SELECT revoked_at, marked_at FROM offline_pass")
    assert row["revoked_at"] == clock.now()
    assert timedelta(0) < row["marked_at"] - row["revoked_at"] <= timedelta(seconds=SPREAD_SECONDS)


async def test_every_worker_hears_of_a_revocation(
    platform: Platform, client: httpx2.AsyncClient, clock: SettableClock, phone: Phone
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    heard = asyncio.Event()

    async def hear(_: str) -> None:
        heard.set()

    # Called after the worker has read the places again.
    platform.signals.on(PASSES.marked.signal, hear)
    clock.move(timedelta(seconds=SPREAD_SECONDS))
    assert platform.references.get(PASSES.marked).places(clock.now()) == []
    await client.delete(f"/v1/me/passes/{fetched.id}", headers=phone.person.headers)
    await asyncio.wait_for(heard.wait(), 10)
    clock.move(timedelta(seconds=SPREAD_SECONDS))
    assert len(platform.references.get(PASSES.marked).places(clock.now())) == 1


async def test_a_leaving_residents_old_pass_is_nobodys_and_stays_marked(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    await client.delete("/v1/me", headers=phone.person.headers)
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("test", "SELECT * FROM offline_pass")
    gone = ("account_id", "subject_id", "device_id", "device_key", "attestation")
    assert [row[member] for member in gone] == [None] * len(gone)
    clock.move(timedelta(hours=12))
    assert await state(client, platform, clock, fetched) == 1


async def test_a_place_is_free_once_its_pass_has_ended_and_the_row_goes_when_no_upload_is_taken(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    await client.delete(f"/v1/me/passes/{fetched.id}", headers=phone.person.headers)
    [forget] = [job for job in rooms.jobs(platform) if job.name == "passes-forget-ended"]
    assert await forget.run() == 0
    assert await state(client, platform, clock, fetched) == 1
    clock.move(timedelta(hours=26))
    assert await forget.run() == 0
    assert await state(client, platform, clock, fetched) == 0
    clock.move(timedelta(days=8))
    assert await forget.run() == 1


async def test_a_till_refuses_a_revoked_pass_once_it_has_fetched_the_list(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone, till: Till
) -> None:
    first, second = await phone.fetch(BENEFIT, 2)
    await client.delete(f"/v1/me/passes/{first.id}", headers=phone.person.headers)
    assert await state(client, platform, clock, first) == 1
    # Plainly: a till without a network does not know yet.
    text = first.show(clock.now())
    await till.fetch()
    assert till.accept(text, "visit-1") == "revoked"
    assert till.accept(second.show(clock.now()), "visit-2") == "valid"


async def test_a_till_refuses_the_old_pass_of_somebody_who_left(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    till: Till,
    partner: PartnerCaller,
) -> None:
    [fetched] = await phone.fetch(BENEFIT)
    await client.delete("/v1/me", headers=phone.person.headers)
    assert await state(client, platform, clock, fetched) == 1
    await till.fetch()
    assert till.accept(fetched.show(clock.now()), "visit-1") == "revoked"
