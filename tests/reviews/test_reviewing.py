"""评议: of one's own visits, once, in time; and nobody learns who."""

from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.partners import PartnerCaller, make_partner
from tests.builders.people import Person, PersonBuilder
from tests.builders.reviews import BENEFIT, review, visit


async def test_a_visit_is_reviewed_once_and_taken_back(
    client: httpx2.AsyncClient, partner: PartnerCaller, guest: Person
) -> None:
    verification = await visit(client, partner, guest)
    given = await review(client, guest, verification, words="店员很熟悉流程。")
    assert given.status_code == 201, given.text
    assert (given.json()["partner"], given.json()["benefit"]) == ("桃花书店", BENEFIT)
    again = await review(client, guest, verification, stars=1)
    assert (again.status_code, again.json()["code"]) == (409, "review-given")
    mine = (await client.get("/v1/me/reviews", headers=guest.headers)).json()
    assert mine == {"reviews": [given.json()], "next": None}
    path = f"/v1/me/reviews/{given.json()['id']}"
    assert (await client.delete(path, headers=guest.headers)).status_code == 204
    assert (await client.delete(path, headers=guest.headers)).status_code == 404
    assert (await review(client, guest, verification, stars=4)).status_code == 201


async def test_only_a_yes_of_ones_own_can_be_reviewed(
    client: httpx2.AsyncClient, partner: PartnerCaller, guest: Person, person: PersonBuilder
) -> None:
    verification = await visit(client, partner, guest)
    for somebody, named in ((await person(), verification), (guest, str(uuid4()))):
        refused = await review(client, somebody, named)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    for wrong in ({"stars": 0}, {"stars": 6}, {"words": "长" * 301}, {"words": ""}, {"kept": "yes"}):
        assert (await review(client, guest, verification, **wrong)).json()["code"] == "malformed-request"


async def test_a_refusal_at_the_till_is_a_yes_that_was_never_used(
    client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder, partner: PartnerCaller, guest: Person
) -> None:
    refused = await visit(client, partner, guest, served=False)
    open_still = await review(client, guest, refused, kept="refused")
    assert (open_still.status_code, open_still.json()["code"]) == (409, "visit-open")
    clock.move(timedelta(minutes=15))
    await person.sign_in(guest)
    assert (await review(client, guest, refused)).json()["code"] == "review-unfit"
    assert (await review(client, guest, refused, kept="refused", stars=1)).status_code == 201
    served = await visit(client, partner, guest)
    assert (await review(client, guest, served, kept="refused")).json()["code"] == "review-unfit"
    assert (await review(client, guest, served, kept="otherwise")).status_code == 201


async def test_a_visit_is_reviewed_within_thirty_days(
    client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder, partner: PartnerCaller, guest: Person
) -> None:
    in_time, late = [await visit(client, partner, guest) for _ in range(2)]
    clock.move(timedelta(days=30))
    await person.sign_in(guest)
    assert (await review(client, guest, in_time)).status_code == 201
    clock.move(timedelta(days=1))
    await person.sign_in(guest)
    refused = await review(client, guest, late)
    assert (refused.status_code, refused.json()["code"]) == (409, "review-late")


async def test_whoever_works_at_the_till_does_not_review_it(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, guest: Person
) -> None:
    verification = await visit(client, partner, guest)
    other = await make_partner(client, platform, clock, BENEFIT)
    elsewhere = await visit(client, other, guest)
    async with platform.database.transaction() as connection:
        await partner_accounts.add_clerk(platform, connection, guest.account_id, partner.store_id, "1号收银台")
    assert (await review(client, guest, verification)).json()["code"] == "own-matter"
    assert (await review(client, guest, elsewhere)).status_code == 201


async def test_words_are_read_by_an_officer_and_the_writer_sees_it(
    client: httpx2.AsyncClient, platform: Platform, person: PersonBuilder, partner: PartnerCaller, guest: Person
) -> None:
    words = "排队时店员说今天不做活动。"
    await review(client, guest, await visit(client, partner, guest), words=words, stars=2)
    await review(client, guest, await visit(client, partner, guest))
    officer = await person("李四", roles=(Role.CASE_OFFICER,))
    path = f"/v1/staff/partners/{partner.partner_id}/review-words"
    read = await client.get(path, headers=officer.headers)
    assert read.json() == {
        "words": [{"month": "2026-11", "stars": 2, "kept": "honoured", "words": words}],
        "next": None,
    }
    assert (await client.get(f"/v1/staff/partners/{uuid4()}/review-words", headers=officer.headers)).status_code == 404
    assert (await client.get(path, headers=guest.headers)).status_code == 403
    log = (await client.get("/v1/me/access-log?limit=100", headers=guest.headers)).json()["entries"]
    assert [entry["action"] for entry in log if entry["actor_kind"] == "staff"] == ["查看公众评议的文字"]
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal(
            "the test looks for plain words",
            "SELECT count(*) AS number FROM review WHERE position($1::bytea IN words_sealed) > 0",
            words.encode(),
        )
    assert row["number"] == 0


async def test_no_answer_to_the_partner_or_the_public_knows_of_the_guest(
    client: httpx2.AsyncClient, partner: PartnerCaller, guest: Person
) -> None:
    given = (await review(client, guest, await visit(client, partner, guest), words="欧阳诗涵来过。")).json()
    for answer in (
        await partner("GET", "/v1/partner/review"),
        await client.get("/v1/promises"),
        await client.get(f"/v1/promises/{partner.partner_id}"),
    ):
        assert answer.status_code == 200, answer.text
        for secret in (guest.name, str(guest.subject_id), str(guest.account_id), given["id"], "来过", "2026-11-23T"):
            assert secret not in answer.text.replace(str(partner.partner_id), "").split('"history"')[0]


async def test_leaving_takes_the_reviews_along(
    client: httpx2.AsyncClient, platform: Platform, partner: PartnerCaller, guest: Person
) -> None:
    await review(client, guest, await visit(client, partner, guest), words="很好。")
    assert (await client.delete("/v1/me", headers=guest.headers)).status_code == 204
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("the test counts", "SELECT count(*) AS number FROM review")
    assert row["number"] == 0


@pytest.mark.parametrize("path", ["/v1/me/reviews?cursor=none", "/v1/promises?cursor=none"])
async def test_a_cursor_of_nobody_is_refused(client: httpx2.AsyncClient, guest: Person, path: str) -> None:
    answer = await client.get(path, headers=guest.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")
