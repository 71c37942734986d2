"""权益的变更: proposed, dry-run, published by a second person, paused, ended, over HTTP and with a history."""

from typing import Any

import httpx2
import msgspec
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from partners.benefits.commitments import CommitmentKind
from partners.benefits.terms import Text, Tier
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.conftest import RunDue


class Office:
    """Two operators."""

    def __init__(self, client: httpx2.AsyncClient, proposer: Person, approver: Person) -> None:
        self.client, self.proposer, self.approver = client, proposer, approver

    async def propose(self, terms: Any) -> httpx2.Response:
        body = terms if isinstance(terms, dict) else msgspec.to_builtins(terms)
        return await self.client.post("/v1/staff/benefits", json=body, headers=self.proposer.headers)

    async def act(self, path: str, by: Person | None = None) -> httpx2.Response:
        return await self.client.post(f"/v1/staff/benefits/{path}", headers=(by or self.approver).headers)

    async def read(self, path: str) -> httpx2.Response:
        return await self.client.get(f"/v1/staff/benefits/{path}", headers=self.approver.headers)


@pytest.fixture
async def office(client: httpx2.AsyncClient, person: PersonBuilder) -> Office:
    proposer, approver = [await person(name=name, proven=False, roles=(Role.OPERATOR,)) for name in ("李四", "王五")]
    return Office(client, proposer, approver)


async def test_from_a_draft_to_the_end_everything_is_in_the_history(client: httpx2.AsyncClient, office: Office) -> None:
    proposed = await office.propose(make_terms("gym"))
    assert (proposed.status_code, proposed.json()["version"], proposed.json()["objections"]) == (201, 1, [])
    assert (await client.get("/v1/benefits/gym")).status_code == 404
    same = await office.act("gym/versions/1/approve", office.proposer)
    assert (same.status_code, same.json()["code"]) == (409, "two-people-needed")
    assert (await office.act("gym/versions/1/approve")).json()["state"] == "published"
    assert (await office.act("gym/pause")).json()["state"] == "paused"
    assert (await office.act("gym/resume")).json()["state"] == "published"
    await office.propose(make_terms("gym", cap_fen=100))
    assert (await office.act("gym/versions/2/approve")).status_code == 200
    await office.propose(make_terms("gym", cap_fen=50))
    assert (await office.act("gym/versions/3/refuse", office.proposer)).json()["state"] == "refused"
    assert (await office.act("gym/versions/3/approve")).json()["code"] == "state-conflict"
    assert (await office.act("gym/end")).json()["state"] == "ended"
    assert (await office.act("gym/end")).status_code == 404
    versions = (await office.read("gym/versions")).json()["versions"]
    assert [(each["version"], each["state"], each["mine"]) for each in versions] == [
        (3, "refused", False),
        (2, "ended", False),
        (1, "ended", False),
    ]
    history = [[(event["event"], event["after"]) for event in each["events"]] for each in reversed(versions)]
    assert history == [
        [
            ("propose", "draft"), ("approve", "published"), ("pause", "paused"), ("resume", "published"), ("end", "ended"),
        ],
        [("propose", "draft"), ("approve", "published"), ("end", "ended")],
        [("propose", "draft"), ("refuse", "refused")],
    ]  # fmt: skip
    first = (await office.read("gym/versions?limit=2")).json()
    second = (await office.read(f"gym/versions?limit=2&cursor={first['next']}")).json()
    assert [each["version"] for each in first["versions"] + second["versions"]] == [3, 2, 1]


async def test_what_the_law_has_against_terms_is_told_at_once_and_stops_them_at_publication(office: Office) -> None:
    rationed = make_terms("clinic", basic_public_service=True, quota_per_day=3)
    proposed = (await office.propose(rationed)).json()
    assert [each["ground"] for each in proposed["objections"]] == ["basic-public-service-rationed"]
    refused = await office.act("clinic/versions/1/approve")
    assert (refused.status_code, refused.json()["code"]) == (422, "benefit-unlawful")
    assert "第二十六条" in refused.json()["errors"][0]["reason"]
    by_vow = (Tier(Text("承诺", "Committed"), 0, 100, CommitmentKind.PAY_ON_TIME),)
    await office.propose(make_terms("clinic", basic_public_service=True, open_to_all=False, tiers=by_vow))
    assert (await office.act("clinic/versions/2/approve")).json()["errors"][0]["field"] == "basic-public-service"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "A"},
        {"id": "gym\n"},
        {"scene": "no\u0000where"},
        {"names": {"zh": "\u0000", "en": "x"}},
        {"tiers": [{"name": {"zh": "x", "en": "x"}, "minimum_rank": -1, "value": 1}]},
        {"tiers": [{"name": {"zh": "x", "en": "x"}, "minimum_rank": 0, "value": 1, "commitment": "to-obey"}]},
        {"when": {"weekdays": [8]}},
        {"when": {"opens": "24:00"}},
        {"where": {"stores": ["x"]}},
        {"reservation_minutes": 16},
        {"score": 700},
    ],
)
async def test_terms_that_cannot_be_read_are_refused(office: Office, change: dict[str, Any]) -> None:
    given = {**msgspec.to_builtins(make_terms("gym")), **change}
    assert (await office.propose(given)).status_code == 400


async def test_only_operators_decide_about_benefits(office: Office, person: PersonBuilder) -> None:
    await office.propose(make_terms("gym"))
    resident = await person()
    for path in ("gym/versions/1/approve", "gym/versions/1/refuse", "gym/pause", "gym/resume", "gym/end"):
        assert (await office.act(path, resident)).status_code == 403
    assert (await office.act("gym/versions/2/approve")).status_code == 404
    assert (await office.act("gym/versions/x/approve")).status_code in (400, 404)


async def test_a_dry_run_tells_who_gains_who_loses_and_what_it_costs_without_naming_anybody(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    person: PersonBuilder,
    office: Office,
    run_due: RunDue,
) -> None:
    people = [await person() for _ in range(12)]
    await run_due()
    rank = (await client.get("/v1/me/score", headers=people[0].headers)).json()["level"]["rank"]

    def tiers(*given: tuple[int, int]) -> tuple[Tier, ...]:
        return tuple(Tier(Text(f"第{each}级", f"Level {each}"), each, value) for each, value in given)

    await publish(platform, make_terms("gym", open_to_all=False, tiers=tiers((rank, 100)), cap_fen=5000))
    till: PartnerCaller = await make_partner(client, platform, clock, "gym")
    for who in people:
        code = (await current_code(client, who.headers))["text"]
        verification = (await till.verify(code, "gym")).json()["verification_id"]
        assert (await till.redeem(verification, amount_fen=1000)).status_code == 201
    deeper = make_terms("gym", open_to_all=False, tiers=tiers((rank, 150), (rank + 1, 300)), cap_fen=5000)
    stricter = make_terms("gym", open_to_all=False, tiers=tiers((rank + 1, 100)), cap_fen=5000)
    for terms in (deeper, stricter):
        await office.propose(terms)

    async def lookers() -> list[str]:
        log = (await client.get("/v1/me/access-log", headers=people[0].headers)).json()["entries"]
        return sorted(entry["action"] for entry in log if entry["action"] != "查看访问日志")

    before = await lookers()
    gaining = (await office.read("gym/versions/2/dry-run")).json()
    effects = {each["rank"]: each for each in gaining["levels"]}
    assert (effects[rank]["effect"], effects[rank]["before"], effects[rank]["after"]) == ("gains", 100, 150)
    assert (effects[rank]["people"], effects[rank + 1]["people"]) == (10, None)
    assert (gaining["gain"], gaining["lose"], gaining["uses"]) == (10, None, 10)
    assert (gaining["cost_before_fen"], gaining["cost_after_fen"]) == (12_000, 18_000)
    losing = (await office.read("gym/versions/3/dry-run")).json()
    assert (losing["gain"], losing["lose"], losing["cost_after_fen"]) == (None, 10, 0)
    assert losing["version_before"] == 1
    assert await lookers() == before
    assert (await office.read("gym/versions/9/dry-run")).status_code == 404


async def test_a_dry_run_of_few_says_nothing_of_them(
    platform: Platform, office: Office, person: PersonBuilder, run_due: RunDue
) -> None:
    await person()
    await run_due()
    await publish(platform, make_terms("gym", open_to_all=False))
    await office.propose(make_terms("gym", open_to_all=False, tiers=(Tier(Text("人人", "Everyone"), 0, 200),)))
    told = (await office.read("gym/versions/2/dry-run")).json()
    assert {each["people"] for each in told["levels"]} == {None}
    assert [told[name] for name in ("gain", "lose", "uses", "cost_before_fen", "cost_after_fen")] == [None] * 5
