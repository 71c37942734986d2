"""A lender with two deposit waivers, and a resident who borrows."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.benefits.terms import BenefitKind, Text, Tier
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

LIBRARY, BICYCLE, DISCOUNT = "library-deposit-waiver", "bicycle-deposit-waiver", "reading-discount"
# The holder's phone is asked before this one is answered.
CAMERA = "camera-deposit-waiver"
CAP, TIER = 50_000, 30_000

Open = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
async def lender(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner that waives two deposits of up to 300 yuan, and gives one discount."""
    for benefit in (LIBRARY, BICYCLE, CAMERA):
        waiver = make_terms(
            benefit,
            kind=BenefitKind.DEPOSIT_WAIVER,
            unit="fen",
            cap_fen=CAP,
            confirm=benefit == CAMERA,
            tiers=(Tier(Text("人人", "Everyone"), 0, TIER),),
        )
        await publish(platform, waiver)
    await publish(platform, make_terms(DISCOUNT))
    return await make_partner(client, platform, clock, LIBRARY, BICYCLE, CAMERA, DISCOUNT, name="桃花市图书馆")


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    """A resident with a name that occurs nowhere else."""
    return await person("欧阳诗涵")


@pytest.fixture
def verify(client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person) -> Open:
    """Shows a fresh code and has the lender verify it."""

    async def verified(benefit: str = LIBRARY, **more: Any) -> httpx2.Response:
        return await lender.verify((await current_code(client, resident.headers))["text"], benefit, **more)

    return verified


@pytest.fixture
def open_order(verify: Open, lender: PartnerCaller) -> Open:
    """An order on a fresh verification."""

    async def opened(benefit: str = LIBRARY, agreed_fen: int = 10_000) -> httpx2.Response:
        verification = (await verify(benefit)).json()["verification_id"]
        order = {"verification_id": verification, "agreed_fen": agreed_fen, "partner_ref": "loan-1"}
        return await lender.post("/v1/partner/orders", order)

    return opened
