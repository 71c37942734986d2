"""An enterprise's benefits and who verified its code, over HTTP, for its agents."""

from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from backend.market import service
from backend.market.api import VERIFICATIONS
from backend.market.messages import EnterpriseBenefits, MyVerificationPage
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND
from backend.platform.roles import Permission


@get(
    "/v1/enterprises/{enterprise_id:uuid}/verifications",
    **operation(
        Permission.ENTERPRISE_ACT,
        "企业身份码的核验记录 Verifications of an enterprise's code",
        "谁为哪项权益核验过本企业的身份码、答复与完整原因，仅限经办人。Who verified it for what, the answer and the full reason; for its agents only. "
        "Three database round trips.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer=VERIFICATIONS,
    ),
)
async def enterprise_verifications(
    platform: ThePlatform,
    caller: TheCaller,
    enterprise_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> MyVerificationPage:
    return await service.verifications_of_enterprise(platform, caller, enterprise_id, cursor, limit)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/benefits",
    **operation(
        Permission.ENTERPRISE_ACT,
        "本企业的权益 An enterprise's benefits",
        "面向企业的权益：现在可用、下一档、暂不可用及原因，以及档次所依据的承诺履行情况；与任何个人的分数无关。"
        "What it has now, what the next tier asks, or why not, and the commitments on which the tiers rest; no person's score is in it. "
        "Four database round trips.",
        raises=(NOT_FOUND,),
        answer={
            "commitments": {"made": 2, "kept": 1, "broken": 0, "standing": "kept"},
            "benefits": [
                {
                    "id": "enterprise-green-channel",
                    "scene": "approvals",
                    "kind": "priority",
                    "unit": "days",
                    "name": {"zh": "企业绿色通道", "en": "Green channel for enterprises"},
                    "standing": "yours",
                    "value": 10,
                    "tier": {"zh": "已履行承诺", "en": "Kept a commitment"},
                    "next_value": None,
                    "next_tier": None,
                    "reasons": [],
                    "version": 1,
                    "commitment": None,
                    "where": None,
                    "when": None,
                }
            ],
        },
    ),
)
async def enterprise_benefits(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID]
) -> EnterpriseBenefits:
    return await service.benefits_of_enterprise(platform, caller, enterprise_id)


HANDLERS: tuple[Any, ...] = (enterprise_verifications, enterprise_benefits)
