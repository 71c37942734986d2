"""What tills ask at one moment, handed to the market as lots, or one by one in transactions of their own."""

import dataclasses
from datetime import timedelta
from uuid import uuid4

from backend.commands.bench.market.stage import ByThemselves
from backend.market.answers import partner_access
from backend.market.messages import RedemptionOrder
from backend.market.once import Answered, Once
from backend.market.redeemable import Asked
from backend.market.redeeming import redeem
from backend.market.store import NewVerification, add_verification
from backend.platform.platform import Platform
from backend.platform.row_ids import new_id
from tests.builders.stage import Resident, Shop

LIFETIME = timedelta(minutes=15)


async def redeem_alone(platform: Platform, asked: Asked) -> Answered:
    """One redemption, alone. Raises what refuses it."""
    alone = dataclasses.replace(platform, merging=ByThemselves())
    return await redeem(alone, asked.partner_id, asked.order, asked.act, asked.request_id)


async def answered_yes(
    platform: Platform, shop: Shop, resident: Resident, benefit: str, fen: int = 100, *, tier: int = 100
) -> Asked:
    """What a till asks who was told that this resident is eligible for a tier: to redeem it for so much."""
    now = platform.clock.now()
    row = NewVerification(
        id=new_id(now), partner_id=shop.id, terminal="till-1", benefit_id=benefit, benefit_version=1,
        account_id=resident.account_id, subject_id=resident.subject_id, result="eligible", reason=[], tier_value=tier,
        amount_fen=None, partner_ref="visit-1", ref="-", receipt="-", answered_at=now, expires_at=now + LIFETIME,
    )  # fmt: skip
    access = partner_access(shop.id, "书店", "核验权益", "测试", "test", "eligibility")
    async with platform.database.transaction() as connection:
        await add_verification(connection, access, row)
    order = RedemptionOrder(verification_id=row.id, partner_ref="order-1", amount_fen=fen)
    return Asked(shop.id, order, Once(str(uuid4()), row.id.bytes * 2), "test")
