"""An enterprise with its agent, and two case officers."""

from typing import Any

import httpx2
import pytest

from backend.platform.roles import Role
from tests.builders.enterprises import commitment, registered
from tests.builders.people import Person, PersonBuilder


class Scene:
    """One enterprise, its agent and two officers, over HTTP."""

    def __init__(
        self, client: httpx2.AsyncClient, builder: PersonBuilder, people: tuple[Person, Person, Person], enterprise: str
    ) -> None:
        self._client = client
        self._builder = builder
        self.agent, self.officer, self.colleague = people
        self.enterprise_id = enterprise

    @property
    def path(self) -> str:
        return f"/v1/enterprises/{self.enterprise_id}/commitments"

    async def sign_in(self) -> None:
        """Everybody signs in again after the clock has moved."""
        for someone in (self.agent, self.officer, self.colleague):
            await self._builder.sign_in(someone)

    async def make(self, **changes: Any) -> dict[str, Any]:
        answer = await self._client.post(self.path, json=commitment(**changes), headers=self.agent.headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def get(self, commitment_id: str) -> dict[str, Any]:
        answer = await self._client.get(f"{self.path}/{commitment_id}", headers=self.agent.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def report(self, commitment_id: str) -> httpx2.Response:
        return await self._client.post(
            f"{self.path}/{commitment_id}/report", json={"evidence": "YS-1"}, headers=self.agent.headers
        )

    async def act(
        self, officer: Person, commitment_id: str, act: str, body: dict[str, Any] | None = None
    ) -> httpx2.Response:
        return await self._client.post(
            f"/v1/staff/commitments/{commitment_id}/{act}", json=body, headers=officer.headers
        )

    async def published(self) -> list[dict[str, Any]]:
        answer = await self._client.get("/v1/commitments")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["commitments"]
        return found


@pytest.fixture
async def scene(client: httpx2.AsyncClient, person: PersonBuilder) -> Scene:
    """`scene.make()` makes a commitment."""
    agent = await person()
    officer = await person(name="李四", roles=(Role.CASE_OFFICER,))
    colleague = await person(name="王五", roles=(Role.CASE_OFFICER,))
    return Scene(client, person, (agent, officer, colleague), await registered(client, agent))
