"""Every operation that takes a body refuses one that is too large, of another type or not well formed, with its problem."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests
from requests.auth import AuthBase

from backend.commands.openapi import application
from backend.platform.roles import ROLES
from tests.builders.server import Server
from tests.contract.test_openapi import OPERATIONS
from tests.contract.test_permissions import NOBODYS_ID, PERMISSIONS, ROLES_OF

pytestmark = pytest.mark.xdist_group("contract")

LIMITS = {
    f"{method} {route.path_format}": int(handler.resolve_request_max_body_size() or 0)
    for route in application().routes
    for handler in getattr(route, "route_handlers", ())
    for method in handler.http_methods
}
WITH_BODY = {
    name: list(found["requestBody"]["content"]) for name, found in OPERATIONS.items() if "requestBody" in found
}
OF_JSON = [name for name, types in WITH_BODY.items() if types == ["application/json"]]


def send(
    server: Server, callers: Mapping[str, AuthBase], name: str, content: bytes, content_type: str
) -> requests.Response:
    """The content as somebody sends it who may."""
    method, path = name.split()
    for parameter in OPERATIONS[name].get("parameters", ()):
        path = path.replace(f"{{{parameter['name']}}}", NOBODYS_ID)
    caller = next(caller for caller, roles in ROLES_OF.items() if roles & ROLES[PERMISSIONS[name]])
    headers = {"content-type": content_type, "idempotency-key": NOBODYS_ID}
    return requests.request(method, server.url + path, data=content, headers=headers, auth=callers[caller], timeout=30)


def refused(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, which is of this kind."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    return problem


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_above_the_limit_is_too_large(name: str, server: Server, callers: Mapping[str, AuthBase]) -> None:
    content = b'"' + b"a" * LIMITS[name] + b'"'
    refused(send(server, callers, name, content, WITH_BODY[name][0]), 413, "too-large")


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_of_another_type_is_not_taken(name: str, server: Server, callers: Mapping[str, AuthBase]) -> None:
    refused(send(server, callers, name, b"<body/>", "application/xml"), 415, "unsupported-media-type")


@pytest.mark.parametrize("name", OF_JSON)
@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{}", b"[]"], ids=["cut", "utf-8", "list"])
def test_a_body_that_is_not_well_formed_is_malformed(
    name: str, content: bytes, server: Server, callers: Mapping[str, AuthBase]
) -> None:
    problem = refused(send(server, callers, name, content, "application/json"), 400, "malformed-request")
    assert problem["errors"]


@pytest.mark.parametrize("name", OF_JSON)
def test_a_field_that_nobody_knows_is_named(name: str, server: Server, callers: Mapping[str, AuthBase]) -> None:
    answer = send(server, callers, name, b'{"nobody_knows_this": 1}', "application/json")
    [error] = refused(answer, 400, "malformed-request")["errors"]
    assert error["field"] == "nobody_knows_this"


def nested(server: Server, callers: Mapping[str, AuthBase], depth: int) -> requests.Response:
    """A delivery with one row of so many lists; rows are judged one by one, so nesting gets past the form of the body."""
    content = b'{"delivery_ref": "nested-%d", "rows": [' % depth + b"[" * depth + b"]" * depth + b"]}"
    return send(server, callers, "POST /v1/source/deliveries", content, "application/json")


@pytest.mark.parametrize("depth", [1, 100, 800])
def test_a_nested_row_is_returned(depth: int, server: Server, callers: Mapping[str, AuthBase]) -> None:
    answer = nested(server, callers, depth)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["accepted"], answer.json()["returned"]) == (0, 1)
    assert answer.json()["returned_rows"][0]["reasons"][0]["code"] == "malformed-row"


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_a_row_nested_without_end_is_malformed(depth: int, server: Server, callers: Mapping[str, AuthBase]) -> None:
    problem = refused(nested(server, callers, depth), 400, "malformed-request")
    assert "nested too deeply" in problem["errors"][0]["reason_en"]
