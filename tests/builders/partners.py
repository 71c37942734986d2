"""Partners and benefits in one line: a live partner with a registered key, and a published benefit it may honour."""

from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx2

from backend.market import service as market
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import NewPartner
from backend.partner_accounts.states import PartnerEvent
from backend.platform.clock import Clock
from backend.platform.identifiers import make_unified_social_credit_code
from backend.platform.platform import Platform
from partners.benefits.terms import BenefitKind, Terms, Text, Tier
from partners.signatures.keys import jwk_of
from tests.builders.signed import SignedCaller, new_signing_key

_NUMBERS = count(1)


def make_terms(benefit_id: str, **changes: Any) -> Terms:
    """Lawful terms that everyone with the consent to show is eligible for, unless changed."""
    given: dict[str, Any] = {
        "id": benefit_id,
        "version": 1,
        "scene": "library",
        "kind": BenefitKind.DISCOUNT,
        "unit": "permille",
        "names": Text("借阅优惠", "Reading discount"),
        "description": Text("凭诚信码办理。", "With the integrity code."),
        "legal_basis": "激励措施清单",
        "tiers": (Tier(Text("人人", "Everyone"), 0, 100),),
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2028, 1, 1),
        "open_to_all": True,
    }
    return Terms(**{**given, **changes})


async def publish(platform: Platform, terms: Terms) -> int:
    """Puts terms in force, proposed by one and approved by another; gives the version."""
    async with platform.database.transaction() as connection:
        version = await market.propose_benefit(platform, connection, uuid4(), terms)
        await market.approve_benefit(platform, connection, uuid4(), terms.id, version)
    return version


class PartnerCaller(SignedCaller):
    """A live partner: call it to send a signed request."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock, partner_id: UUID, name: str, store_id: UUID) -> None:
        super().__init__(client, clock, new_signing_key())
        self.partner_id = partner_id
        self.name = name
        self.store_id = store_id

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx2.Response:
        """A signed POST with a fresh idempotency key unless one is given."""
        return await self("POST", path, body, idempotency_key=key or str(uuid4()))

    async def verify(self, code: str, benefit: str, key: str | None = None, **more: Any) -> httpx2.Response:
        """Verifies a code for a benefit."""
        body = {"code": code, "benefit": benefit, "terminal": "till-1", "partner_ref": "visit-1", **more}
        return await self.post("/v1/partner/verifications", body, key)

    async def redeem(self, verification_id: str, key: str | None = None, **more: Any) -> httpx2.Response:
        """Redeems a verification."""
        body = {"verification_id": verification_id, "partner_ref": "order-1", **more}
        return await self.post("/v1/partner/redemptions", body, key)


async def make_partner(
    client: httpx2.AsyncClient, platform: Platform, clock: Clock, *benefits: str, name: str = "桃花书店"
) -> PartnerCaller:
    """A live partner with a store and a key, granted these benefits."""
    number = next(_NUMBERS)
    new = NewPartner(
        name=name,
        name_en="Taohua Books",
        credit_code=make_unified_social_credit_code(f"MA{number:06d}"),
        scenes=("library",),
    )
    async with platform.database.transaction() as connection:
        partner_id = await partner_accounts.add_partner(platform, connection, new)
        for event in (PartnerEvent.APPROVE, PartnerEvent.GO_LIVE):
            await partner_accounts.move_partner(platform, connection, partner_id, event, "test", "资料齐全")
        store_id = await partner_accounts.add_store(platform, connection, partner_id, "taoyuan", "总店")
        for benefit in benefits:
            await partner_accounts.grant_benefit(platform, connection, partner_id, benefit)
        partner = PartnerCaller(client, clock, partner_id, name, store_id)
        jwk = jwk_of(partner.key.private_key.public_key())
        await partner_accounts.register_key(platform, connection, partner_id, jwk)
    await platform.signers.reload()
    return partner


async def delist(platform: Platform, partner: PartnerCaller, because: str = "复核仍不合格") -> None:
    """Public review to its end: the partner serves nobody any more."""
    last = (PartnerEvent.REVIEW, PartnerEvent.ORDER_RECTIFICATION, PartnerEvent.RECHECK, PartnerEvent.DELIST)
    async with platform.database.transaction() as connection:
        for event in last:
            await partner_accounts.move_partner(platform, connection, partner.partner_id, event, "test", because)


async def current_code(
    client: httpx2.AsyncClient, headers: dict[str, str], scene: str = "library", path: str = "/v1/me"
) -> dict[str, str]:
    """A fresh code of a signed-in resident, or of the enterprise at `path`: text and digits."""
    answer = await client.get(f"{path}/code", params={"scene": scene}, headers=headers)
    assert answer.status_code == 200, answer.text
    shown: dict[str, str] = answer.json()
    return shown
