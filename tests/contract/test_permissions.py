"""Deny by default: every operation against every kind of caller, by the running application."""

from collections.abc import Mapping

import pytest
import requests
from requests.auth import AuthBase

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
    "partner": {Role.PARTNER},
    "source": {Role.SOURCE},
}
SIGNING = {"partner", "source"}
NOBODYS_ID = "0193a1c0-0000-7000-8000-00000000dead"


def permissions() -> dict[str, Permission]:
    """Operation -> permission, as the application's own routes have it."""
    from backend.commands.openapi import application

    return {
        f"{method} {route.path_format}": handler.opt["permission"]
        for route in application().routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if f"{method} {route.path_format}" in OPERATIONS
    }


PERMISSIONS = permissions()


def test_every_published_operation_names_a_permission_of_the_table() -> None:
    assert set(PERMISSIONS) == set(OPERATIONS)
    assert set(PERMISSIONS.values()) <= set(ROLES)


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


@pytest.mark.parametrize(
    "name", [name for name in OPERATIONS if name not in {"DELETE /v1/me", "DELETE /v1/me/sessions"}]
)
def test_only_who_holds_the_permission_gets_in(name: str, server: Server, callers: Mapping[str, AuthBase]) -> None:
    permission = PERMISSIONS[name]
    for caller, roles in ROLES_OF.items():
        if name.startswith("DELETE /v1/me/consents") and caller == "resident":
            continue
        answer = call(server, name, callers[caller])
        holds = is_public(permission) or bool(roles & ROLES[permission])
        if holds:
            assert answer.status_code not in {401, 403}, (caller, answer.text)
        elif is_signed(permission) == (caller in SIGNING):
            expected = 401 if caller == "nobody" else 403
            assert (caller, answer.status_code) == (caller, expected), answer.text
        else:
            # An access token is no signature, and a signature is no access token.
            assert (caller, answer.status_code) == (caller, 401), answer.text
