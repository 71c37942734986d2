"""A risk case is decided by two officers with a reason that the person reads; until then one phone waits."""

import httpx2
import pytest

from backend.identity import service as identity
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.partners import PartnerCaller
from tests.builders.people import Person, PersonBuilder
from tests.builders.phones import Phone, new_secrets
from tests.passes.conftest import BENEFIT, one, upload

REASON = "两台闸机共用一个离线账本，属商户重复上传。"
CLEAR, STOP = ({"proposal": proposal, "reason": REASON} for proposal in ("clear", "stop"))


@pytest.fixture
async def officers(person: PersonBuilder) -> tuple[Person, Person]:
    """Two case officers."""
    made = [await person(name, roles=(Role.CASE_OFFICER,)) for name in ("王五", "赵六")]
    return made[0], made[1]


@pytest.fixture
async def case(clock: SettableClock, phone: Phone, partner: PartnerCaller) -> None:
    """A pass of the phone that two tills accepted."""
    [fetched] = await phone.fetch(BENEFIT)
    text = fetched.show(clock.now())
    for terminal in ("gate-1", "gate-2"):
        await upload(partner, {"terminal": terminal, "redemptions": [one(text, clock)]})


async def waiting(client: httpx2.AsyncClient, officer: Person) -> list[dict[str, str]]:
    answer = await client.get("/v1/staff/risk-cases", headers=officer.headers)
    assert answer.status_code == 200, answer.text
    cases: list[dict[str, str]] = answer.json()["cases"]
    return cases


async def act(client: httpx2.AsyncClient, officer: Person, case_id: str, what: str, body: object) -> httpx2.Response:
    return await client.post(f"/v1/staff/risk-cases/{case_id}/{what}", json=body, headers=officer.headers)


@pytest.mark.usefixtures("case")
async def test_two_officers_clear_a_phone(
    client: httpx2.AsyncClient, phone: Phone, officers: tuple[Person, Person], partner: PartnerCaller
) -> None:
    first, second = officers
    [case] = await waiting(client, first)
    assert (case["first_terminal"], case["second_terminal"], case["first_partner"]) == (
        "gate-1",
        "gate-2",
        partner.name,
    )
    proposed = await act(client, first, case["id"], "proposal", CLEAR)
    assert (proposed.status_code, proposed.json()["state"]) == (200, "clearing-proposed"), proposed.text
    assert (await phone.order(BENEFIT, new_secrets(1))).json()["passes"] == []
    alone = await act(client, first, case["id"], "decision", {"confirm": True})
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    decided = await act(client, second, case["id"], "decision", {"confirm": True})
    assert (decided.status_code, decided.json()["state"]) == (200, "cleared"), decided.text
    assert len((await phone.order(BENEFIT, new_secrets(1))).json()["passes"]) == 1
    assert await waiting(client, first) == []
    [mine] = (await client.get("/v1/me/passes", headers=phone.person.headers)).json()["risk_cases"]
    assert (mine["state"], mine["reason"]) == ("cleared", REASON)
    log = (await client.get("/v1/me/access-log", headers=phone.person.headers)).json()["entries"]
    assert {"查看风险核查", "提出风险核查意见", "决定风险核查"} <= {entry["action"] for entry in log}


@pytest.mark.usefixtures("case")
async def test_a_phone_that_two_officers_leave_stopped_stays_so_and_a_proposal_can_be_sent_back(
    client: httpx2.AsyncClient, phone: Phone, officers: tuple[Person, Person]
) -> None:
    first, second = officers
    [case] = await waiting(client, first)
    early = await act(client, second, case["id"], "decision", {"confirm": True})
    assert (early.status_code, early.json()["code"]) == (409, "state-conflict")
    await act(client, first, case["id"], "proposal", CLEAR)
    back = await act(client, second, case["id"], "decision", {"confirm": False})
    assert back.json()["state"] == "open"
    await act(client, second, case["id"], "proposal", STOP)
    assert (await act(client, first, case["id"], "decision", {"confirm": True})).json()["state"] == "stopped"
    assert (await phone.order(BENEFIT, new_secrets(1))).json()["passes"] == []
    over = await act(client, first, case["id"], "proposal", CLEAR)
    assert (over.status_code, over.json()["code"]) == (409, "state-conflict")


async def test_nobody_decides_about_themselves(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    partner: PartnerCaller,
    person: PersonBuilder,
    case: None,
) -> None:
    async with platform.database.transaction() as connection:
        await identity.grant_role(platform, connection, phone.person.account_id, Role.CASE_OFFICER)
    await person.sign_in(phone.person)
    [waits] = await waiting(client, phone.person)
    answer = await act(client, phone.person, waits["id"], "proposal", CLEAR)
    assert (answer.status_code, answer.json()["code"]) == (403, "own-matter")


@pytest.mark.usefixtures("case")
async def test_a_case_names_nobody(client: httpx2.AsyncClient, phone: Phone, officers: tuple[Person, Person]) -> None:
    answer = (await client.get("/v1/staff/risk-cases", headers=officers[0].headers)).text
    person = phone.person
    for told in (person.name, person.phone, person.identity_number, str(person.subject_id), str(person.account_id)):
        assert told not in answer


@pytest.mark.usefixtures("case")
async def test_a_case_of_somebody_who_left_is_nobodys(
    client: httpx2.AsyncClient, platform: Platform, phone: Phone
) -> None:
    await client.delete("/v1/me", headers=phone.person.headers)
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("test", "SELECT subject_id, device_id FROM risk_case")
    assert (row["subject_id"], row["device_id"]) == (None, None)
