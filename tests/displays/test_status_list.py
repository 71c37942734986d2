"""The status list of display codes: a revocation is in it at once, in every worker; a reader without a network goes by it."""

import asyncio
from datetime import timedelta
from typing import cast

import httpx2
import pytest

from backend.app import build
from backend.displays.lists import DISPLAYS
from backend.platform.clock import SettableClock, local_date
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from partners.codes.display import DisplayCode, Reader, Refusal, read_display, read_token
from partners.signatures.key_sets import read_key_set
from partners.status_lists import StatusListToken, freshness
from partners.status_lists import read_token as read_list
from tests.builders.displays import Exhibitor, token_of
from tests.conftest import PUBLIC_URL, RunDue, held_open

LIST = "/v1/status-lists/displays"


async def reader(client: httpx2.AsyncClient, clock: SettableClock) -> Reader:
    """A reader that has just fetched keys and list, and needs the network no more."""
    keys = read_key_set((await client.get("/.well-known/jwks.json")).content)
    fetched_at = int(clock.now().timestamp())
    read = read_list((await client.get(LIST)).text, keys.status.get, PUBLIC_URL + LIST, fetched_at)
    assert isinstance(read, StatusListToken), read

    def status(index: int) -> int | None:
        if freshness(read.claims, fetched_at, int(clock.now().timestamp())).value == "expired":
            return None
        return read.statuses.status(index)

    return Reader(PUBLIC_URL, keys.display.get, status)


async def test_a_reader_without_a_network_judges_by_keys_and_list_alone(
    shop: Exhibitor, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    first, second = await shop.made(), await shop.granted()
    offline = await reader(client, clock)
    today = local_date(clock.now())
    for code in (first, second):
        assert isinstance(read_display(code["url"], offline, today), DisplayCode)
    await shop.revoked(second["id"])
    # The signal comes a moment after the commit; the test does not wait for it.
    await platform.references.refresh(DISPLAYS.marked)
    assert isinstance(read_display(second["url"], offline, today), DisplayCode), "it has not heard yet"
    offline = await reader(client, clock)
    assert read_display(second["url"], offline, today) is Refusal.REVOKED
    assert isinstance(read_display(first["url"], offline, today), DisplayCode)
    assert (
        read_display(first["url"].replace("xinyi.test", "xinyi.evil.test"), offline, today) is Refusal.FOREIGN_ADDRESS
    )
    clock.move(timedelta(hours=25))
    assert read_display(first["url"], offline, local_date(clock.now())) is Refusal.LIST_EXPIRED


@pytest.mark.parametrize("because", ["agent", "officers", "departure"])
async def test_whatever_revokes_a_code_marks_its_place_and_no_other(
    shop: Exhibitor, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, run_due: RunDue, because: str
) -> None:
    made, other = await shop.granted(), await shop.declared()
    if because == "agent":
        await shop.end(made["id"])
    elif because == "officers":
        await shop.revoked(made["id"])
    else:
        await client.delete(shop.path, headers=shop.agent.headers)
        await run_due()
    await platform.references.refresh(DISPLAYS.marked)
    offline, today = await reader(client, clock), local_date(clock.now())
    assert read_display(made["url"], offline, today) is Refusal.REVOKED
    left = read_display(other["url"], offline, today)
    assert left is Refusal.REVOKED if because == "departure" else isinstance(left, DisplayCode)


async def test_a_place_is_free_once_the_code_would_have_ended(
    shop: Exhibitor, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, run_due: RunDue
) -> None:
    made = await shop.made()
    said = read_token(token_of(made), platform.keys.display_slot)
    assert isinstance(said, DisplayCode)
    await shop.end(made["id"])
    await run_due()
    await platform.references.refresh(DISPLAYS.marked)
    assert set(platform.references.get(DISPLAYS.marked).places(clock.now())) == {said.status_index}
    clock.move(timedelta(days=366))
    await run_due()
    await platform.references.refresh(DISPLAYS.marked)
    assert set(platform.references.get(DISPLAYS.marked).places(clock.now())) == set()
    assert (await shop.page(made)).status_code == 410


async def test_another_worker_has_a_revocation_in_its_list_within_five_seconds(
    shop: Exhibitor, settings: Settings, clock: SettableClock
) -> None:
    made = await shop.made()
    worker = build(settings, clock=clock, background=False, maximum_connections=4)
    async with held_open(worker):
        theirs: Platform = worker.state.platform
        heard = asyncio.Event()

        async def hear(_: str) -> None:
            heard.set()

        # Called after the worker has read the places again.
        theirs.signals.on(DISPLAYS.marked.signal, hear)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=Telemetry(cast(Application, worker))), base_url=PUBLIC_URL
        ) as client:
            today = local_date(clock.now())
            assert isinstance(read_display(made["url"], await reader(client, clock), today), DisplayCode)
            await shop.end(made["id"])
            await asyncio.wait_for(heard.wait(), 5)
            assert read_display(made["url"], await reader(client, clock), today) is Refusal.REVOKED


async def test_it_is_a_list_of_its_own(client: httpx2.AsyncClient, clock: SettableClock) -> None:
    answer = await client.get(LIST)
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=60"
    keys = read_key_set((await client.get("/.well-known/jwks.json")).content).status
    now = int(clock.now().timestamp())
    passes = (await client.get("/v1/status-lists/attestations")).text
    assert not isinstance(read_list(passes, keys.get, PUBLIC_URL + LIST, now), StatusListToken)
