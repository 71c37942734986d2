"""Deny by default: every operation against every kind of caller, by the running application."""

from collections.abc import Mapping

import pytest
import requests
from litestar import get
from requests.auth import AuthBase

from backend import rooms
from backend.commands.openapi import application
from backend.pages.shell import FILES_PATH
from backend.platform.roles import ROLES, Permission, Role, is_public, is_signed
from tests.builders.server import Server
from tests.contract.test_openapi import OPERATIONS

pytestmark = pytest.mark.xdist_group("contract")

# A caller of the synthetic city for every role. Whoever works here has not proven who they are, and may.
ROLES_OF = {
    "nobody": {Role.PUBLIC},
    "applicant": {Role.APPLICANT},
    "resident": {Role.RESIDENT},
    "clerk": {Role.CLERK, Role.APPLICANT},
    "case-officer": {Role.CASE_OFFICER, Role.APPLICANT},
    "operator": {Role.OPERATOR, Role.APPLICANT},
    "auditor": {Role.AUDITOR, Role.APPLICANT},
    "partner": {Role.PARTNER},
    "partner-test": {Role.PARTNER_TEST},
    "source": {Role.SOURCE},
}
SIGNING = {"partner", "partner-test", "source"}

# Whoever may do these loses what the other tests need; that they may is seen where the contract is fuzzed.
ENDING = {"DELETE /v1/me", "DELETE /v1/me/sessions", "DELETE /v1/me/consents/{kind}"}

# What is served without being published: pages, their files and the contract itself. For reading, by everybody.
UNPUBLISHED = {
    "/alliance",
    "/c/{token}",
    "/openapi.json",
    "/p/{partner}",
    "/reference",
    "/reference/start.js",
    "/reference/files/{file_path}",
    "/resident",
    "/savings",
    "/verify.py",
    "/till",
    f"{FILES_PATH}/{{file_path}}",
}
FRAMEWORKS_OWN = "/openapi-of-the-framework"

NOBODYS_ID = "0193a1c0-0000-7000-8000-00000000dead"


def routes() -> dict[str, Permission | None]:
    """Method and path -> permission, of every route that the application has; OPTIONS says nothing but the methods."""
    return {
        f"{method} {route.path_format}": handler.opt.get("permission")
        for route in application().routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods - {"OPTIONS"}
    }


ROUTES = routes()
PERMISSIONS = {name: permission for name, permission in ROUTES.items() if name in OPERATIONS and permission is not None}


def test_every_published_operation_names_a_permission_of_the_table() -> None:
    assert set(PERMISSIONS) == set(OPERATIONS)
    assert set(PERMISSIONS.values()) <= set(ROLES)


def test_what_is_not_published_is_reviewed_and_only_for_reading() -> None:
    found = {name: ROUTES[name] for name in set(ROUTES) - set(OPERATIONS) if FRAMEWORKS_OWN not in name}
    assert {name.split()[1] for name in found} == UNPUBLISHED
    assert {name.split()[0] for name in found} <= {"GET", "HEAD"}
    assert set(found.values()) == {Permission.PUBLIC_READ}


def test_every_kind_of_caller_is_tried() -> None:
    assert set().union(*ROLES_OF.values()) == set(Role)


@pytest.mark.parametrize("path", sorted(name.split()[1] for name in ROUTES if FRAMEWORKS_OWN in name))
def test_a_route_without_a_permission_is_closed_to_everybody(
    path: str, server: Server, callers: Mapping[str, AuthBase]
) -> None:
    for name in ROLES_OF:
        answer = requests.get(server.url + path.replace("{path}", "x"), auth=callers[name], timeout=30)
        assert (name, answer.status_code, answer.json()["code"]) == (name, 403, "not-allowed")


def test_a_new_endpoint_without_a_permission_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    @get("/v1/forgotten")
    async def forgotten() -> None: ...

    monkeypatch.setattr(rooms, "HANDLERS", (*rooms.HANDLERS, forgotten))
    with pytest.raises(RuntimeError, match="/v1/forgotten names no permission"):
        application()


def test_every_permission_is_used() -> None:
    assert set(Permission) == set(PERMISSIONS.values())


def call(server: Server, name: str, caller: AuthBase) -> requests.Response:
    """The operation with ids that are nobody's and a body that is refused: a caller who may call it gets that far."""
    method, path = name.split()
    for parameter in OPERATIONS[name].get("parameters", ()):
        if parameter["in"] == "path":
            value = "compute" if parameter["name"] == "kind" else NOBODYS_ID
            path = path.replace(f"{{{parameter['name']}}}", value)
    body = {"nobody-knows-this-field": True} if "requestBody" in OPERATIONS[name] else None
    return requests.request(method, server.url + path, auth=caller, timeout=30, json=body)


@pytest.mark.parametrize("name", OPERATIONS)
def test_only_who_holds_the_permission_gets_in(name: str, server: Server, callers: Mapping[str, AuthBase]) -> None:
    permission = PERMISSIONS[name]
    for caller, roles in ROLES_OF.items():
        holds = is_public(permission) or bool(roles & ROLES[permission])
        if holds and name in ENDING:
            continue
        answer = call(server, name, callers[caller])
        if holds:
            assert answer.status_code not in {401, 403}, (caller, answer.text)
        elif is_signed(permission) == (caller in SIGNING):
            expected = 401 if caller == "nobody" else 403
            assert (caller, answer.status_code) == (caller, expected), answer.text
        else:
            # An access token is no signature, and a signature is no access token.
            assert (caller, answer.status_code) == (caller, 401), answer.text
