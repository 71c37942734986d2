"""诚信码: tickets for the phone, the current code, its picture, and who may have them."""

import base64
import io
from datetime import datetime, timedelta

import httpx2
import zxingcpp
from PIL import Image

from backend.codes import service
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.codes import ic1
from tests.builders.partners import current_code
from tests.builders.people import PersonBuilder


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_a_phone_fetches_tickets_and_shows_the_same_code_as_the_server(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder
) -> None:
    resident = await person()
    answer = await client.post("/v1/me/code-tickets", json={"count": 32}, headers=resident.headers)
    assert answer.status_code == 200
    batch = answer.json()
    assert len({ticket["tid"] for ticket in batch["tickets"]}) == 32
    assert datetime.fromisoformat(batch["server_time"]) == clock.now()
    first = batch["tickets"][0]
    assert datetime.fromisoformat(first["exp"]) == clock.now() + timedelta(hours=24)
    slot_key = platform.keys.ticket_slot(first["slot"])
    assert slot_key is not None
    assert decoded(first["k"]) == ic1.ticket_key(slot_key, decoded(first["tid"]))


async def test_a_batch_has_1_to_32_tickets(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    resident = await person()
    for count in (0, 33, -1, 10**30, 1.5, "many", None):
        answer = await client.post("/v1/me/code-tickets", json={"count": count}, headers=resident.headers)
        assert answer.status_code == 400, count


async def test_without_consent_to_show_there_is_no_code(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    resident = await person(consents=("compute",))
    for answer in (
        await client.post("/v1/me/code-tickets", json={}, headers=resident.headers),
        await client.get("/v1/me/code", params={"scene": "library"}, headers=resident.headers),
    ):
        assert answer.status_code == 403
        assert answer.json()["code"] == "consent-missing"


async def test_the_current_code_says_until_when_it_is_current(
    client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder
) -> None:
    resident = await person()
    shown = await current_code(client, resident.headers)
    parsed = ic1.parse(shown["text"])
    assert parsed is not None
    assert parsed.scene is ic1.Scene.LIBRARY
    assert ic1.parse_digits(shown["digits"]) is not None
    ends = datetime.fromisoformat(shown["expires_at"])
    assert clock.now() < ends <= clock.now() + timedelta(seconds=30)
    assert (await current_code(client, resident.headers))["text"] != shown["text"]


async def test_an_unknown_scene_is_refused_by_name(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    resident = await person()
    answer = await client.get("/v1/me/code", params={"scene": "lending"}, headers=resident.headers)
    assert answer.status_code == 422
    assert "library" in answer.json()["errors"][0]["reason_en"]


async def test_the_picture_holds_exactly_the_code(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    resident = await person()
    text = (await current_code(client, resident.headers))["text"]
    drawn = await client.get("/v1/me/code.png", params={"text": text}, headers=resident.headers)
    assert drawn.status_code == 200
    assert drawn.headers["content-type"] == "image/png"
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.content)))
    assert found.text == text
    vector = await client.get("/v1/me/code.svg", params={"text": text}, headers=resident.headers)
    assert vector.status_code == 200
    assert b"<svg" in vector.content


async def test_no_picture_is_drawn_of_anything_but_ones_own_current_code(
    client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder
) -> None:
    resident, other = await person(), await person("李四")
    mine = (await current_code(client, resident.headers))["text"]

    async def refused(text: str, headers: dict[str, str]) -> str:
        answer = await client.get("/v1/me/code.png", params={"text": text}, headers=headers)
        assert answer.status_code in (400, 422), answer.text
        code: str = answer.json()["code"]
        return code

    assert await refused("https://example.org/", resident.headers) == "code-malformed"
    assert await refused(mine, other.headers) == "code-unusable"
    clock.move(timedelta(seconds=90))
    assert await refused(mine, resident.headers) == "code-stale"


async def test_leaving_and_expiry_remove_every_ticket(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder
) -> None:
    leaving, staying = await person(), await person("李四")
    await current_code(client, leaving.headers)
    await current_code(client, staying.headers)

    async def tickets() -> int:
        async with platform.database.connection() as connection:
            [row] = await connection.impersonal("count in a test", "SELECT count(*) AS n FROM code_ticket")
        return int(row["n"])

    assert (await client.delete("/v1/me", headers=leaving.headers)).status_code == 204
    assert await tickets() == 1
    assert await service.forget_expired(platform) == 0
    clock.move(timedelta(hours=26))
    assert await service.forget_expired(platform) == 1
    assert await tickets() == 0
