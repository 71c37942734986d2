"""A person sees who looked, newest first, page by page; looking is logged too."""

import httpx2

from tests.builders.people import PersonBuilder


async def test_every_look_at_ones_own_data_is_in_the_log(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person(consents=())
    await client.get("/v1/me", headers=someone.headers)
    await client.get("/v1/me/consents", headers=someone.headers)
    log = (await client.get("/v1/me/access-log", headers=someone.headers)).json()
    assert [entry["action"] for entry in log["entries"]] == ["查看我的同意", "查看账户信息"]
    again = (await client.get("/v1/me/access-log", headers=someone.headers)).json()
    assert again["entries"][0]["action"] == "查看访问日志"


async def test_pages_follow_each_other_without_gap_or_overlap(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    someone = await person()
    for _ in range(7):
        await client.get("/v1/me", headers=someone.headers)
    whole = (await client.get("/v1/me/access-log", headers=someone.headers)).json()["entries"]
    first = (await client.get("/v1/me/access-log?limit=3", headers=someone.headers)).json()
    second = (await client.get(f"/v1/me/access-log?limit=4&cursor={first['next']}", headers=someone.headers)).json()
    # The whole list was itself a look, and stands at the top of the first page.
    assert [*first["entries"][1:], *second["entries"]] == whole[:6]


async def test_nobody_sees_anybody_elses_log(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    first, second = await person(consents=()), await person(name="李四", consents=())
    await client.get("/v1/me", headers=first.headers)
    assert (await client.get("/v1/me/access-log", headers=second.headers)).json()["entries"] == []


async def test_a_cursor_that_is_not_ours_is_refused(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person(consents=())
    for cursor in ("x", "!!", "bnVsbA", "e30", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        answer = await client.get("/v1/me/access-log", params={"cursor": cursor}, headers=someone.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor"), cursor
