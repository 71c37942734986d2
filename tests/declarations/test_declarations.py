"""An enterprise declares something about itself; nobody takes it for verified."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.declarations.states import NEXT, START, DeclarationEvent, DeclarationState
from backend.platform.clock import SettableClock
from tests.builders.enterprises import registered
from tests.builders.people import PersonBuilder
from tests.builders.state_machines import require_whole
from tests.conftest import RunDue


def _declaration(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "qualification",
        "content": "持有专业承包二级资质。\n证书见附件。",
        "evidence": "D232000123",
        "valid_until": "2026-12-31",
        **changes,
    }


def test_every_state_can_be_reached_and_ends() -> None:
    require_whole(NEXT, START, {DeclarationState.WITHDRAWN, DeclarationState.EXPIRED}, set(DeclarationEvent))


async def test_a_declaration_says_that_it_is_self_declared(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    agent = await person()
    path = f"/v1/enterprises/{await registered(client, agent)}/declarations"
    made = await client.post(path, json=_declaration(), headers=agent.headers)
    assert made.status_code == 201, made.text
    assert made.json()["self_declared"] is True
    assert "未经核验" in made.json()["notice"]
    listed = (await client.get(path, headers=agent.headers)).json()
    assert listed == {"declarations": [made.json()], "next": None}


async def test_it_expires_by_itself_after_its_last_day(
    client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock, run_due: RunDue
) -> None:
    agent = await person()
    path = f"/v1/enterprises/{await registered(client, agent)}/declarations"
    await client.post(path, json=_declaration(valid_until="2026-11-24"), headers=agent.headers)
    for step, state in ((timedelta(hours=31), "declared"), (timedelta(hours=2), "expired")):
        clock.move(step)
        await run_due()
        await person.sign_in(agent)
        assert (await client.get(path, headers=agent.headers)).json()["declarations"][0]["state"] == state


async def test_its_agent_takes_it_back_once(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    agent, other = await person(), await person(name="李四")
    path = f"/v1/enterprises/{await registered(client, agent)}/declarations"
    made = (await client.post(path, json=_declaration(), headers=agent.headers)).json()
    assert (await client.delete(f"{path}/{made['id']}", headers=other.headers)).status_code == 404
    assert (await client.delete(f"{path}/{made['id']}", headers=agent.headers)).status_code == 204
    again = await client.delete(f"{path}/{made['id']}", headers=agent.headers)
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")


async def test_others_neither_declare_nor_read(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    agent, other = await person(), await person(name="李四")
    path = f"/v1/enterprises/{await registered(client, agent)}/declarations"
    assert (await client.post(path, json=_declaration(), headers=other.headers)).status_code == 404
    assert (await client.get(path, headers=other.headers)).status_code == 404


@pytest.mark.parametrize("day", ["2026-11-23", "0001-01-01", "2100-01-01", "9999-12-31"])
async def test_a_last_day_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, person: PersonBuilder, day: str
) -> None:
    agent = await person()
    path = f"/v1/enterprises/{await registered(client, agent)}/declarations"
    answer = await client.post(path, json=_declaration(valid_until=day), headers=agent.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "last-day-unusable")


@pytest.mark.parametrize("field", ["content", "evidence"])
async def test_control_characters_are_a_malformed_request(
    client: httpx2.AsyncClient, person: PersonBuilder, field: str
) -> None:
    agent = await person()
    path = f"/v1/enterprises/{await registered(client, agent)}/declarations"
    answer = await client.post(path, json=_declaration(**{field: "a\x00b"}), headers=agent.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


async def test_the_list_is_paged(client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock) -> None:
    agent = await person()
    path = f"/v1/enterprises/{await registered(client, agent)}/declarations"
    for number in range(3):
        clock.move(timedelta(seconds=1))
        await client.post(path, json=_declaration(evidence=f"E{number}"), headers=agent.headers)
    first = (await client.get(path, params={"limit": 2}, headers=agent.headers)).json()
    rest = (await client.get(path, params={"limit": 2, "cursor": first["next"]}, headers=agent.headers)).json()
    found = [each["evidence"] for page in (first, rest) for each in page["declarations"]]
    assert found == ["E2", "E1", "E0"]
    assert rest["next"] is None
    assert (await client.get(path, params={"cursor": "!"}, headers=agent.headers)).status_code == 400
