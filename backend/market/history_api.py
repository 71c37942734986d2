"""The history of redemptions over HTTP: for the partner, and for the holder."""

from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from backend.market import service
from backend.market.api import MAXIMUM_REQUEST
from backend.market.examples import HISTORY
from backend.market.messages import RedemptionHistory
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND
from backend.platform.roles import Permission


@get(
    "/v1/partner/redemptions/{redemption_id:uuid}/events",
    **operation(
        Permission.PARTNER_REDEEM,
        "核销经过 History of a redemption",
        "从核验、预留、核销到冲正，每个状态一句话说明。From the answer over a place that was held to what was taken back, each state in a sentence. "
        "Four database round trips and one of the cache.",
        raises=(NOT_FOUND,),
        answer=HISTORY,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def redemption_events(
    platform: ThePlatform, signer: TheSigner, redemption_id: FromPath[UUID]
) -> RedemptionHistory:
    return await service.history_of_partner(platform, signer.owner_id, redemption_id, signer.request_id)


@get(
    "/v1/me/verifications/{verification_id:uuid}/events",
    **operation(
        Permission.SELF_READ,
        "我的核销经过 What became of a scan",
        "本人一次已核销的核验的经过，每个状态一句话说明。Of a scan that was redeemed, each state in a sentence. Three database round trips.",
        raises=(NOT_FOUND,),
        answer=HISTORY,
    ),
)
async def verification_events(
    platform: ThePlatform, caller: TheCaller, verification_id: FromPath[UUID]
) -> RedemptionHistory:
    return await service.history_of_holder(platform, caller, verification_id)


HANDLERS: tuple[Any, ...] = (redemption_events, verification_events)
