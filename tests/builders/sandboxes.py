"""A sandbox in one line: a partner with a test key."""

from typing import Any
from uuid import uuid4

import httpx2

from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import Clock
from backend.platform.platform import Platform
from partners.signatures.keys import jwk_of
from tests.builders.partners import PartnerCaller, make_partner
from tests.builders.signed import SignedCaller, new_signing_key


class Sandbox(SignedCaller):
    """A test key of `partner`: call it to send a signed request below /sandbox."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock, partner: PartnerCaller) -> None:
        super().__init__(client, clock, new_signing_key())
        self.partner = partner

    async def post(self, path: str, body: Any = None, key: str | None = None) -> httpx2.Response:
        """A signed POST below /sandbox with a fresh idempotency key unless one is given."""
        return await self("POST", f"/sandbox{path}", body, idempotency_key=key or str(uuid4()))

    async def get(self, path: str) -> httpx2.Response:
        """A signed GET below /sandbox."""
        return await self("GET", f"/sandbox{path}")

    async def code(self, persona: str, scene: str = "library") -> dict[str, str]:
        """The code that a persona shows: text and digits."""
        answer = await self.post(f"/v1/personas/{persona}/codes", {"scene": scene})
        assert answer.status_code == 201, answer.text
        shown: dict[str, str] = answer.json()
        return shown

    async def verify(self, code: str, benefit: str, key: str | None = None, **more: Any) -> httpx2.Response:
        """Verifies a code for a benefit."""
        body = {"code": code, "benefit": benefit, "terminal": "till-1", "partner_ref": "visit-1", **more}
        return await self.post("/v1/partner/verifications", body, key)

    async def scan(self, persona: str, benefit: str, **more: Any) -> httpx2.Response:
        """A persona shows its code, and it is verified."""
        return await self.verify((await self.code(persona))["text"], benefit, **more)

    async def redeem(self, verification_id: str, key: str | None = None, **more: Any) -> httpx2.Response:
        """Redeems a verification."""
        body = {"verification_id": verification_id, "partner_ref": "order-1", **more}
        return await self.post("/v1/partner/redemptions", body, key)

    async def forward(self, seconds: int) -> None:
        """Moves the sandbox's clock."""
        answer = await self.post("/v1/clock", {"forward_seconds": seconds})
        assert answer.status_code == 200, answer.text


async def make_sandbox(client: httpx2.AsyncClient, platform: Platform, clock: Clock, *benefits: str) -> Sandbox:
    """The sandbox of a live partner that was granted these benefits."""
    sandbox = Sandbox(client, clock, await make_partner(client, platform, clock, *benefits))
    async with platform.database.transaction() as connection:
        await partner_accounts.register_test_key(
            platform, connection, sandbox.partner.partner_id, jwk_of(sandbox.key.private_key.public_key())
        )
    await platform.signers.reload()
    return sandbox
