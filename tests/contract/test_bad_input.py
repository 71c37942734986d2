"""Bad input is a problem that says what was wrong: never a 5xx, and nothing is written."""

import json
from typing import Any

import httpx2
import pytest

from backend.platform.platform import Platform
from tests.builders.people import Person, PersonBuilder

OBJECTION = {"kind": "omission", "statement": "少了一条记录。"}
WELL_FORMED = json.dumps(OBJECTION, ensure_ascii=False)


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    """A resident with something to say."""
    return await person()


async def objections_in(platform: Platform) -> int:
    """How many there are."""
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("test", "SELECT count(*) AS number FROM objection")
    number: int = row["number"]
    return number


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"not json", "body"),
        (b"null", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (WELL_FORMED.encode("utf-16"), "body"),
        (WELL_FORMED.encode("gbk"), "body"),
        (b'{"kind": "omission", "statement": "\xff\xfe"}', "body"),
        (b'{"kind": "omission", "statement": "\\ud800"}', "body"),
        (b'{"kind": "omission", "statement": "a\\u0000b"}', "statement"),
        (b'{"kind": "omission", "statement": ""}', "statement"),
        (b'{"kind": "omission", "statement": 1}', "statement"),
        (b'{"kind": "omission", "statement": NaN}', "body"),
        (b'{"kind": "omission", "statement": 1e999}', "statement"),
        (b'{"kind": "omission", "statement": "' + b"a" * 2001 + b'"}', "statement"),
        (b'{"kind": "nonsense", "statement": "a"}', "kind"),
        (b'{"kind": "omission"}', "statement"),
        (b'{"kind": "omission", "statement": "a", "record_id": "1"}', "record_id"),
        (b'{"kind": "omission", "statement": "a", "points": 1000}', "points"),
        (b'{"kind": "omission", "statement": ' + b"[" * 5000 + b"]" * 5000 + b"}", None),
        (b'{"kind": "omission", "statement": ' + b"9" * 10_000 + b"}", None),
    ],
)
async def test_a_body_that_cannot_be_taken_names_what_is_wrong(
    client: httpx2.AsyncClient, platform: Platform, resident: Person, content: bytes, field: str | None
) -> None:
    headers = {**resident.headers, "content-type": "application/json"}
    answer = await client.post("/v1/me/objections", content=content, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["code"] == "malformed-request"
    assert problem["errors"][0]["field"] == field or field is None, problem
    assert await objections_in(platform) == 0


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-msgpack", "application"],
)
async def test_a_body_of_another_type_is_not_guessed_at(
    client: httpx2.AsyncClient, platform: Platform, resident: Person, content_type: str
) -> None:
    headers = {**resident.headers, "content-type": content_type}
    answer = await client.post("/v1/me/objections", content=WELL_FORMED.encode(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert await objections_in(platform) == 0


async def test_a_body_that_is_too_large_is_refused_unread(
    client: httpx2.AsyncClient, platform: Platform, resident: Person
) -> None:
    headers = {**resident.headers, "content-type": "application/json"}
    answer = await client.post("/v1/me/objections", content=b" " * 2_000_000 + WELL_FORMED.encode(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert await objections_in(platform) == 0


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/me/objections?limit=0", "limit"),
        ("/v1/me/objections?limit=-1", "limit"),
        ("/v1/me/objections?limit=1e3", "limit"),
        ("/v1/me/objections?limit=99999999999999999999", "limit"),
        ("/v1/me/objections?limit=", "limit"),
        ("/v1/me/code?scene=%00", "scene"),
        ("/v1/benefits?scene=LIBRARY", "scene"),
    ],
)
async def test_a_parameter_that_cannot_be_taken_is_named(
    client: httpx2.AsyncClient, resident: Person, path: str, field: str
) -> None:
    answer = await client.get(path, headers=resident.headers)
    assert (answer.status_code, answer.json()["code"]) in {(400, "malformed-request"), (422, "scene-unknown")}, (
        answer.text
    )
    if answer.status_code == 400:
        assert field in {error["field"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "' OR 1=1 --", "é", "-1", "A" * 500, "null"])
@pytest.mark.parametrize(
    "path", ["/v1/me/objections", "/v1/me/access-log", "/v1/me/records", "/v1/benefits", "/v1/me/orders"]
)
async def test_a_cursor_that_we_did_not_give_is_refused(
    client: httpx2.AsyncClient, resident: Person, path: str, cursor: str
) -> None:
    answer = await client.get(path, params={"cursor": cursor}, headers=resident.headers)
    assert (answer.status_code, answer.json()["code"]) in {(400, "bad-cursor"), (400, "malformed-request")}, answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v1/me/records/not-a-uuid", 404, "not-found"),
        ("PATCH", "/v1/me", 405, "method-not-allowed"),
        ("TRACE", "/v1/me/objections", 405, "method-not-allowed"),
        ("GET", "/v1/me/../../etc/passwd", 404, "not-found"),
        ("GET", "/%00", 404, "not-found"),
        ("GET", "/v1/%ff%fe", 404, "not-found"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    client: httpx2.AsyncClient, resident: Person, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path, headers=resident.headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer " + "a" * 10_000, "é"]
)
async def test_a_token_that_is_none_is_not_signed_in(client: httpx2.AsyncClient, authorization: str) -> None:
    answer = await client.get("/v1/me", headers=[(b"authorization", authorization.encode())])
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in"), answer.text


async def test_every_answer_carries_the_id_under_which_it_is_logged(client: httpx2.AsyncClient) -> None:
    answers: list[Any] = [await client.get(path) for path in ("/livez", "/v1/me", "/v1/nothing")]
    assert all(answer.headers["x-request-id"] for answer in answers)
    assert all(answer.json()["request_id"] == answer.headers["x-request-id"] for answer in answers[1:])
