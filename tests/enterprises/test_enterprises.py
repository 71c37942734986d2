"""An enterprise registers by choice, through an agent, and leaves by choice."""

import asyncio

import httpx2
import pytest

from backend.enterprises.states import NEXT, START, EnterpriseEvent, EnterpriseState
from backend.platform.platform import Platform
from tests.builders.enterprises import credit_code, registered, registration
from tests.builders.people import PersonBuilder
from tests.builders.records import add_source, deliver, permitted
from tests.records.rows import penalty


def test_registration_can_always_be_left_and_taken_up_again() -> None:
    assert NEXT == {
        (EnterpriseState.REGISTERED, EnterpriseEvent.WITHDRAW): EnterpriseState.WITHDRAWN,
        (EnterpriseState.WITHDRAWN, EnterpriseEvent.RETURN): EnterpriseState.REGISTERED,
    }
    assert START is EnterpriseState.REGISTERED


async def test_an_agent_registers_an_enterprise_and_finds_it_again(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    agent = await person()
    enterprise_id = await registered(client, agent, code=credit_code().lower())
    listed = (await client.get("/v1/me/enterprises", headers=agent.headers)).json()
    assert [(each["id"], each["code"], each["state"], each["agent_role"]) for each in listed] == [
        (enterprise_id, credit_code(), "registered", "authorised-agent")
    ]


async def test_registering_twice_changes_nothing(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    agent = await person()
    assert await registered(client, agent) == await registered(client, agent)
    assert len((await client.get("/v1/me/enterprises", headers=agent.headers)).json()) == 1


async def test_another_agent_is_refused_and_told_what_to_do(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    first, second = await person(), await person(name="李四")
    await registered(client, first)
    answer = await client.post("/v1/enterprises", json=registration(), headers=second.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "enterprise-taken")
    assert "服务窗口" in answer.json()["detail"]


async def test_of_two_agents_at_the_same_time_one_registers(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    agents = [await person(), await person(name="李四")]
    answers = await asyncio.gather(
        *(client.post("/v1/enterprises", json=registration(), headers=agent.headers) for agent in agents)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize("code", ["91320100748204660R", "9132010074820466OQ", "1", "91320100748204660"])
async def test_a_code_that_fails_a_check_is_refused(
    client: httpx2.AsyncClient, person: PersonBuilder, code: str
) -> None:
    agent = await person()
    answer = await client.post("/v1/enterprises", json=registration(code=code), headers=agent.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "enterprise-code-invalid")
    assert answer.json()["errors"][0]["field"] == "code"


async def test_only_a_proven_resident_registers(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    applicant = await person(proven=False)
    answer = await client.post("/v1/enterprises", json=registration(), headers=applicant.headers)
    assert answer.status_code == 403
    assert (await client.post("/v1/enterprises", json=registration())).status_code == 401


@pytest.mark.parametrize("field", ["code", "name", "authorisation"])
@pytest.mark.parametrize("character", ["\x00", "\x07", "\x7f"])
async def test_control_characters_are_a_malformed_request(
    client: httpx2.AsyncClient, person: PersonBuilder, field: str, character: str
) -> None:
    agent = await person()
    body = registration(**{field: f"a{character}b"})
    answer = await client.post("/v1/enterprises", json=body, headers=agent.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


async def test_an_enterprise_leaves_by_choice_and_comes_back_with_another_agent(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    first, second = await person(), await person(name="李四")
    enterprise_id = await registered(client, first)
    stranger = await client.delete(f"/v1/enterprises/{enterprise_id}", headers=second.headers)
    assert stranger.status_code == 404
    assert (await client.delete(f"/v1/enterprises/{enterprise_id}", headers=first.headers)).status_code == 204
    assert (await client.get("/v1/me/enterprises", headers=first.headers)).json() == []
    again = await client.delete(f"/v1/enterprises/{enterprise_id}", headers=first.headers)
    assert again.status_code == 404
    assert await registered(client, second) == enterprise_id


async def test_when_its_agent_leaves_another_may_take_the_enterprise_over(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    first, second = await person(), await person(name="李四")
    enterprise_id = await registered(client, first)
    assert (await client.delete("/v1/me", headers=first.headers)).status_code == 204
    assert await registered(client, second) == enterprise_id


async def test_its_records_are_for_its_agents_only(
    client: httpx2.AsyncClient, platform: Platform, person: PersonBuilder
) -> None:
    await add_source(platform)
    agent, other = await person(), await person(name="李四")
    enterprise_id = await registered(client, agent)
    await permitted(platform, credit_code())
    seen = await client.get(f"/v1/enterprises/{enterprise_id}", headers=agent.headers)
    assert [each["item"] for each in seen.json()["records"]] == ["permit"]
    assert seen.json()["enterprise"]["id"] == enterprise_id
    assert (await client.get(f"/v1/enterprises/{enterprise_id}", headers=other.headers)).status_code == 404
    assert (await client.get(f"/v1/enterprises/{enterprise_id}")).status_code == 401


async def test_an_enterprises_default_is_charged_to_no_person(
    client: httpx2.AsyncClient, platform: Platform, person: PersonBuilder
) -> None:
    await add_source(platform)
    agent = await person()
    await registered(client, agent, agent_role="legal-representative")
    async with platform.database.connection() as connection:
        await connection.execute("DELETE FROM due_work WHERE topic = 'score'")
    await deliver(platform, "penalty", penalty(organisation=True, CF_XDR_SHXYM=credit_code()))
    async with platform.database.connection() as connection:
        touched = await connection.fetch("SELECT key FROM due_work WHERE topic = 'score'")
    assert agent.subject_id not in {row["key"] for row in touched}
    mine = await client.get("/v1/me/records", headers=agent.headers)
    assert mine.json()["records"] == []
