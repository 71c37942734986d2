"""Registration, sign-in, sessions, real name and leaving, over HTTP on real services."""

from datetime import date, timedelta

import httpx2
import pytest

from backend.identity import service as identity
from backend.identity.messages import Channel, Group
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.deliveries import RememberedDelivery
from tests.builders.people import Person, PersonBuilder

PHONE = "15400000001"


async def test_a_phone_registers_with_its_one_time_code(
    client: httpx2.AsyncClient, delivery: RememberedDelivery
) -> None:
    assert (await client.post("/v1/sign-in/codes", json={"phone": PHONE})).json() == {"expires_in": 300}
    answer = await client.post("/v1/sign-in", json={"phone": PHONE, "code": delivery.codes[PHONE]})
    assert answer.status_code == 200
    assert answer.json()["roles"] == ["applicant"]


async def test_a_code_works_once(client: httpx2.AsyncClient, delivery: RememberedDelivery) -> None:
    await client.post("/v1/sign-in/codes", json={"phone": PHONE})
    body = {"phone": PHONE, "code": delivery.codes[PHONE]}
    assert (await client.post("/v1/sign-in", json=body)).status_code == 200
    again = await client.post("/v1/sign-in", json=body)
    assert (again.status_code, again.json()["code"]) == (422, "sign-in-code-wrong")


async def test_after_five_wrong_tries_the_right_code_is_refused_too(
    client: httpx2.AsyncClient, delivery: RememberedDelivery
) -> None:
    await client.post("/v1/sign-in/codes", json={"phone": PHONE})
    right = delivery.codes[PHONE]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert (await client.post("/v1/sign-in", json={"phone": PHONE, "code": wrong})).status_code == 422
    assert (await client.post("/v1/sign-in", json={"phone": PHONE, "code": right})).status_code == 422


async def test_too_many_codes_for_one_phone_are_limited(client: httpx2.AsyncClient) -> None:
    answers = [await client.post("/v1/sign-in/codes", json={"phone": PHONE}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_the_same_phone_gets_the_same_account(person: PersonBuilder) -> None:
    someone = await person()
    account = someone.account_id
    await person.sign_in(someone)
    assert someone.account_id == account


async def test_the_account_is_shown_masked(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person(name="欧阳小明")
    text = (await client.get("/v1/me", headers=someone.headers)).text
    for secret in (someone.phone, someone.identity_number, someone.name):
        assert secret not in text


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("张三", "000000199001010019", "identity-number-invalid"),
        ("张三", "000000199002300010", "identity-number-invalid"),
        ("张<b>", "000000199001010018", "name-invalid"),
    ],
)
async def test_a_wrong_identity_is_refused(
    client: httpx2.AsyncClient, person: PersonBuilder, name: str, number: str, code: str
) -> None:
    someone = await person(proven=False)
    answer = await client.post(
        "/v1/me/identity", json={"name": name, "identity_number": number}, headers=someone.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_eighteen_is_counted_to_the_day(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    """Today is 2026-11-23 in the tests."""
    await person(born=date(2008, 11, 23))
    younger = await person(proven=False)
    from backend.platform.identifiers import make_identity_number

    answer = await client.post(
        "/v1/me/identity",
        json={"name": "李四", "identity_number": make_identity_number(date(2008, 11, 24), 7)},
        headers=younger.headers,
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "not-adult")


async def test_an_identity_belongs_to_one_account_at_a_time(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    first = await person()
    second = await person(proven=False)
    body = {"name": first.name, "identity_number": first.identity_number.lower()}
    answer = await client.post("/v1/me/identity", json=body, headers=second.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "identity-taken")


async def test_an_applicant_cannot_do_what_a_resident_can(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person(proven=False)
    assert (await client.get("/v1/me/consents", headers=someone.headers)).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_token_that_is_not_ours_is_refused(client: httpx2.AsyncClient, token: str) -> None:
    answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


async def test_an_access_token_ends_after_fifteen_minutes(
    client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock
) -> None:
    someone = await person()
    clock.move(timedelta(minutes=15) - timedelta(seconds=1))
    assert (await client.get("/v1/me", headers=someone.headers)).status_code == 200
    clock.move(timedelta(seconds=1))
    assert (await client.get("/v1/me", headers=someone.headers)).status_code == 401


async def _refresh(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.post("/v1/sign-in/refresh", json={"refresh_token": token})


async def test_a_refresh_token_used_twice_ends_the_session_in_every_worker(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    thief = await person()
    stolen = thief.refresh_token
    fresh = (await _refresh(client, stolen)).json()
    again = await _refresh(client, stolen)
    assert (again.status_code, again.json()["code"]) == (401, "refresh-refused")
    assert (await _refresh(client, fresh["refresh_token"])).status_code == 401
    await _until_signed_out(client, fresh["access_token"])


async def test_signing_out_everywhere_ends_all_devices(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person()
    phone = (someone.access_token, someone.refresh_token)
    await person.sign_in(someone)
    assert (await client.delete("/v1/me/sessions", headers=someone.headers)).status_code == 204
    for access, refresh in (phone, (someone.access_token, someone.refresh_token)):
        await _until_signed_out(client, access)
        assert (await _refresh(client, refresh)).status_code == 401


async def _until_signed_out(client: httpx2.AsyncClient, access_token: str) -> None:
    """The end of a session reaches a worker by signal, within moments."""
    import asyncio

    for _ in range(100):
        answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {access_token}"})
        if answer.status_code == 401:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the session is still accepted")


async def test_leaving_removes_every_personal_field_and_frees_phone_and_number(
    client: httpx2.AsyncClient, person: PersonBuilder, platform: Platform
) -> None:
    someone = await person(roles=(Role.CLERK,))
    account_id, subject_id = someone.account_id, someone.subject_id
    await client.put("/v1/me/district", json={"district": "taoyuan"}, headers=someone.headers)
    assert (await client.delete("/v1/me", headers=someone.headers)).status_code == 204
    async with platform.database.connection() as connection:
        [left] = await connection.impersonal("the test looks", "SELECT * FROM account WHERE id = $1", account_id)
        consents = await connection.impersonal(
            "the test counts", "SELECT 1 FROM consent WHERE subject_id = $1", subject_id
        )
    kept = {name for name, value in left.items() if value not in (None, "unknown")}
    assert kept == {"id", "created_at", "proven_at", "left_at"}
    assert consents == []
    again = Person(someone.phone, someone.name, someone.identity_number)
    await person.sign_in(again)
    assert again.account_id != account_id
    answer = await client.post(
        "/v1/me/identity",
        json={"name": someone.name, "identity_number": someone.identity_number},
        headers=again.headers,
    )
    assert answer.status_code == 200


async def test_nothing_personal_stands_readable_in_the_database(platform: Platform, person: PersonBuilder) -> None:
    someone = await person(name="欧阳小明")
    async with platform.database.connection() as connection:
        rows = await connection.impersonal("the test looks for readable secrets", "SELECT * FROM account")
    stored = b"".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row.values()
    )
    for secret in (someone.phone, someone.identity_number, someone.name):
        assert secret.encode() not in stored


async def test_a_district_is_chosen_changed_and_taken_back_at_will(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    someone = await person(proven=False)
    shown = (await client.get("/v1/me", headers=someone.headers)).json()
    assert (shown["district"], shown["channel"]) == ("unknown", "app")
    for district in ("taoyuan", "xinhe", "unknown"):
        chosen = await client.put("/v1/me/district", json={"district": district}, headers=someone.headers)
        assert chosen.status_code == 204, chosen.text
        assert (await client.get("/v1/me", headers=someone.headers)).json()["district"] == district
    for wrong in ("桃源区", "", "a" * 41, None):
        refused = await client.put("/v1/me/district", json={"district": wrong}, headers=someone.headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed-request")


async def test_statistics_know_coarse_groups_only_and_the_read_stands_in_the_persons_log(
    client: httpx2.AsyncClient, person: PersonBuilder, platform: Platform
) -> None:
    young, old = await person(born=date(1996, 11, 24)), await person(born=date(1950, 1, 1))
    gone = await person()
    await client.put("/v1/me/district", json={"district": "taoyuan"}, headers=old.headers)
    await client.delete("/v1/me", headers=gone.headers)
    access = system_access("test", "统计", "统计", Ground.LEGAL_DUTY, "age-band")
    async with platform.database.connection() as connection:
        everybody = [someone.subject_id for someone in (young, old, gone)]
        found = await identity.groups_of(platform, connection, access, everybody, date(2026, 11, 23))
    assert found == {
        young.subject_id: Group("unknown", 18, Channel.APP),
        old.subject_id: Group("taoyuan", 70, Channel.APP),
    }
    entries = (await client.get("/v1/me/access-log", headers=old.headers)).json()["entries"]
    assert ["age-band"] in [entry["fields"] for entry in entries]
