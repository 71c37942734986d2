"""A sandbox of a partner with a benefit open to all, one for levels, one that asks the holder, and one under contract."""

from datetime import date

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.benefits.terms import BenefitKind, Text, Tier
from tests.builders.partners import make_terms, publish
from tests.builders.sandboxes import Sandbox, make_sandbox

TIERS = (Tier(Text("良好", "Good"), 2, 100), Tier(Text("典范", "Exemplary"), 4, 300))


@pytest.fixture
async def sandbox(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> Sandbox:
    """Ready to scan."""
    await publish(platform, make_terms("for-all"))
    await publish(platform, make_terms("by-level", tiers=TIERS, open_to_all=False, cap_fen=5000))
    await publish(platform, make_terms("asking", confirm=True))
    await publish(platform, make_terms("under-contract", kind=BenefitKind.DEPOSIT_WAIVER, cap_fen=10000))
    await publish(platform, make_terms("ending", valid_until=date(2026, 12, 1)))
    await publish(platform, make_terms("not-granted"))
    return await make_sandbox(client, platform, clock, "for-all", "by-level", "asking", "under-contract", "ending")
