"""信易+权益: two people publish, the law is kept, everyone sees the terms, a resident sees what is theirs and why not."""

from uuid import uuid4

import httpx2
import pytest

from backend.market import service
from backend.market.states import BENEFIT, BenefitEvent, BenefitState
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from partners.benefits.terms import Terms, Text, Tier
from tests.builders.partners import current_code, make_partner, make_terms, publish
from tests.builders.people import PersonBuilder
from tests.conftest import RunDue


async def proposed(platform: Platform, terms: Terms, by: object = None) -> int:
    async with platform.database.transaction() as connection:
        return await service.propose_benefit(platform, connection, by or uuid4(), terms)  # type: ignore[arg-type]


async def test_whoever_proposes_cannot_approve(platform: Platform, client: httpx2.AsyncClient) -> None:
    proposer = uuid4()
    version = await proposed(platform, make_terms("own-idea"), proposer)
    with pytest.raises(Problem, match="two-people-needed"):
        async with platform.database.transaction() as connection:
            await service.approve_benefit(platform, connection, proposer, "own-idea", version)
    assert (await client.get("/v1/benefits/own-idea")).status_code == 404


async def test_a_basic_public_service_is_never_made_conditional(platform: Platform) -> None:
    terms = make_terms("emergency-room", basic_public_service=True, open_to_all=False)
    version = await proposed(platform, terms)
    with pytest.raises(Problem) as refused:
        async with platform.database.transaction() as connection:
            await service.approve_benefit(platform, connection, uuid4(), terms.id, version)
    assert refused.value.kind.code == "benefit-unlawful"
    assert "第二十六条" in refused.value.errors[0].reason


@pytest.mark.parametrize(
    ("field", "value"), [("scene", "lending"), ("scene", "nowhere"), ("legal_basis", " "), ("tiers", ())]
)
async def test_terms_without_scene_basis_or_tier_are_not_published(
    platform: Platform, field: str, value: object
) -> None:
    version = await proposed(platform, make_terms("faulty", **{field: value}))
    with pytest.raises(Problem, match="benefit-unlawful"):
        async with platform.database.transaction() as connection:
            await service.approve_benefit(platform, connection, uuid4(), "faulty", version)


async def test_a_change_is_a_new_version_and_ends_the_one_before(
    platform: Platform, client: httpx2.AsyncClient
) -> None:
    assert await publish(platform, make_terms("reading")) == 1
    assert await publish(platform, make_terms("reading", cap_fen=500)) == 2
    shown = (await client.get("/v1/benefits/reading")).json()
    assert (shown["version"], shown["cap_fen"], shown["legal_basis"]) == (2, 500, "激励措施清单")
    with pytest.raises(Problem, match="state-conflict"):
        async with platform.database.transaction() as connection:
            await service.approve_benefit(platform, connection, uuid4(), "reading", 1)


async def test_a_benefit_is_paused_resumed_and_ended(platform: Platform, client: httpx2.AsyncClient) -> None:
    await publish(platform, make_terms("reading"))

    async def moved(event: BenefitEvent) -> BenefitState:
        async with platform.database.transaction() as connection:
            return await service.move_benefit(platform, connection, uuid4(), "reading", event)

    assert await moved(BenefitEvent.PAUSE) is BenefitState.PAUSED
    assert (await client.get("/v1/benefits/reading")).json()["state"] == "paused"
    with pytest.raises(Problem, match="state-conflict"):
        await moved(BenefitEvent.PAUSE)
    assert await moved(BenefitEvent.RESUME) is BenefitState.PUBLISHED
    assert await moved(BenefitEvent.END) is BenefitState.ENDED
    assert (await client.get("/v1/benefits/reading")).status_code == 404
    with pytest.raises(Problem, match="not-found"):
        await moved(BenefitEvent.RESUME)


def test_every_state_of_a_benefit_can_be_reached() -> None:
    assert BENEFIT.reachable() == frozenset(BenefitState)


async def test_the_list_is_paged_and_filtered_by_scene(platform: Platform, client: httpx2.AsyncClient) -> None:
    for name in ("b-one", "b-three", "b-two"):
        await publish(platform, make_terms(name))
    await publish(platform, make_terms("a-parking", scene="parking"))
    first = (await client.get("/v1/benefits", params={"limit": 2, "scene": "library"})).json()
    second = (await client.get("/v1/benefits", params={"limit": 2, "scene": "library", "cursor": first["next"]})).json()
    assert [benefit["id"] for benefit in first["benefits"] + second["benefits"]] == ["b-one", "b-three", "b-two"]
    assert second["next"] is None
    for bad in ("x", "IgAi", "IlwwMCI"):
        assert (await client.get("/v1/benefits", params={"cursor": bad})).status_code == 400
    assert (await client.get("/v1/benefits/%00")).status_code in (400, 404)


async def test_a_resident_sees_what_is_theirs_and_why_the_rest_is_not(
    platform: Platform, client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    resident = await person()
    await publish(platform, make_terms("for-everyone"))
    await publish(platform, make_terms("unpaid"))
    top = (Tier(Text("典范", "Exemplary"), 20, 500),)
    await publish(platform, make_terms("for-the-few", open_to_all=False, tiers=top))
    async with platform.database.transaction() as connection:
        await service.close_offer(platform, connection, resident.subject_id, "unpaid", "order 1")
    answer = await client.get("/v1/me/benefits", headers=resident.headers)
    assert answer.status_code == 200
    shown = {benefit["id"]: benefit for benefit in answer.json()["benefits"]}
    assert answer.json()["benefits"][0]["id"] == "for-everyone"
    assert (shown["for-everyone"]["standing"], shown["for-everyone"]["value"]) == ("yours", 100)
    assert shown["for-the-few"]["standing"] == "not-now"
    assert "账单" in shown["unpaid"]["reasons"][0]["zh"]
    log = (await client.get("/v1/me/access-log", headers=resident.headers)).json()["entries"]
    assert "查看我的权益" in {entry["action"] for entry in log}
    async with platform.database.transaction() as connection:
        assert await service.reopen_offer(connection, resident.subject_id, "unpaid")
    again = (await client.get("/v1/me/benefits", headers=resident.headers)).json()["benefits"]
    assert {benefit["id"] for benefit in again if benefit["standing"] == "yours"} == {"for-everyone", "unpaid"}


async def test_the_level_decides_and_the_next_level_is_shown(
    platform: Platform, client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock, run_due: RunDue
) -> None:
    resident = await person()
    await run_due()
    rank = (await client.get("/v1/me/score", headers=resident.headers)).json()["level"]["rank"]

    def tiers(*ranks: int) -> tuple[Tier, ...]:
        return tuple(Tier(Text(f"第{each}级", f"Level {each}"), each, 100 * (each + 1)) for each in ranks)

    await publish(platform, make_terms("now", open_to_all=False, tiers=tiers(rank, rank + 1)))
    await publish(platform, make_terms("soon", open_to_all=False, tiers=tiers(rank + 1)))
    await publish(platform, make_terms("later", open_to_all=False, tiers=tiers(rank + 2)))
    answer = (await client.get("/v1/me/benefits", headers=resident.headers)).json()["benefits"]
    assert [(benefit["id"], benefit["standing"]) for benefit in answer] == [
        ("now", "yours"),
        ("soon", "next-level"),
        ("later", "not-now"),
    ]
    assert (answer[0]["value"], answer[0]["next_value"]) == (100 * (rank + 1), 100 * (rank + 2))
    till = await make_partner(client, platform, clock, "now", "soon")
    for benefit, result in (("now", "eligible"), ("soon", "declined")):
        code = (await current_code(client, resident.headers))["text"]
        assert (await till.verify(code, benefit)).json()["result"] == result
