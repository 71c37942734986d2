"""The actors of the demonstration: people with a phone in their hand, and institutions with a key."""

import asyncio
import secrets
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec

from backend.city.sign_ins import SignIn
from backend.devices.service import registration_message
from backend.market.service import confirmation_message
from backend.passes.service import key_message
from backend.platform.clock import SystemClock
from backend.platform.delivery import Inbox
from backend.platform.identifiers import make_identity_number
from partners import base64url
from partners.codes import ic3
from partners.sdk import PartnerClient, load_signing_key
from partners.signatures.keys import sign_bytes
from partners.signatures.suites import compressed, suite


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
        self._device_key = ec.generate_private_key(ec.SECP256R1())
        self._device_id = ""

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

    async def register_device(self, server: str) -> None:
        """Registers this phone by the key in it. `server`: the address that the platform is published under."""
        account_id = UUID((await self.call("GET", "/v1/me"))["account_id"])
        public_key = base64url.encode(compressed(self._device_key.public_key()))
        created = int(SystemClock().now().timestamp())
        message = registration_message(server, account_id, created, public_key)
        registration = {
            "name": "演示手机",
            "public_key": public_key,
            "created": created,
            "signature": self._sign(message),
        }
        self._device_id = (await self.call("POST", "/v1/me/devices", registration))["id"]

    async def confirm(self, server: str) -> Any:
        """Waits for a question of a shop, signs yes on this phone, and gives the question."""
        for _ in range(100):
            if found := (await self.call("GET", "/v1/me/confirmations"))["questions"]:
                [question] = found
                message = confirmation_message(
                    server, UUID(question["id"]), UUID(question["partner_id"]), question["benefit"],
                    question["benefit_version"], question["amount_fen"],
                )  # fmt: skip
                yes = {"device_id": self._device_id, "signature": self._sign(message)}
                await self.call("POST", f"/v1/me/confirmations/{question['id']}/confirm", yes)
                return question
            await asyncio.sleep(0.1)
        raise Differs("the shop's question did not reach the phone within ten seconds")

    async def fetch_pass(self, benefit: str) -> "OfflinePass":
        """A pass for a benefit, with a key of its own that this registered phone vouches for."""
        key = ec.generate_private_key(ec.SECP256R1())
        public_key = base64url.encode(compressed(key.public_key()))
        signature = self._sign(key_message(UUID(self._device_id), benefit, public_key))
        order = {
            "benefit": benefit,
            "device_id": self._device_id,
            "keys": [{"key": public_key, "signature": signature}],
        }
        found = await self.call("POST", "/v1/me/passes", order)
        if not found["passes"]:
            raise Differs(f"no pass was issued: {found['reasons']}")
        return OfflinePass(base64url.decode(found["passes"][0]["attestation"]), key)

    def _sign(self, message: bytes) -> str:
        return base64url.encode(sign_bytes(self._device_key, message))

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


class OfflinePass:
    """A pass on a phone: what was attested, and the key of this one use."""

    def __init__(self, attestation: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        self._attestation = attestation
        self._signer = suite("intl").holder.signer(key.private_numbers().private_value.to_bytes(32, "big"))

    def shown(self) -> str:
        """The code as the phone shows it now, with or without a signal."""
        now = int(SystemClock().now().timestamp())
        return ic3.encode(self._attestation, ic3.prove(self._attestation, suite("intl"), self._signer, now))


def institution(url: str, sign_in: SignIn) -> PartnerClient:
    """A partner or a source: every request signed, every answer checked."""
    return PartnerClient(url, load_signing_key(Path(sign_in.key_file).read_bytes()))


def new_phone() -> str:
    """A telephone number of the block that no operator has."""
    return f"1549{secrets.randbelow(9_000_000):07d}"
