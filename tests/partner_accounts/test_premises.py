"""门店与岗位: stores that open and close, posts given by a one-time code, and nobody's name anywhere."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.partners import PartnerCaller, current_code, delist, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

SECOND = {"name": "云岭分店", "district": "yunling"}


@pytest.fixture
async def shop(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner with one store."""
    await publish(platform, make_terms("for-all"))
    return await make_partner(client, platform, clock, "for-all")


@pytest.fixture
async def operator(person: PersonBuilder) -> Person:
    """An operator."""
    return await person("李四", roles=(Role.OPERATOR,))


async def opened(client: httpx2.AsyncClient, shop: PartnerCaller, operator: Person) -> str:
    """A second store, asked for and opened."""
    store_id = (await shop("POST", "/v1/partner/stores", SECOND)).json()["id"]
    assert (await decide(client, operator, store_id, open=True)).json()["state"] == "open"
    return str(store_id)


async def decide(client: httpx2.AsyncClient, operator: Person, store_id: str, **decision: Any) -> httpx2.Response:
    """What an operator decides about a store."""
    path = f"/v1/staff/partner-stores/{store_id}/decision"
    return await client.post(path, json=decision, headers=operator.headers)


async def shown(client: httpx2.AsyncClient) -> list[str]:
    """The stores that the public sees."""
    [partner] = (await client.get("/v1/partners")).json()["partners"]
    return [store["name"] for store in partner["stores"]]


async def test_a_store_is_asked_for_by_the_partner_and_opened_by_an_operator(
    client: httpx2.AsyncClient, shop: PartnerCaller, operator: Person
) -> None:
    asked = await shop("POST", "/v1/partner/stores", SECOND)
    assert (asked.status_code, asked.json()["state"]) == (201, "asked")
    assert (await shop("POST", "/v1/partner/stores", SECOND)).json() == asked.json()
    assert await shown(client) == ["总店"]
    waiting = (await client.get("/v1/staff/partner-stores", headers=operator.headers)).json()["stores"]
    assert [(each["partner"], each["store"]["name"]) for each in waiting] == [(shop.name, "云岭分店")]
    path = asked.json()["id"]
    assert (await decide(client, operator, path, open=False)).json()["code"] == "state-conflict", "without a reason"
    back = (await decide(client, operator, path, open=False, because="地址不全")).json()
    assert (back["state"], back["because"]) == ("returned", "地址不全")
    assert (await decide(client, operator, path, open=True)).json()["code"] == "state-conflict"
    await opened(client, shop, operator)
    assert sorted(await shown(client)) == ["云岭分店", "总店"]
    assert len((await client.get("/v1/partners?district=yunling")).json()["partners"]) == 1
    own = (await shop("GET", "/v1/partner/stores")).json()["stores"]
    assert sorted(store["state"] for store in own) == ["open", "open", "returned"]
    assert (await decide(client, operator, str(uuid4()), open=True)).status_code == 404


async def test_no_more_than_fifty_stores_wait(shop: PartnerCaller) -> None:
    for number in range(50):
        answer = await shop("POST", "/v1/partner/stores", {**SECOND, "name": f"{number}号店"})
        assert answer.status_code == 201
    assert (await shop("POST", "/v1/partner/stores", SECOND)).json()["code"] == "too-many-stores"


async def test_a_closed_store_has_no_till_no_sign_and_no_invitation(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, shop: PartnerCaller, person: PersonBuilder
) -> None:
    clerk, late = await person(), await person()
    first, second = [await invited(shop) for _ in range(2)]
    assert (await accept(client, clerk, first["code"])).status_code == 201
    sign = await shop("POST", "/v1/partner/counter-codes", {"store_id": str(shop.store_id), "benefit": "for-all"})
    token = sign.json()["text"].partition("=")[2]
    assert (await client.get(f"/v1/counter-codes/{token}")).status_code == 200
    other = await make_partner(client, platform, clock, name="桃花市图书馆")
    assert (await other("DELETE", f"/v1/partner/stores/{shop.store_id}")).status_code == 404
    for _ in range(2):
        assert (await shop("DELETE", f"/v1/partner/stores/{shop.store_id}")).status_code == 204
    await person.sign_in(clerk)
    assert Role.CLERK not in (await client.get("/v1/me", headers=clerk.headers)).json()["roles"]
    assert (await accept(client, late, second["code"])).json()["code"] == "invitation-unusable"
    assert (await client.get(f"/v1/counter-codes/{token}")).json()["code"] == "counter-closed"
    assert (await shop("GET", "/v1/partner/clerks")).json() == {"posts": [], "invitations": []}
    body = {"store_id": str(shop.store_id), "benefit": "for-all"}
    assert (await shop("POST", "/v1/partner/counter-codes", body)).status_code == 404
    assert (await shop("POST", "/v1/partner/clerk-invitations", invitation(shop))).status_code == 404


def invitation(shop: PartnerCaller, **changes: Any) -> dict[str, Any]:
    """The body of an invitation to the partner's first store."""
    return {"store_id": str(shop.store_id), "shown_as": "2号收银台", **changes}


async def invited(shop: PartnerCaller, **changes: Any) -> dict[str, Any]:
    """An invitation with its code."""
    answer = await shop("POST", "/v1/partner/clerk-invitations", invitation(shop, **changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def accept(client: httpx2.AsyncClient, who: Person, code: str) -> httpx2.Response:
    """Takes the post."""
    return await client.post("/v1/me/till-post", json={"code": code}, headers=who.headers)


async def test_a_one_time_code_gives_a_post_once(
    client: httpx2.AsyncClient, shop: PartnerCaller, person: PersonBuilder
) -> None:
    clerk, other = await person("欧阳诗涵"), await person()
    made = await invited(shop)
    taken = await accept(client, clerk, made["code"].lower().replace("-", " "))
    assert (taken.status_code, taken.json()) == (
        201,
        {"partner": shop.name, "store": "总店", "shown_as": "2号收银台", "position": "clerk"},
    )
    assert (await accept(client, other, made["code"])).json()["code"] == "invitation-unusable"
    more = await invited(shop)
    assert (await accept(client, clerk, more["code"])).json()["code"] == "post-taken"
    assert (await accept(client, other, more["code"])).status_code == 201, "what was refused used nothing up"
    await person.sign_in(clerk)
    assert (await client.get("/v1/till", headers=clerk.headers)).json()["terminal"] == "2号收银台"
    listed = await shop("GET", "/v1/partner/clerks")
    for secret in (clerk.name, str(clerk.account_id), str(clerk.subject_id), clerk.phone):
        assert secret not in listed.text
    assert {post["since"] for post in listed.json()["posts"]} == {"2026-11-23"}
    assert listed.json()["invitations"] == []


async def test_an_invitation_ends_and_its_code_is_kept_nowhere(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    shop: PartnerCaller,
    person: PersonBuilder,
) -> None:
    revoked, late = await invited(shop), await invited(shop)
    assert (await shop("DELETE", f"/v1/partner/clerk-invitations/{revoked['id']}")).status_code == 204
    assert (await shop("DELETE", f"/v1/partner/clerk-invitations/{revoked['id']}")).status_code == 404
    listed = (await shop("GET", "/v1/partner/clerks")).json()["invitations"]
    assert [(each["id"], each["code"]) for each in listed] == [(late["id"], None)]
    async with platform.database.connection() as connection:
        rows = await connection.fetch("SELECT code_digest FROM clerk_invitation")
    assert all(late["code"].replace("-", "").encode() not in row["code_digest"] for row in rows)
    clock.move(timedelta(days=7))
    somebody = await person()
    for made in (revoked, late):
        assert (await accept(client, somebody, made["code"])).json()["code"] == "invitation-unusable"


async def test_codes_cannot_be_tried_at_will(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    somebody = await person()
    for _ in range(10):
        assert (await accept(client, somebody, "AAAA-AAAA-AAAA")).status_code == 422
    assert (await accept(client, somebody, "AAAA-AAAA-AAAA")).status_code == 429


async def test_a_post_is_ended_by_the_partner_or_left_by_whoever_has_it(
    client: httpx2.AsyncClient, shop: PartnerCaller, person: PersonBuilder
) -> None:
    dismissed, resigned = await person(), await person()
    for clerk in (dismissed, resigned):
        assert (await accept(client, clerk, (await invited(shop))["code"])).status_code == 201
        await person.sign_in(clerk)
    code = (await current_code(client, (await person()).headers))["text"]
    assert (await client.delete("/v1/me/till-post", headers=resigned.headers)).status_code == 204
    [post] = (await shop("GET", "/v1/partner/clerks")).json()["posts"]
    assert (await shop("DELETE", f"/v1/partner/clerks/{post['id']}")).status_code == 204
    assert (await shop("DELETE", f"/v1/partner/clerks/{post['id']}")).status_code == 404
    # The old access tokens still name the role; the till knows them no more.
    for clerk in (dismissed, resigned):
        body = {"code": code, "benefit": "for-all"}
        headers = {**clerk.headers, "Idempotency-Key": str(uuid4())}
        refused = await client.post("/v1/till/verifications", json=body, headers=headers)
        assert refused.json()["code"] == "not-a-clerk"
        await person.sign_in(clerk)
        assert (await client.get("/v1/till", headers=clerk.headers)).status_code == 403


async def test_a_manager_invites_and_dismisses_the_clerks_of_their_own_store(
    client: httpx2.AsyncClient, shop: PartnerCaller, operator: Person, person: PersonBuilder
) -> None:
    elsewhere = await opened(client, shop, operator)
    manager, clerk, other = await person(), await person(), await person()
    assert (await accept(client, manager, (await invited(shop, position="manager"))["code"])).status_code == 201
    assert (await accept(client, other, (await invited(shop, store_id=elsewhere))["code"])).status_code == 201
    await person.sign_in(manager)
    await person.sign_in(other)
    at_till = "/v1/till/clerk-invitations"
    refused = await client.post(at_till, json={"shown_as": "3号"}, headers=other.headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    made = (await client.post(at_till, json={"shown_as": "3号"}, headers=manager.headers)).json()
    assert (made["store_id"], made["position"]) == (str(shop.store_id), "clerk")
    assert (await accept(client, clerk, made["code"])).status_code == 201
    unused = (await client.post(at_till, json={"shown_as": "4号"}, headers=manager.headers)).json()
    seen = (await client.get("/v1/till/clerks", headers=manager.headers)).json()
    assert {post["shown_as"]: post["position"] for post in seen["posts"]} == {"2号收银台": "manager", "3号": "clerk"}
    everybody = (await shop("GET", "/v1/partner/clerks")).json()["posts"]
    ids = {post["shown_as"] if post["store_id"] != elsewhere else "elsewhere": post["id"] for post in everybody}
    for post_id, status in ((ids["2号收银台"], 404), (ids["elsewhere"], 404), (ids["3号"], 204), (unused["id"], 204)):
        answer = await client.delete(f"/v1/till/clerks/{post_id}", headers=manager.headers)
        assert answer.status_code == status
    left = (await client.get("/v1/till/clerks", headers=manager.headers)).json()
    assert ([post["shown_as"] for post in left["posts"]], left["invitations"]) == (["2号收银台"], [])


async def test_an_alliance_is_joined_by_declaring_the_text_in_force(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, shop: PartnerCaller
) -> None:
    declaration = (await client.get("/v1/alliance")).json()["declaration"]
    assert declaration["legal_basis"]
    old = await shop("POST", "/v1/partner/alliance", {"text_version": declaration["version"] + 1})
    assert (old.status_code, old.json()["code"]) == (409, "declaration-old")
    body = {"text_version": declaration["version"]}
    joined = await shop("POST", "/v1/partner/alliance", body)
    assert joined.json() == {"text_version": 1, "since": "2026-11-23"}
    clock.move(timedelta(days=3))
    assert (await shop("POST", "/v1/partner/alliance", body)).json() == joined.json()
    [member] = (await client.get("/v1/alliance")).json()["members"]
    assert (member["name"], member["since"]) == (shop.name, "2026-11-23")
    card = (await client.get(f"/v1/promises/{shop.partner_id}")).json()
    assert card["alliance_since"] == "2026-11-23"
    for _ in range(2):
        assert (await shop("DELETE", "/v1/partner/alliance")).status_code == 204
    assert (await client.get("/v1/alliance")).json()["members"] == []
    assert (await shop("POST", "/v1/partner/alliance", body)).json()["since"] == "2026-11-26"
    await delist(platform, shop)
    assert (await client.get("/v1/alliance")).json()["members"] == []
    assert (await shop("POST", "/v1/partner/alliance", body)).json()["code"] == "partner-suspended"
