"""What an enterprise's agent does with its codes, and what ends them by itself."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.platform import keys
from backend.platform.clock import SettableClock
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from tests.builders.displays import Exhibitor, exhibitor, product, token_of
from tests.builders.enterprises import commitment, credit_code, registered
from tests.builders.people import PersonBuilder
from tests.conftest import RunDue


async def test_an_agent_makes_the_enterprises_code_for_twelve_months(shop: Exhibitor) -> None:
    made = await shop.made()
    assert (made["kind"], made["state"]) == ("enterprise", "live")
    assert (made["issued_on"], made["valid_until"]) == ("2026-11-23", "2027-11-23")
    assert [entry["event"] for entry in made["history"]] == ["make"]
    assert len(token_of(made)) == 120


async def test_asking_again_gives_the_same_code_until_it_is_revoked(shop: Exhibitor) -> None:
    first = await shop.made()
    again = await shop.made()
    assert (again["id"], again["url"]) == (first["id"], first["url"])
    await shop.end(first["id"])
    other = await shop.made()
    assert other["id"] != first["id"]
    assert (await shop.shown(first)).status_code == 410


async def test_of_many_requests_at_the_same_time_one_code_is_made(shop: Exhibitor) -> None:
    made = await asyncio.gather(*(shop.made() for _ in range(4)))
    assert len({each["id"] for each in made}) == 1


async def test_a_code_expires_with_its_last_day_and_another_can_be_made(
    shop: Exhibitor, clock: SettableClock, run_due: RunDue, client: httpx2.AsyncClient
) -> None:
    first = await shop.made()
    clock.move(timedelta(days=365))
    assert (await shop.shown(first)).status_code == 200, "its last day counts"
    clock.move(timedelta(days=1))
    assert (await shop.page(first)).status_code == 410, "also before the due queue has come to it"
    await run_due()
    await shop.sign_in()
    found = await shop.get(first["id"])
    assert (found["state"], found["ended_by"], found["url"]) == ("expired", "term", None)
    assert (await shop.made())["id"] != first["id"]


async def test_between_midnight_and_the_due_queue_another_can_be_made(shop: Exhibitor, clock: SettableClock) -> None:
    first = await shop.made()
    clock.move(timedelta(days=366))
    await shop.sign_in()
    assert (await shop.made())["id"] != first["id"]
    assert (await shop.get(first["id"]))["state"] == "expired"


async def test_after_its_key_was_revoked_the_same_code_has_a_new_link_and_the_old_one_is_worth_nothing(
    shop: Exhibitor, platform: Platform, clock: SettableClock
) -> None:
    first = await shop.made()
    async with platform.database.transaction() as connection:
        await keys.revoke(connection, platform.cipher, platform.keys.active(Purpose.DISPLAY).kid, clock.now())
    await platform.keys.reload()
    again = await shop.made()
    assert again["id"] == first["id"]
    assert (await shop.shown(first)).status_code == 404
    assert (await shop.shown(again)).status_code == 200


async def test_after_a_rotation_the_old_link_and_the_new_one_are_both_good(
    shop: Exhibitor, platform: Platform, clock: SettableClock
) -> None:
    first = await shop.made()
    async with platform.database.transaction() as connection:
        await keys.rotate(connection, platform.cipher, Purpose.DISPLAY, clock.now())
    for _ in range(2):
        clock.move(timedelta(days=3))
        async with platform.database.transaction() as connection:
            await keys.advance(connection, clock.now())
    await platform.keys.reload()
    await shop.sign_in()
    again = await shop.made()
    assert (again["id"], again["url"] == first["url"]) == (first["id"], False)
    for code in (first, again):
        assert (await shop.shown(code)).status_code == 200


async def test_a_product_is_declared_batch_by_batch_and_recalled_with_a_reason(shop: Exhibitor) -> None:
    made = await shop.declared()
    assert made["product"] == product()
    second = await shop.post("/product-codes", {"product": product(), "valid_until": "2027-11-01"})
    assert (second.status_code, second.json()["code"]) == (409, "display-code-open")
    other = await shop.declared(batch="20261102-B")
    recalled = await shop.end(made["id"], "包装密封不良")
    assert (recalled["state"], recalled["ended_by"], recalled["reason"]) == ("revoked", "agent", "包装密封不良")
    assert (await shop.shown(other)).status_code == 200
    answer = await shop.shown(made)
    assert (answer.status_code, answer.json()["code"]) == (410, "display-code-ended")
    assert "2026-11-23" in answer.json()["detail"]
    assert "包装密封不良" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "valid_until", "code", "field"),
    [
        ({"made_on": "2026-11-24"}, "2027-11-01", "display-dates-unusable", "product.made_on"),
        ({"best_before": "2026-10-31"}, "2027-11-01", "display-dates-unusable", "product.best_before"),
        ({}, "2028-11-01", "display-dates-unusable", "valid_until"),
        ({"best_before": "2030-01-01"}, "2028-11-24", "display-dates-unusable", "valid_until"),
        ({}, "2026-11-23", "last-day-unusable", "valid_until"),
    ],
)
async def test_a_products_dates_must_make_sense(
    shop: Exhibitor, changes: dict[str, Any], valid_until: str, code: str, field: str
) -> None:
    answer = await shop.post("/product-codes", {"product": product(**changes), "valid_until": valid_until})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_a_sector_code_is_applied_for_with_a_public_commitment_of_ones_own(
    shop: Exhibitor, client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    application = await shop.applied()
    assert (application["state"], application["url"], application["valid_until"]) == ("applied", None, None)
    twice = await shop.post("/sector-codes", {"sector": "tourism", "commitment_id": application["commitment_id"]})
    assert (twice.status_code, twice.json()["code"]) == (409, "display-code-open")
    other = await shop.post("/sector-codes", {"sector": "food", "commitment_id": application["commitment_id"]})
    assert other.status_code == 201
    closed = await shop.promised(openness="closed")
    stranger = await person("陈七")
    theirs = await registered(client, stranger, code=credit_code(2), name="另一家公司")
    foreign = await client.post(f"/v1/enterprises/{theirs}/commitments", json=commitment(), headers=stranger.headers)
    for unsuitable in (closed, foreign.json()["id"], application["id"]):
        answer = await shop.post("/sector-codes", {"sector": "housekeeping", "commitment_id": unsuitable})
        assert (answer.status_code, answer.json()["code"]) == (422, "display-commitment-unsuitable")
    unknown = await shop.post("/sector-codes", {"sector": "x", "commitment_id": application["commitment_id"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "display-sector-unknown")


async def test_an_application_is_taken_back_at_any_time(shop: Exhibitor) -> None:
    application = await shop.applied()
    taken_back = await shop.end(application["id"])
    assert (taken_back["state"], taken_back["ended_by"]) == ("withdrawn", "agent")
    assert (await shop.post(f"/display-codes/{application['id']}/revocation", {"reason": "再次"})).status_code == 409
    assert (await shop.applied())["state"] == "applied"


async def test_the_sectors_are_published_with_authority_and_legal_basis(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/v1/display-sectors")).json()
    assert {each["code"] for each in listed} == {"tourism", "food", "housekeeping"}
    assert all(each["name"] and each["name_en"] and each["authority"] and each["authority_en"] for each in listed)
    assert all(basis["document"] and basis["article"] for each in listed for basis in each["legal_basis"])
    assert next(each["name"] for each in listed if each["code"] == "tourism") == "旅游诚信码"


async def test_an_agent_lists_them_newest_first_page_by_page(shop: Exhibitor, client: httpx2.AsyncClient) -> None:
    made = [await shop.made(), await shop.declared(), await shop.applied()]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = await client.get(f"{shop.path}/display-codes", params=params, headers=shop.agent.headers)
        seen += [each["id"] for each in page.json()["codes"]]
        if (cursor := page.json()["next"]) is None:
            break
    assert sorted(seen, reverse=True) == seen
    assert set(seen) == {each["id"] for each in made}


async def test_another_enterprises_codes_are_nobody_elses_business(
    shop: Exhibitor, client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    made = await shop.made()
    stranger = await person("陈七")
    other = await registered(client, stranger, code=credit_code(2), name="另一家公司")
    for path in (f"{shop.path}/display-codes", f"{shop.path}/display-codes/{made['id']}"):
        assert (await client.get(path, headers=stranger.headers)).status_code == 404
        assert (await client.get(path)).status_code == 401
    theirs = f"/v1/enterprises/{other}/display-codes/{made['id']}"
    for path in (theirs, f"{theirs}/print"):
        assert (await client.get(path, headers=stranger.headers)).status_code == 404
    answer = await client.post(f"{theirs}/revocation", json={"reason": "x"}, headers=stranger.headers)
    assert answer.status_code == 404


async def test_a_second_enterprise_has_a_code_of_its_own(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    first = await exhibitor(client, person)
    second = await exhibitor(client, person, code=credit_code(2), name="另一家公司")
    assert token_of(await first.made()) != token_of(await second.made())


async def test_when_the_enterprise_leaves_its_codes_end_at_once_and_applications_are_withdrawn(
    shop: Exhibitor, client: httpx2.AsyncClient, run_due: RunDue, person: PersonBuilder
) -> None:
    own, application, granted = await shop.made(), await shop.applied("food"), await shop.granted()
    await shop.act(shop.officer, granted["id"], "proposal", {"proposal": "revoke", "reason": "核查中"})
    assert (await client.delete(shop.path, headers=shop.agent.headers)).status_code == 204
    for code in (own, granted):
        answer = await shop.page(code)
        assert answer.status_code == 410, "before the due queue has come to it"
        assert "企业已退出信易" in answer.text
    await run_due()
    states = {}
    for code in (own, application, granted):
        seen = await client.get(f"/v1/staff/display-codes/{code['id']}", headers=shop.officer.headers)
        states[code["id"]] = (seen.json()["state"], seen.json()["ended_by"], seen.json()["reason"])
    assert states == {
        own["id"]: ("revoked", "departure", None),
        application["id"]: ("withdrawn", "departure", None),
        granted["id"]: ("revoked", "departure", None),
    }
    successor = await person("陈七")
    assert await registered(client, successor) == shop.enterprise_id
    assert (await shop.page(own)).status_code == 410, "coming back brings no old code back"


async def test_what_is_made_after_coming_back_stays_when_the_queue_comes_to_the_leaving(
    shop: Exhibitor, client: httpx2.AsyncClient, run_due: RunDue, clock: SettableClock
) -> None:
    old = await shop.made()
    await client.delete(shop.path, headers=shop.agent.headers)
    clock.move(timedelta(milliseconds=300))
    await registered(client, shop.agent)
    product_code = await shop.declared()
    await run_due()
    assert (await shop.shown(old)).status_code == 410
    assert (await shop.shown(product_code)).status_code == 200
