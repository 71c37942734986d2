"""Display codes in one line, over HTTP: an enterprise with its agent, and two officers."""

from typing import Any

import httpx2

from backend.platform.roles import Role
from tests.builders.enterprises import commitment, registered
from tests.builders.people import Person, PersonBuilder
from tests.conftest import PUBLIC_URL

LINK = f"{PUBLIC_URL}/c/"


def product(**changes: Any) -> dict[str, Any]:
    """What an enterprise says of a batch."""
    return {
        "name": "桃花蜜 500 克",
        "batch": "20261101-A",
        "origin": "桃花市云岭县",
        "made_on": "2026-11-01",
        "best_before": "2028-10-31",
        "report_number": "桃检字〔2026〕7号",
        "report_body": "桃花市产品质量检验所",
        **changes,
    }


def token_of(code: dict[str, Any]) -> str:
    """The token in a code's link."""
    url: str = code["url"]
    assert url.startswith(LINK)
    return url.removeprefix(LINK)


class Exhibitor:
    """One enterprise, its agent and two officers."""

    def __init__(
        self, client: httpx2.AsyncClient, builder: PersonBuilder, people: tuple[Person, Person, Person], enterprise: str
    ) -> None:
        self.client = client
        self._builder = builder
        self.agent, self.officer, self.colleague = people
        self.enterprise_id = enterprise

    @property
    def path(self) -> str:
        return f"/v1/enterprises/{self.enterprise_id}"

    async def sign_in(self) -> None:
        """Everybody signs in again after the clock has moved."""
        for someone in (self.agent, self.officer, self.colleague):
            await self._builder.sign_in(someone)

    async def post(self, path: str, body: Any = None) -> httpx2.Response:
        """What the agent sends."""
        return await self.client.post(f"{self.path}{path}", json=body, headers=self.agent.headers)

    async def made(self) -> dict[str, Any]:
        """The enterprise's own code."""
        return _done(await self.post("/display-codes"), 201)

    async def promised(self, **changes: Any) -> str:
        """The id of a public commitment."""
        return str(_done(await self.post("/commitments", commitment(**changes)), 201)["id"])

    async def applied(self, sector: str = "tourism") -> dict[str, Any]:
        """An application for a sector's code."""
        body = {"sector": sector, "commitment_id": await self.promised()}
        return _done(await self.post("/sector-codes", body), 201)

    async def granted(self, sector: str = "tourism", valid_until: str = "2027-06-30") -> dict[str, Any]:
        """A sector's code."""
        application = await self.applied(sector)
        return _done(await self.act(self.officer, application["id"], "grant", {"valid_until": valid_until}), 200)

    async def declared(self, valid_until: str = "2027-11-01", **changes: Any) -> dict[str, Any]:
        """A product's code."""
        body = {"product": product(**changes), "valid_until": valid_until}
        return _done(await self.post("/product-codes", body), 201)

    async def end(self, code_id: str, reason: str = "不再使用。") -> dict[str, Any]:
        """The agent ends a code."""
        return _done(await self.post(f"/display-codes/{code_id}/revocation", {"reason": reason}), 200)

    async def get(self, code_id: str) -> dict[str, Any]:
        """A code as its agent sees it."""
        return _done(await self.client.get(f"{self.path}/display-codes/{code_id}", headers=self.agent.headers), 200)

    async def act(self, officer: Person, code_id: str, act: str, body: dict[str, Any]) -> httpx2.Response:
        """What an officer sends."""
        return await self.client.post(f"/v1/staff/display-codes/{code_id}/{act}", json=body, headers=officer.headers)

    async def revoked(self, code_id: str, reason: str = "经核查，未履行公开承诺。") -> dict[str, Any]:
        """A code that two officers have revoked."""
        _done(await self.act(self.officer, code_id, "proposal", {"proposal": "revoke", "reason": reason}), 200)
        return _done(await self.act(self.colleague, code_id, "decision", {"confirm": True}), 200)

    async def shown(self, code: dict[str, Any]) -> httpx2.Response:
        """What an app reads of it."""
        return await self.client.get(f"/v1/public/display-codes/{token_of(code)}")

    async def page(self, code: dict[str, Any]) -> httpx2.Response:
        """What a visitor opens."""
        return await self.client.get(f"/c/{token_of(code)}")


def _done(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def exhibitor(client: httpx2.AsyncClient, person: PersonBuilder, **registration: Any) -> Exhibitor:
    """An enterprise with an agent whose name occurs nowhere else, and two officers."""
    agent = await person("欧阳诗涵")
    officer = await person("李四", roles=(Role.CASE_OFFICER,))
    colleague = await person("王五", roles=(Role.CASE_OFFICER,))
    return Exhibitor(client, person, (agent, officer, colleague), await registered(client, agent, **registration))
