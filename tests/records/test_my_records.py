"""A person sees their own records whole, hides the good ones, and nobody else's."""

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.records.states import MOVES, RecordState
from tests.builders.people import PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import add_source, penalty, volunteering


@pytest.fixture
async def source(client: httpx2.AsyncClient, clock: SettableClock, platform: Platform) -> SignedCaller:
    """A source that may deliver every item."""
    _, key = await add_source(platform)
    return SignedCaller(client, clock, key)


async def test_a_record_is_shown_whole_with_source_and_legal_basis(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient
) -> None:
    someone = await person()
    await source("POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": [volunteering(someone)]})
    [record] = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    assert {field["name"]: field["value"] for field in record["fields"]}["ZY_XDR_ZJHM"] == someone.identity_number
    assert record["source"] == "桃花市民政局"
    assert record["legal_basis"]
    one = await client.get(f"/v1/me/records/{record['id']}", headers=someone.headers)
    assert one.json() == record


async def test_pages_follow_each_other(source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient) -> None:
    someone = await person()
    rows = [volunteering(someone, f"ZY-{number}") for number in range(7)]
    await source("POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": rows})
    seen, cursor = [], ""
    while cursor is not None:
        page = (await client.get(f"/v1/me/records?limit=3{cursor}", headers=someone.headers)).json()
        seen += [record["id"] for record in page["records"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None  # type: ignore[assignment]
    assert len(seen) == len(set(seen)) == 7


async def test_nobody_sees_or_hides_somebody_elses_record(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient
) -> None:
    owner, stranger = await person(), await person(name="李四")
    await source("POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": [volunteering(owner)]})
    [record] = (await client.get("/v1/me/records", headers=owner.headers)).json()["records"]
    for method, path in (("GET", ""), ("PUT", "/hidden"), ("DELETE", "/hidden")):
        answer = await client.request(method, f"/v1/me/records/{record['id']}{path}", headers=stranger.headers)
        assert answer.status_code == 404
    log = (await client.get("/v1/me/access-log", headers=owner.headers)).json()["entries"]
    assert {entry["actor_kind"] for entry in log} == {"self"}


async def test_good_records_can_be_hidden_and_shown_and_bad_ones_not(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient
) -> None:
    someone = await person()
    rows = [volunteering(someone), penalty(someone)]
    await source("POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": rows})
    records = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    good, bad = sorted(records, key=lambda record: record["item"], reverse=True)
    path = f"/v1/me/records/{good['id']}"
    for method, state in (("PUT", "hidden"), ("PUT", "hidden"), ("DELETE", "active")):
        assert (await client.request(method, f"{path}/hidden", headers=someone.headers)).status_code == 204
        assert (await client.get(path, headers=someone.headers)).json()["state"] == state
    answer = await client.put(f"/v1/me/records/{bad['id']}/hidden", headers=someone.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "only-positive-hidden")


def test_every_state_is_reached_and_the_last_ones_are_final() -> None:
    reached = {RecordState.ACTIVE} | {state for moves in MOVES.values() for state in moves.values()}
    assert reached == set(RecordState)
    assert set(RecordState) - set(MOVES) == {RecordState.WITHDRAWN, RecordState.ARCHIVED}
