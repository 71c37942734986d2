"""One running server for all tests of the contract, and every kind of caller."""

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
from requests.auth import AuthBase

from partners.sdk import load_signing_key
from partners.signatures.requests import RequestMessage, SigningKey, sign_request
from tests.builders.server import Server, free_port

REQUEST_TAG = "xinyi-request"
# Given the role by the city, but in no sign-in of its own.
AUDITOR_PHONE = "15499990005"


class Anonymous(AuthBase):
    """Nobody."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class SignedIn(AuthBase):
    """A person with an access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Signing(AuthBase):
    """A partner or a source: signs whatever is sent, but for a body that does not say what it is."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        assert isinstance(content, bytes)
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        message = RequestMessage(request.method or "", request.url or "", headers, content)
        with contextlib.suppress(ValueError):
            nonce = secrets.token_urlsafe(16)
            request.headers.update(sign_request(message, self._key, int(time.time()), nonce, REQUEST_TAG))
        return request


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`xinyi up` with a city of twenty."""
    running = Server(Path(tmp_path_factory.mktemp("contract")) / "data", free_port())
    try:
        yield running.ready()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def callers(server: Server) -> Mapping[str, AuthBase]:
    """Every kind of caller by name."""
    known = server.sign_ins()
    people = {
        name: known[name].phone
        for name in (
            "resident",
            "agent",
            "clerk",
            "case-officer",
            "second-officer",
            "operator",
            "second-operator",
        )
    }
    people["applicant"] = "15488880001"
    people["auditor"] = AUDITOR_PHONE
    people["leaver"] = "15488880002"
    institutions = {name: known[name].key_file for name in ("partner", "partner-test", "lender", "source")}
    return {
        "nobody": Anonymous(),
        **{name: SignedIn(server.sign_in(phone)["access_token"]) for name, phone in people.items()},
        **{name: Signing(load_signing_key(Path(file).read_bytes())) for name, file in institutions.items()},
    }
