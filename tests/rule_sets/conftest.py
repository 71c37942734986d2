"""Two operators and a version of 桃花分 for the coming year."""

from datetime import date
from typing import Any

import httpx2
import msgspec
import pytest

from backend.platform.platform import Platform
from backend.platform.roles import Role
from scoring import shipped
from tests.builders.people import Person, PersonBuilder

NEW_YEAR = date(2027, 1, 1)


def taohua(**changes: Any) -> str:
    """The text of 桃花分 2027.1, for the coming year, where everybody starts ten points higher; with changes of the whole."""
    content = msgspec.yaml.decode(shipped("taohua"))
    coming: dict[str, Any] = {"version": "2027.1", "effective_from": NEW_YEAR, "base_points": 610}
    return msgspec.yaml.encode({**content, **coming, **changes}).decode()


def with_rule(**changes: Any) -> str:
    """The same, with changes of its first rule."""
    rules = msgspec.yaml.decode(taohua())["rules"]
    return taohua(rules=[{**rules[0], **changes}, *rules[1:]])


def for_enterprises(**changes: Any) -> str:
    """A rule set for enterprises with the rules about penalties."""
    rules = [rule for rule in msgspec.yaml.decode(taohua())["rules"] if rule["item"] == "penalty"]
    content: dict[str, Any] = {"id": "firms", "subject": "enterprise", "rules": rules}
    return taohua(**{**content, **changes})


class Office:
    """Two operators, over HTTP."""

    def __init__(
        self, client: httpx2.AsyncClient, platform: Platform, builder: PersonBuilder, people: tuple[Person, Person]
    ) -> None:
        self._client = client
        self.platform = platform
        self._builder = builder
        self.operator, self.colleague = people

    async def sign_in(self) -> None:
        """Both sign in again after the clock has moved."""
        for someone in (self.operator, self.colleague):
            await self._builder.sign_in(someone)

    async def try_to_propose(self, source: str) -> httpx2.Response:
        return await self._client.post("/v1/staff/rule-sets", json={"source": source}, headers=self.operator.headers)

    async def propose(self, source: str) -> str:
        """The id of a proposal that must succeed."""
        answer = await self.try_to_propose(source)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def act(self, somebody: Person, version_id: str, act: str, reason: str | None = None) -> httpx2.Response:
        path = f"/v1/staff/rule-sets/{version_id}/{act}"
        body = None if reason is None else {"reason": reason}
        return await self._client.post(path, json=body, headers=somebody.headers)

    async def publish(self, source: str) -> str:
        """Proposed by one, approved by the other; held by this process, which a signal tells others."""
        version_id = await self.propose(source)
        answer = await self.act(self.colleague, version_id, "approve")
        assert (answer.status_code, answer.json()["state"]) == (200, "published"), answer.text
        await self.hear()
        return version_id

    async def hear(self) -> None:
        """What the signal does a moment later."""
        for reference in self.platform.references.held:
            await self.platform.references.refresh(reference)

    async def versions(self, rule_set: str = "taohua") -> dict[str, dict[str, Any]]:
        """What the public sees: version -> the rest."""
        answer = await self._client.get(f"/v1/rule-sets/{rule_set}/versions")
        return {each["version"]: each for each in answer.json()}


@pytest.fixture
async def office(client: httpx2.AsyncClient, platform: Platform, person: PersonBuilder) -> Office:
    """`await office.publish(taohua())` announces 2027.1."""
    operators = [await person(name=name, proven=False, roles=(Role.OPERATOR,)) for name in ("李四", "王五")]
    return Office(client, platform, person, (operators[0], operators[1]))
