"""People in one line: signed in over HTTP, with a proven identity and their consents."""

from datetime import date
from itertools import count
from uuid import UUID

import httpx2
import jwt

from backend.identity import service as identity
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.deliveries import RememberedDelivery


class Person:
    """A signed-in person of a test."""

    def __init__(self, phone: str, name: str, identity_number: str) -> None:
        self.phone = phone
        self.name = name
        self.identity_number = identity_number
        self.access_token = ""
        self.refresh_token = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    @property
    def _claims(self) -> dict[str, str]:
        claims: dict[str, str] = jwt.decode(self.access_token, options={"verify_signature": False})
        return claims

    @property
    def account_id(self) -> UUID:
        return UUID(self._claims["sub"])

    @property
    def subject_id(self) -> UUID:
        return UUID(self._claims["subject"])


class PersonBuilder:
    """Makes people: `await person()` is a resident with both consents."""

    def __init__(self, client: httpx2.AsyncClient, platform: Platform, delivery: RememberedDelivery) -> None:
        self._client = client
        self._platform = platform
        self._delivery = delivery
        self._numbers = count(1)

    async def sign_in(self, person: Person) -> None:
        """Signs in with a one-time code."""
        asked = await self._client.post("/v1/sign-in/codes", json={"phone": person.phone})
        assert asked.status_code == 202, asked.text
        code = self._delivery.codes[person.phone]
        answer = await self._client.post("/v1/sign-in", json={"phone": person.phone, "code": code})
        assert answer.status_code == 200, answer.text
        person.access_token = answer.json()["access_token"]
        person.refresh_token = answer.json()["refresh_token"]

    async def __call__(
        self,
        name: str = "张三",
        *,
        proven: bool = True,
        consents: tuple[str, ...] = ("compute", "show"),
        roles: tuple[Role, ...] = (),
        born: date = date(1990, 1, 1),
    ) -> Person:
        number = next(self._numbers)
        person = Person(f"199{number:08d}", name, make_identity_number(born, number))
        await self.sign_in(person)
        if proven:
            answer = await self._client.post(
                "/v1/me/identity",
                json={"name": person.name, "identity_number": person.identity_number},
                headers=person.headers,
            )
            assert answer.status_code == 200, answer.text
            person.access_token = answer.json()["access_token"]
            person.refresh_token = answer.json()["refresh_token"]
        for kind in consents if proven else ():
            answer = await self._client.post(
                "/v1/me/consents", json={"kind": kind, "text_version": 1}, headers=person.headers
            )
            assert answer.status_code == 201, answer.text
        if roles:
            async with self._platform.database.transaction() as connection:
                for role in roles:
                    await identity.grant_role(self._platform, connection, person.account_id, role)
            await self.sign_in(person)
        return person
