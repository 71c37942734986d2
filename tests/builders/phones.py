"""A resident's phone in one line: its own key, registered, and passes that it fetched and can show without a network."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec

from backend.devices.service import registration_message
from backend.market.service import confirmation_message
from backend.passes.issuing import key_message
from backend.platform.clock import Clock
from partners import base64url
from partners.codes import ic3
from partners.codes.ic3 import NO_CHALLENGE
from partners.signatures import keys
from partners.signatures.suites import compressed, suite
from tests.builders.people import Person

SUITE = suite("intl")


class DeviceKey:
    """A key in a phone's store: it gives either s, as real ones do."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = base64url.encode(compressed(self._key.public_key()))

    def sign(self, message: bytes) -> str:
        """A signature as it goes over the wire."""
        return base64url.encode(keys.sign_bytes(self._key, message))


class Pass:
    """A pass on a phone: the attestation and the secret of its key."""

    def __init__(self, answer: dict[str, Any], secret: bytes) -> None:
        self.id: str = answer["id"]
        self.answer = answer
        self.attestation = base64url.decode(answer["attestation"])
        self._secret = secret

    def show(self, at: datetime, challenge: bytes = NO_CHALLENGE) -> str:
        """The code as the phone shows it at an instant, to a terminal that gave a challenge."""
        signer = SUITE.holder.signer(self._secret)
        proof = ic3.prove(self.attestation, SUITE, signer, int(at.timestamp()), challenge)
        return ic3.encode(self.attestation, proof)


class Phone:
    """A phone of a person, not yet registered."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock, person: Person, server: str) -> None:
        self.client = client
        self.clock = clock
        self.person = person
        self.key = DeviceKey()
        self.id = ""
        self._server = server

    def registration(self, **changes: Any) -> dict[str, Any]:
        """The body that registers this phone; `changes` are made after it was signed."""
        created = int(self.clock.now().timestamp())
        message = registration_message(self._server, self.person.account_id, created, self.key.public)
        body = {"name": "我的手机", "public_key": self.key.public, "created": created}
        return {**body, "signature": self.key.sign(message), **changes}

    async def register(self, **changes: Any) -> httpx2.Response:
        """Registers it."""
        body = self.registration(**changes)
        answer = await self.client.post("/v1/me/devices", json=body, headers=self.person.headers)
        if answer.status_code == 201:
            self.id = answer.json()["id"]
        return answer

    async def order(self, benefit: str, secrets_: list[bytes], **changes: Any) -> httpx2.Response:
        """Asks for a pass for each of these secret keys."""
        wanted = []
        for secret in secrets_:
            key = base64url.encode(SUITE.holder.public(secret))
            wanted.append({"key": key, "signature": self.key.sign(key_message_of(self.id, benefit, key))})
        body = {"benefit": benefit, "device_id": self.id, "keys": wanted, **changes}
        return await self.client.post("/v1/me/passes", json=body, headers=self.person.headers)

    async def fetch(self, benefit: str, count: int = 1) -> list[Pass]:
        """The passes that it gets for `count` fresh keys."""
        fresh = {secret: base64url.encode(SUITE.holder.public(secret)) for secret in new_secrets(count)}
        answer = await self.order(benefit, list(fresh))
        assert answer.status_code == 201, answer.text
        by_key = {key: secret for secret, key in fresh.items()}
        return [Pass(each, by_key[each["key"]]) for each in answer.json()["passes"]]

    async def questions(self) -> list[dict[str, Any]]:
        """What this phone is asked to confirm now."""
        answer = await self.client.get("/v1/me/confirmations", headers=self.person.headers)
        assert answer.status_code == 200, answer.text
        asked: list[dict[str, Any]] = answer.json()["questions"]
        return asked

    def message(self, question: dict[str, Any]) -> bytes:
        """What it signs to say yes."""
        return confirmation_message(
            self._server, UUID(question["id"]), UUID(question["partner_id"]), question["benefit"],
            question["benefit_version"], question["amount_fen"],
        )  # fmt: skip

    def confirmation(self, question: dict[str, Any]) -> dict[str, Any]:
        """Its signed yes."""
        return {"device_id": self.id, "signature": self.key.sign(self.message(question))}

    async def send_confirmation(self, question_id: str, body: dict[str, Any]) -> httpx2.Response:
        """Sends a yes, whoever signed it."""
        path = f"/v1/me/confirmations/{question_id}/confirm"
        return await self.client.post(path, json=body, headers=self.person.headers)

    async def confirm(self, question: dict[str, Any]) -> httpx2.Response:
        """Says yes."""
        return await self.send_confirmation(question["id"], self.confirmation(question))

    async def refuse(self, question: dict[str, Any]) -> httpx2.Response:
        """Says no."""
        return await self.client.post(f"/v1/me/confirmations/{question['id']}/refuse", headers=self.person.headers)


def key_message_of(device_id: str, benefit: str, key: str) -> bytes:
    """What the phone signs for a pass's key, by the id as text."""
    return key_message(UUID(device_id), benefit, key)


def new_secrets(count: int) -> list[bytes]:
    """Fresh private keys."""
    return [secrets.token_bytes(31).rjust(32, b"\x01") for _ in range(count)]
