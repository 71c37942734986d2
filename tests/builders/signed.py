"""Signed requests in one line, as a partner or a source sends them; every answer's signature is checked."""

import json
import secrets
from typing import Any
from uuid import UUID, uuid4

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.platform import signers
from backend.platform.clock import Clock
from backend.platform.http.signatures import REQUEST_TAG
from backend.platform.platform import Platform
from backend.platform.roles import Role
from partners.signatures.keys import jwk_of, public_key_from_jwk, thumbprint
from partners.signatures.requests import RequestMessage, SigningKey, sign_request
from partners.signatures.responses import ResponseMessage, verify_response


def new_signing_key() -> SigningKey:
    """A fresh Ed25519 key."""
    private_key = Ed25519PrivateKey.generate()
    return SigningKey(thumbprint(jwk_of(private_key.public_key())), private_key)


async def register_signer(platform: Platform, role: Role, owner_id: UUID, key: SigningKey) -> None:
    """Registers the key of a partner or a source, and has this process see it."""
    jwk = jwk_of(key.private_key.public_key())
    async with platform.database.transaction() as connection:
        await signers.register(connection, role, owner_id, jwk, platform.clock.now())
    await platform.signers.reload()


class SignedCaller:
    """A partner or a source with one key."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock, key: SigningKey) -> None:
        self.client = client
        self.clock = clock
        self.key = key

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """Signs and sends; `body` is JSON. Asserts that the answer is signed by a published key for this request."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {"content-type": "application/json"} if content else {}
        if idempotency_key is not None:
            sent["idempotency-key"] = idempotency_key
        message = RequestMessage(method, f"{str(self.client.base_url).rstrip('/')}{path}", sent, content)
        now = int(self.clock.now().timestamp())
        added = sign_request(message, self.key, now, secrets.token_urlsafe(16), REQUEST_TAG)
        sent = {**sent, **added, **(headers or {})}
        answer = await self.client.request(method, path, content=content, headers=sent)
        keys = (await self.client.get("/.well-known/jwks.json")).json()["keys"]
        published = {key["kid"]: public_key_from_jwk(key) for key in keys}
        refused = verify_response(
            ResponseMessage(
                answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content
            ),
            RequestMessage(method, message.target_uri, sent, content),
            published.get,
            now,
        )
        assert refused is None, (refused, answer.status_code, answer.text)
        return answer


async def signed(
    client: httpx2.AsyncClient,
    clock: Clock,
    key: SigningKey,
    method: str,
    path: str,
    body: Any = None,
    idempotency_key: str | None = None,
) -> httpx2.Response:
    """One signed request; POSTs get a fresh idempotency key unless one is given."""
    if idempotency_key is None and method == "POST":
        idempotency_key = str(uuid4())
    return await SignedCaller(client, clock, key)(method, path, body, idempotency_key=idempotency_key)
