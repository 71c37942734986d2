"""A resident's phones: registered by a key that proves itself, five at most, revoked for good, gone with their owner."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from backend.devices import service
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners import base64url
from partners.signatures.suites import low_s
from tests.builders.people import Person, PersonBuilder
from tests.builders.phones import DeviceKey, Phone
from tests.conftest import PUBLIC_URL


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    """A resident."""
    return await person()


@pytest.fixture
def phone(client: httpx2.AsyncClient, clock: SettableClock, resident: Person) -> Phone:
    """The resident's phone, not yet registered."""
    return Phone(client, clock, resident, PUBLIC_URL)


def another(phone: Phone) -> Phone:
    """One more phone of the same person."""
    return Phone(phone.client, phone.clock, phone.person, PUBLIC_URL)


async def test_a_phone_is_registered_and_listed(client: httpx2.AsyncClient, phone: Phone) -> None:
    answer = await phone.register()
    assert answer.status_code == 201, answer.text
    listed = (await client.get("/v1/me/devices", headers=phone.person.headers)).json()
    assert listed == [answer.json()]
    assert (listed[0]["name"], listed[0]["public_key"]) == ("我的手机", phone.key.public)


async def test_the_same_registration_again_is_the_same_device(phone: Phone) -> None:
    first, second = await phone.register(), await phone.register()
    assert (second.status_code, second.json()) == (201, first.json())


async def test_a_proof_of_another_key_is_refused(phone: Phone) -> None:
    answer = await phone.register(public_key=DeviceKey().public)
    assert (answer.status_code, answer.json()["code"]) == (422, "device-proof-invalid")


async def test_a_proof_is_of_no_use_to_another_account(
    client: httpx2.AsyncClient, phone: Phone, person: PersonBuilder
) -> None:
    thief = await person("李四")
    answer = await client.post("/v1/me/devices", json=phone.registration(), headers=thief.headers)
    assert answer.json()["code"] == "device-proof-invalid"


async def test_a_proof_is_of_no_use_at_another_server(
    client: httpx2.AsyncClient, clock: SettableClock, resident: Person
) -> None:
    elsewhere = Phone(client, clock, resident, "https://other.example")
    assert (await elsewhere.register()).json()["code"] == "device-proof-invalid"


@pytest.mark.parametrize("seconds", [61, -61])
async def test_a_proof_of_another_time_is_refused(phone: Phone, clock: SettableClock, seconds: int) -> None:
    body = phone.registration()
    clock.move(timedelta(seconds=seconds))
    answer = await phone.client.post("/v1/me/devices", json=body, headers=phone.person.headers)
    assert answer.json()["code"] == "device-proof-invalid"
    clock.move(timedelta(seconds=-seconds))
    assert (await phone.client.post("/v1/me/devices", json=body, headers=phone.person.headers)).status_code == 201


@pytest.mark.parametrize("key", ["A" * 44, "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "A" + "_" * 43])
async def test_a_key_that_is_no_point_is_refused(phone: Phone, key: str) -> None:
    answer = await phone.register(public_key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "device-key-invalid")


async def test_five_phones_are_enough_also_when_they_come_at_once(phone: Phone) -> None:
    answers = await asyncio.gather(*(another(phone).register() for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 3
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"device-limit"}


async def test_a_revoked_phone_makes_room_and_its_key_does_not_come_back(
    client: httpx2.AsyncClient, phone: Phone
) -> None:
    await phone.register()
    for _ in range(4):
        assert (await another(phone).register()).status_code == 201
    for _ in range(2):
        gone = await client.delete(f"/v1/me/devices/{phone.id}", headers=phone.person.headers)
        assert gone.status_code == 204
    again = await phone.register()
    assert (again.status_code, again.json()["code"]) == (409, "device-key-used")
    assert (await another(phone).register()).status_code == 201
    listed = (await client.get("/v1/me/devices", headers=phone.person.headers)).json()
    assert [device["revoked_at"] is None for device in listed] == [True] * 5 + [False]


async def test_nobody_revokes_the_phone_of_somebody_else(
    client: httpx2.AsyncClient, phone: Phone, person: PersonBuilder
) -> None:
    await phone.register()
    other = await person("李四")
    for device in (phone.id, str(uuid4())):
        answer = await client.delete(f"/v1/me/devices/{device}", headers=other.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await client.get("/v1/me/devices", headers=other.headers)).json() == []


async def test_what_a_live_device_signed_holds_and_nothing_else(
    client: httpx2.AsyncClient, platform: Platform, phone: Phone, person: PersonBuilder
) -> None:
    await phone.register()
    message = b"xinyi-confirm-1\nyes"
    signature = phone.key.sign(message)
    other = await person("李四")

    async def holds(account_id: UUID, device_id: str, said: bytes, by: str) -> bool:
        async with platform.database.connection() as connection:
            return await service.verify_by_device(platform, connection, account_id, UUID(device_id), said, by)

    mine = phone.person.account_id
    assert await holds(mine, phone.id, message, signature)
    # A phone's key store gives either form of s.
    assert await holds(mine, phone.id, message, base64url.encode(low_s(base64url.decode(signature))))
    assert not await holds(mine, phone.id, message + b"!", signature)
    assert not await holds(mine, phone.id, message, DeviceKey().sign(message))
    assert not await holds(other.account_id, phone.id, message, signature)
    assert not await holds(mine, str(uuid4()), message, signature)
    for nonsense in ("", "!", signature[:-2], signature + "AA"):
        assert not await holds(mine, phone.id, message, nonsense)
    await client.delete(f"/v1/me/devices/{phone.id}", headers=phone.person.headers)
    assert not await holds(mine, phone.id, message, signature)


async def test_every_look_at_a_device_stands_in_its_owners_log(client: httpx2.AsyncClient, phone: Phone) -> None:
    await phone.register()
    await client.get("/v1/me/devices", headers=phone.person.headers)
    await client.delete(f"/v1/me/devices/{phone.id}", headers=phone.person.headers)
    log = (await client.get("/v1/me/access-log", headers=phone.person.headers)).json()["entries"]
    assert {"登记设备", "查看我的设备", "停用设备"} <= {entry["action"] for entry in log}


async def test_leaving_takes_the_phones_along_and_frees_the_key(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, phone: Phone, person: PersonBuilder
) -> None:
    await phone.register()
    assert (await client.delete("/v1/me", headers=phone.person.headers)).status_code == 204
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("test", "SELECT count(*) AS number FROM device")
    assert row["number"] == 0
    returned = Phone(client, clock, await person("李四"), PUBLIC_URL)
    returned.key = phone.key
    assert (await returned.register()).status_code == 201


async def test_an_applicant_registers_no_phone(
    client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder
) -> None:
    applicant = await person(proven=False)
    answer = await Phone(client, clock, applicant, PUBLIC_URL).register()
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
