"""Redeem, reverse and settle offline, several at once and in any order: the money is conserved, and the books agree."""

import asyncio
import random
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from backend.audit import service as audit
from backend.market import service as market
from backend.market.offline import Given, Unsettled
from backend.market.once import Once
from backend.partner_accounts import service as partner_accounts
from backend.platform.platform import Platform
from partners.ledger.subsidies import Formula, subsidy
from tests.builders.partners import PartnerCaller
from tests.builders.people import Person
from tests.ledger.conftest import BENEFIT, Office, Verified

FORMULA = Formula(rate_permille=500, cap_fen=500)


class Till:
    """A till whose acts are drawn by chance; `left` is what of each redemption stands, by the answers it got."""

    def __init__(self, platform: Platform, partner: PartnerCaller, resident: Person, chance: random.Random) -> None:
        self.platform = platform
        self.partner = partner
        self.resident = resident
        self.chance = chance
        self.left: dict[str, int] = {}

    async def redeem(self, verification: str) -> None:
        amount, key = self.chance.randint(0, 3000), str(uuid4())
        # Every other request is sent twice, as after a lost answer.
        answers = [
            await self.partner.redeem(verification, key, amount_fen=amount) for _ in range(self.chance.randint(1, 2))
        ]
        if answers[-1].status_code == 201:
            self.left[answers[-1].json()["redemption_id"]] = amount
        else:
            assert answers[-1].json()["code"] == "quota-exhausted"

    async def reverse(self, redemption: str) -> None:
        body: dict[str, Any] = {"partner_ref": "refund-1"}
        if self.left[redemption] > 1 and self.chance.random() < 0.7:
            body["amount_fen"] = self.chance.randint(1, self.left[redemption])
        answer = await self.partner.post(f"/v1/partner/redemptions/{redemption}/reversals", body)
        if answer.status_code == 201:
            self.left[redemption] = answer.json()["left_fen"]

    async def settle(self) -> None:
        """What was given without a network, uploaded together."""
        amounts = [self.chance.randint(0, 3000) for _ in range(self.chance.randint(1, 3))]
        async with self.platform.database.transaction() as connection:
            partner = await partner_accounts.live_partner(connection, self.partner.partner_id)
            terms = await market.terms_of_version(connection, BENEFIT, 1)
            given = [
                Given(
                    account_id=None,
                    subject_id=self.resident.subject_id,
                    terms=terms,
                    terminal="till-1",
                    partner_ref="visit-1",
                    amount_fen=amount,
                    given_at=self.platform.clock.now(),
                )
                for amount in amounts
            ]
            act = Once(str(uuid4()), bytes(32))
            outcomes = await market.redeem_offline(self.platform, connection, partner, given, act, "")
        for outcome, amount in zip(outcomes, amounts, strict=True):
            if isinstance(outcome, UUID):
                self.left[str(outcome)] = amount
            else:
                assert outcome is Unsettled.LIMIT


@pytest.mark.parametrize("seed", range(3))
async def test_no_fen_is_lost_whatever_happens_at_once(
    seed: int,
    client: httpx2.AsyncClient,
    platform: Platform,
    office: Office,
    budget_id: str,
    partner: PartnerCaller,
    resident: Person,
    verified: Verified,
) -> None:
    chance = random.Random(seed)
    till = Till(platform, partner, resident, chance)
    for _ in range(8):
        acts = [till.redeem(await verified()) for _ in range(chance.randint(1, 4))]
        acts += [till.settle() for _ in range(chance.randint(0, 2))]
        standing = sorted(redemption for redemption, left in till.left.items() if left)
        acts += [till.reverse(redemption) for redemption in chance.sample(standing, min(3, len(standing)))]
        chance.shuffle(acts)
        await asyncio.gather(*acts)
        spent = await office.spent(budget_id)
        assert spent == sum(subsidy(FORMULA, left) for left in till.left.values())
        assert spent <= 10_000
    assert await audit.examine(platform) == []
