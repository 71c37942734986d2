"""预留 of a budget: what a place holds is nobody else's, and is given back or spent to the fen."""

from datetime import timedelta

import pytest

from backend.audit import service as audit
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller
from tests.conftest import RunDue
from tests.ledger.conftest import Office, Verified


async def reserve(partner: PartnerCaller, verification: str, amount_fen: int) -> str:
    body = {"verification_id": verification, "partner_ref": "r-1", "amount_fen": amount_fen}
    answer = await partner.post("/v1/partner/reservations", body)
    assert answer.status_code == 201, answer.text
    reservation: str = answer.json()["reservation_id"]
    return reservation


async def test_what_is_held_counts_as_spent_until_less_of_it_is_redeemed(
    platform: Platform, office: Office, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    verification = await verified()
    await reserve(partner, verification, 900)
    assert await office.spent(budget_id) == 450
    assert await audit.examine(platform) == []
    assert (await partner.redeem(verification, amount_fen=600)).status_code == 201
    assert await office.spent(budget_id) == 300


@pytest.mark.parametrize("way", ["released", "over"])
async def test_what_is_held_goes_back(
    way: str,
    clock: SettableClock,
    office: Office,
    budget_id: str,
    partner: PartnerCaller,
    verified: Verified,
    run_due: RunDue,
) -> None:
    reservation = await reserve(partner, await verified(), 900)
    if way == "released":
        await partner.post(f"/v1/partner/reservations/{reservation}/release", {})
    else:
        clock.move(timedelta(minutes=10))
        await run_due()
    assert await office.spent(budget_id) == 0


async def test_a_budget_that_is_held_to_its_end_pays_nobody_else(
    platform: Platform, office: Office, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    # Twenty times five yuan, the most that is paid at one time, is all there is.
    held = []
    for _ in range(20):
        verification = await verified()
        await reserve(partner, verification, 3000)
        held.append(verification)
    assert await office.spent(budget_id) == 10_000
    assert (await partner.redeem(await verified(), amount_fen=2)).json()["code"] == "quota-exhausted"
    assert (await partner.redeem(held[0], amount_fen=3000)).status_code == 201
    assert await office.spent(budget_id) == 10_000
    assert await audit.examine(platform) == []
