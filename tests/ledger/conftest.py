"""Two operators, a till with one subsidised benefit, and a resident before it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

BENEFIT = "reading-discount"
BUDGET = {"year": 2026, "department": "桃花市文旅局", "title": "2026 年阅读补贴", "amount_fen": 10_000}

Verified = Callable[..., Awaitable[str]]


class Office:
    """Two operators who decide about the city's money, over HTTP."""

    def __init__(self, client: httpx2.AsyncClient, people: tuple[Person, Person]) -> None:
        self.client = client
        self.proposer, self.approver = people

    async def propose(self, what: str, **body: Any) -> httpx2.Response:
        return await self.client.post(f"/v1/staff/{what}", json=body, headers=self.proposer.headers)

    async def act(self, what: str, act: str, by: Person | None = None, **body: Any) -> httpx2.Response:
        path = f"/v1/staff/{what}/{act}"
        headers = (by or self.approver).headers
        return await self.client.post(path, json=body or None, headers=headers)

    async def budget(self, **changes: Any) -> str:
        """An approved budget's id."""
        proposed = await self.propose("budgets", **{**BUDGET, **changes})
        assert proposed.status_code == 201, proposed.text
        budget_id: str = proposed.json()["id"]
        approved = await self.act(f"budgets/{budget_id}", "approve")
        assert approved.status_code == 200, approved.text
        return budget_id

    async def proposed_plan(self, budget_id: str, **changes: Any) -> httpx2.Response:
        """A plan that pays half of the benefit from tomorrow on, up to five yuan each, unless changed."""
        wanted = {
            "budget_id": budget_id,
            "benefit": BENEFIT,
            "kind": "reading-subsidy",
            "rate_permille": 500,
            "cap_fen": 500,
            "begins": "2026-11-24",
            "last_day": "2026-12-31",
            "handler": "公共服务科",
            "legal_basis": "激励措施清单（条例第三十条）",
        }
        return await self.propose("subsidy-plans", **{**wanted, **changes})

    async def plan(self, budget_id: str, **changes: Any) -> str:
        """An approved plan's id."""
        proposed = await self.proposed_plan(budget_id, **changes)
        assert proposed.status_code == 201, proposed.text
        plan_id: str = proposed.json()["plan"]["id"]
        approved = await self.act(f"subsidy-plans/{plan_id}", "approve")
        assert approved.status_code == 200, approved.text
        return plan_id

    async def spent(self, budget_id: str) -> int:
        budgets = (await self.client.get("/v1/staff/budgets", headers=self.proposer.headers)).json()["budgets"]
        [spent] = [each["spent_fen"] for each in budgets if each["id"] == budget_id]
        return int(spent)

    async def sign_in_again(self, person: PersonBuilder) -> None:
        """After the clock moved."""
        for someone in (self.proposer, self.approver):
            await person.sign_in(someone)


@pytest.fixture
async def office(client: httpx2.AsyncClient, person: PersonBuilder) -> Office:
    people = [await person(name=name, proven=False, roles=(Role.OPERATOR,)) for name in ("李四", "王五")]
    return Office(client, (people[0], people[1]))


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    return await person("欧阳诗涵")


@pytest.fixture
async def budget_id(
    platform: Platform, clock: SettableClock, person: PersonBuilder, office: Office, resident: Person
) -> str:
    """A benefit whose half the city pays from today on, out of a budget of 100 yuan."""
    await publish(platform, make_terms(BENEFIT, cap_fen=3000))
    budget = await office.budget()
    await office.plan(budget)
    clock.move(timedelta(days=1))
    for someone in (office.proposer, office.approver, resident):
        await person.sign_in(someone)
    return budget


@pytest.fixture
async def partner(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, budget_id: str
) -> PartnerCaller:
    """A live partner that may honour the subsidised benefit and one that is not."""
    await publish(platform, make_terms("poetry-discount", cap_fen=3000))
    return await make_partner(client, platform, clock, BENEFIT, "poetry-discount")


@pytest.fixture
def verified(client: httpx2.AsyncClient, partner: PartnerCaller, resident: Person) -> Verified:
    """Shows a fresh code and has the partner verify it: the verification's id."""

    async def scanned(benefit: str = BENEFIT) -> str:
        code = (await current_code(client, resident.headers))["text"]
        answer = await partner.verify(code, benefit)
        assert answer.json()["result"] == "eligible", answer.text
        verification: str = answer.json()["verification_id"]
        return verification

    return scanned
