"""The actors of the demonstration: people with a phone in their hand, and institutions with a key."""

import secrets
from datetime import date
from pathlib import Path
from typing import Any

import httpx2

from backend.city.sign_ins import SignIn
from backend.platform.delivery import Inbox
from backend.platform.identifiers import make_identity_number
from partners.sdk import PartnerClient, load_signing_key


class Differs(Exception):
    """Something is not as the demonstration says it is."""


class Person:
    """Somebody with a phone: signs in by a one-time code and calls the API with an access token."""

    def __init__(self, http: httpx2.AsyncClient, inbox: Inbox, phone: str) -> None:
        self._http = http
        self._inbox = inbox
        self.phone = phone
        self._token = ""
        self.name = ""
        self.identity_number = ""

    async def sign_in(self) -> list[str]:
        """Asks for a code, reads it from the phone, signs in; gives the roles."""
        await self._expect(await self._http.post("/v1/sign-in/codes", json={"phone": self.phone}), 202)
        code = await self._inbox.next_code(self.phone)
        found = await self._expect(await self._http.post("/v1/sign-in", json={"phone": self.phone, "code": code}), 200)
        return self._keep(found)

    async def prove_identity(self, name: str) -> None:
        """Gives a name and a number of region 000000, which belongs to nobody; another one if it is taken."""
        for _ in range(20):
            number = make_identity_number(
                date(1960 + secrets.randbelow(40), 6, 1 + secrets.randbelow(28)), secrets.randbelow(1000)
            )
            answer = await self._http.post(
                "/v1/me/identity", json={"name": name, "identity_number": number}, headers=self._headers
            )
            if answer.status_code == 409:
                continue
            self._keep(await self._expect(answer, 200))
            self.name, self.identity_number = name, number
            return
        raise Differs("no identity number of region 000000 is free")

    async def call(self, method: str, path: str, body: Any = None, status: int | None = None, **headers: str) -> Any:
        """One request; gives the decoded body. Without `status`, any 2xx is as it should be."""
        answer = await self._http.request(method, path, json=body, headers={**self._headers, **headers})
        return await self._expect(answer, status)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _keep(self, found: Any) -> list[str]:
        self._token = found["access_token"]
        roles: list[str] = found["roles"]
        return roles

    async def _expect(self, answer: httpx2.Response, status: int | None) -> Any:
        as_expected = answer.status_code == status if status else 200 <= answer.status_code < 300
        if not as_expected:
            raise Differs(
                f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:400]}"
            )
        return answer.json() if answer.content else None


def institution(url: str, sign_in: SignIn) -> PartnerClient:
    """A partner or a source: every request signed, every answer checked."""
    return PartnerClient(url, load_signing_key(Path(sign_in.key_file).read_bytes()))


def new_phone() -> str:
    """A telephone number of the block that no operator has."""
    return f"1549{secrets.randbelow(9_000_000):07d}"
