"""Partners: who is live, what they may honour, and what the public sees."""

from uuid import uuid4

import httpx2
import pytest

from backend.partner_accounts import service
from backend.partner_accounts.messages import NewPartner
from backend.partner_accounts.states import NEXT, SERVING, PartnerEvent, PartnerState
from backend.platform.clock import SettableClock
from backend.platform.identifiers import make_unified_social_credit_code
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.roles import Role
from tests.builders.partners import delist, make_partner
from tests.builders.people import PersonBuilder


async def test_the_public_sees_live_partners_with_stores_and_benefits(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    live = await make_partner(client, platform, clock, "library-extra-books")
    waiting = NewPartner(
        name="待审商户", name_en="Waiting", credit_code=make_unified_social_credit_code("MA999999"), scenes=("library",)
    )
    async with platform.database.transaction() as connection:
        await service.add_partner(platform, connection, waiting)
    page = (await client.get("/v1/partners")).json()
    assert [partner["id"] for partner in page["partners"]] == [str(live.partner_id)]
    assert page["partners"][0]["benefits"] == ["library-extra-books"]
    assert page["partners"][0]["stores"][0]["district"] == "taoyuan"
    assert (await client.get("/v1/partners", params={"scene": "parking"})).json()["partners"] == []
    assert len((await client.get("/v1/partners", params={"district": "taoyuan"})).json()["partners"]) == 1
    assert (await client.get("/v1/partners", params={"cursor": "none"})).status_code == 400


async def test_pages_follow_one_another_without_gap_or_repeat(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    made = {str((await make_partner(client, platform, clock)).partner_id) for _ in range(5)}
    seen, cursor = [], None
    while True:
        page = (await client.get("/v1/partners", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [partner["id"] for partner in page["partners"]]
        if (cursor := page["next"]) is None:
            break
    assert set(seen) == made
    assert len(seen) == 5


async def test_a_wrong_credit_code_is_refused(platform: Platform) -> None:
    wrong = NewPartner(name="商户", name_en="Shop", credit_code="91320100748204660R", scenes=())
    async with platform.database.transaction() as connection:
        with pytest.raises(Problem, match="credit-code-invalid"):
            await service.add_partner(platform, connection, wrong)


async def test_a_partner_under_review_goes_on_serving_until_it_is_delisted(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    partner = await make_partner(client, platform, clock, "a-benefit")

    async def moved(event: PartnerEvent) -> PartnerState:
        async with platform.database.transaction() as connection:
            return await service.move_partner(platform, connection, partner.partner_id, event, "officer", "公众评议")

    async def may_act() -> bool:
        async with platform.database.connection() as connection:
            try:
                await service.live_partner(connection, partner.partner_id)
            except Problem as problem:
                return problem.kind.code != "partner-suspended"
        return True

    assert await may_act()
    for event in (PartnerEvent.REVIEW, PartnerEvent.ORDER_RECTIFICATION, PartnerEvent.RECHECK):
        await moved(event)
        assert await may_act()
        assert [each["id"] for each in (await client.get("/v1/partners")).json()["partners"]] == [
            str(partner.partner_id)
        ]
    await moved(PartnerEvent.CLEAR)
    assert await may_act()
    with pytest.raises(Problem, match="state-conflict"):
        await moved(PartnerEvent.RECHECK)
    await delist(platform, partner)
    assert not await may_act()
    assert (await client.get("/v1/partners")).json()["partners"] == []


def test_every_state_can_be_reached_and_left_and_every_event_is_used() -> None:
    reached = {PartnerState.APPLIED, *NEXT.values()}
    assert reached == set(PartnerState)
    assert {event for _, event in NEXT} == set(PartnerEvent)
    leads = {PartnerState.LIVE}
    while more := {before for (before, _), after in NEXT.items() if after in leads} - leads:
        leads |= more
    assert leads == set(PartnerState), "a state from which nobody can come to serve"


def test_whoever_serves_can_be_reviewed_and_cleared() -> None:
    for state in SERVING - {PartnerState.LIVE}:
        assert NEXT[state, PartnerEvent.CLEAR] is PartnerState.LIVE
    assert {state for state, event in NEXT if event is PartnerEvent.DELIST} == {
        PartnerState.APPLIED,
        PartnerState.RECHECKED,
    }


async def test_a_benefit_not_granted_is_refused(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    partner = await make_partner(client, platform, clock, "granted")
    async with platform.database.connection() as connection:
        found = await service.partner_granting(connection, partner.partner_id, "granted")
        assert found.name == partner.name
        with pytest.raises(Problem, match="benefit-not-granted"):
            await service.partner_granting(connection, partner.partner_id, "other")
        with pytest.raises(Problem, match="partner-suspended"):
            await service.live_partner(connection, uuid4())


async def test_a_clerk_works_at_one_till_and_gets_the_role(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder
) -> None:
    partner, worker = await make_partner(client, platform, clock), await person()
    async with platform.database.transaction() as connection:
        await service.add_clerk(platform, connection, worker.account_id, partner.store_id, "1号收银台")
        clerk = await service.clerk_of(connection, worker.account_id)
        assert clerk is not None
        assert (clerk.partner_id, clerk.store_name, clerk.shown_as) == (partner.partner_id, "总店", "1号收银台")
        assert await service.clerk_of(connection, uuid4()) is None
        with pytest.raises(Problem, match="not-found"):
            await service.add_clerk(platform, connection, worker.account_id, uuid4(), "1号收银台")
    await person.sign_in(worker)
    me = (await client.get("/v1/me", headers=worker.headers)).json()
    assert Role.CLERK in me["roles"]
    assert (await client.delete("/v1/me", headers=worker.headers)).status_code == 204
    async with platform.database.connection() as connection:
        assert await service.clerk_of(connection, worker.account_id) is None


async def test_only_public_ed25519_and_p256_keys_are_registered(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    partner = await make_partner(client, platform, clock)
    async with platform.database.transaction() as connection:
        with pytest.raises(Problem, match="key-invalid"):
            await service.register_key(platform, connection, partner.partner_id, {"kty": "RSA", "n": "AQ", "e": "AQAB"})
