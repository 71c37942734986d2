"""A resident with a record, and two case officers."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.people import Person, PersonBuilder
from tests.builders.records import add_source, state_and_amount, volunteering


class Scene:
    """One resident with a record of volunteer service, and two officers, over HTTP."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        platform: Platform,
        builder: PersonBuilder,
        people: tuple[Person, Person, Person],
        record_id: UUID,
    ) -> None:
        self._client = client
        self._platform = platform
        self._builder = builder
        self.resident, self.officer, self.colleague = people
        self.record_id = record_id

    async def sign_in(self) -> None:
        """Everybody signs in again after the clock has moved."""
        for someone in (self.resident, self.officer, self.colleague):
            await self._builder.sign_in(someone)

    def body(self, **changes: Any) -> dict[str, Any]:
        """The body of an objection."""
        body = {"record_id": str(self.record_id), "kind": "wrong", "statement": "少记 10 小时。", "evidence": "ZY-7"}
        return {**body, **changes}

    async def try_to_file(self, **changes: Any) -> httpx2.Response:
        return await self._client.post("/v1/me/objections", json=self.body(**changes), headers=self.resident.headers)

    async def file(self, **changes: Any) -> dict[str, Any]:
        answer = await self.try_to_file(**changes)
        assert answer.status_code == 201, answer.text
        filed: dict[str, Any] = answer.json()
        return filed

    async def mine(self) -> list[dict[str, Any]]:
        answer = await self._client.get("/v1/me/objections", headers=self.resident.headers)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["objections"]
        return found

    async def act(
        self, officer: Person, objection: dict[str, Any], act: str, body: dict[str, Any] | None = None
    ) -> httpx2.Response:
        path = f"/v1/staff/objections/{objection['id']}/{act}"
        return await self._client.post(path, json=body, headers=officer.headers)

    async def done(self, objection: dict[str, Any], act: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """An act of the first officer that must succeed."""
        answer = await self.act(self.officer, objection, act, body)
        assert answer.status_code == 200, answer.text
        after: dict[str, Any] = answer.json()
        return after

    async def record(self) -> tuple[str, int | None]:
        """State and hours of the record."""
        return await state_and_amount(self._platform, self.record_id)

    async def greatest_record(self) -> str:
        """The id of the record with the most hours."""
        answer = await self._client.get("/v1/me/records", headers=self.resident.headers)
        return str(max(answer.json()["records"], key=lambda record: record["amount"])["id"])

    async def access_log(self) -> list[dict[str, Any]]:
        answer = await self._client.get("/v1/me/access-log", headers=self.resident.headers)
        entries: list[dict[str, Any]] = answer.json()["entries"]
        return entries


@pytest.fixture
async def scene(client: httpx2.AsyncClient, platform: Platform, person: PersonBuilder) -> Scene:
    """`scene.file()` files an objection."""
    await add_source(platform)
    resident = await person()
    officer = await person(name="李四", roles=(Role.CASE_OFFICER,))
    colleague = await person(name="王五", roles=(Role.CASE_OFFICER,))
    return Scene(client, platform, person, (resident, officer, colleague), await volunteering(platform, resident))
