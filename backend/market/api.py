"""The market over HTTP: benefits for everyone and for the caller, and the endpoints of partners (protocol, section 2)."""

from typing import Annotated, Any, cast
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, Parameter

from backend.codes import problems as code_problems
from backend.market import once, problems, service
from backend.market.examples import ID, REDEMPTION, REVERSAL, VERIFICATION, WAITS
from backend.market.messages import (
    BENEFIT_ID,
    BenefitOffer,
    BenefitPage,
    HolderAsked,
    MyBenefits,
    MyVerificationPage,
    RedemptionAnswer,
    RedemptionOrder,
    ReversalAnswer,
    ReversalOrder,
    VerificationAnswer,
    VerificationAnswerNow,
    VerificationOrder,
)
from backend.market.once import IdempotencyKey
from backend.partner_accounts.problems import BENEFIT_NOT_GRANTED, PARTNER_SUSPENDED
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, RATE_LIMITED, STATE_CONFLICT
from backend.platform.roles import Permission

# Protocol, section 2: a partner's request has at most 4 KB.
MAXIMUM_REQUEST = 4096

SceneName = Annotated[
    str | None, Parameter(description="场景 scene", pattern=r"^[a-z]{1,20}(?!\n)$", max_length=20, required=False)
]
BenefitInPath = Annotated[str, Parameter(description="权益编号 benefit id", pattern=BENEFIT_ID, max_length=64)]
_IDEMPOTENCY = (IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED)

_OFFER = {
    "id": "library-deposit-waiver",
    "version": 1,
    "scene": "library",
    "kind": "deposit-waiver",
    "unit": "fen",
    "name": {"zh": "图书馆免押借阅", "en": "Library card without deposit"},
    "description": {"zh": "所有居民免押办证。", "en": "A card without deposit for every resident."},
    "legal_basis": "社会信用体系建设规划与合作协议（激励措施清单）",
    "state": "published",
    "holder": "person",
    "open_to_all": True,
    "tiers": [{"name": {"zh": "不限等级", "en": "Every level"}, "minimum_rank": 0, "value": 10000}],
    "cap_fen": 10000,
    "quota_total": None,
    "quota_per_day": None,
    "per_person_per_day": 1,
    "per_person_per_month": None,
    "valid_from": "2026-01-01",
    "valid_until": "2028-01-01",
    "published_at": "2026-11-23T08:00:00Z",
    "offline": None,
    "quota_per_store_per_day": None,
    "stacking_group": None,
    "where": None,
    "when": {"weekdays": [2, 3, 4, 5, 6, 7], "opens": "09:00", "closes": "18:00", "except_on": []},
    "reservation_minutes": 10,
}
VERIFICATIONS = {
    "verifications": [
        {
            "id": ID,
            "partner": "桃花市图书馆",
            "terminal": "till-1",
            "benefit": {"zh": "加借图书", "en": "More books"},
            "result": "declined",
            "reasons": [{"zh": "今日次数已用完，明日恢复", "en": "Used up for today; available again tomorrow"}],
            "amount_fen": None,
            "answered_at": "2026-11-23T08:00:00Z",
            "redeemed_at": None,
            "redeemed_fen": None,
            "state": "answered",
        }
    ],
    "next": None,
}


@get(
    "/v1/benefits",
    **operation(
        Permission.PUBLIC_READ,
        "权益目录 Benefits",
        "在效权益的条款、依据与有效期。The benefits in force with terms, legal basis and dates (Reg. art. 30). One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"benefits": [_OFFER], "next": None},
    ),
)
async def list_benefits(
    platform: ThePlatform, scene: SceneName = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> BenefitPage:
    return await service.listing(platform, scene, cursor, limit)


@get(
    "/v1/benefits/{benefit_id:str}",
    **operation(
        Permission.PUBLIC_READ,
        "一项权益 One benefit",
        "条款、依据与有效期。Terms, legal basis and dates. One database round trip.",
        raises=(NOT_FOUND,),
        answer=_OFFER,
    ),
)
async def one_benefit(platform: ThePlatform, benefit_id: FromPath[BenefitInPath]) -> BenefitOffer:
    return await service.offer(platform, benefit_id)


@get(
    "/v1/me/benefits",
    **operation(
        Permission.SELF_READ,
        "我的权益 My benefits",
        "现在可用的、作出承诺即可用的、升一级可用的，以及暂不可用的原因。Yours now, yours if you commit, yours at the next level, and why not yet. Four database round trips.",
        answer={
            "benefits": [
                {
                    "id": "library-extra-books",
                    "scene": "library",
                    "kind": "free-time",
                    "unit": "books",
                    "name": {"zh": "加借图书", "en": "More books"},
                    "standing": "yours",
                    "value": 2,
                    "tier": {"zh": "诚信", "en": "Trusted"},
                    "next_value": 4,
                    "next_tier": {"zh": "良好", "en": "Good"},
                    "reasons": [],
                    "version": 1,
                    "commitment": {
                        "kind": "return-on-time",
                        "promise": {
                            "zh": "我承诺按期、完好归还所借物品",
                            "en": "I will return what I borrow in time and unharmed",
                        },
                        "tier": {"zh": "作出承诺", "en": "Committed"},
                        "value": 2,
                        "made": False,
                    },
                    "where": None,
                    "when": {"weekdays": [2, 3, 4, 5, 6, 7], "opens": "09:00", "closes": "18:00", "except_on": []},
                }
            ]
        },
    ),
)
async def my_benefits(platform: ThePlatform, caller: TheCaller) -> MyBenefits:
    return await service.my_benefits(platform, caller)


@get(
    "/v1/me/verifications",
    **operation(
        Permission.SELF_READ,
        "我的核验记录 My verifications",
        "谁为哪项权益核验过您的诚信码、答复与完整原因。Who verified your code for what, the answer and the full reason. Two database round trips.",
        raises=(BAD_CURSOR,),
        answer=VERIFICATIONS,
    ),
)
async def my_verifications(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> MyVerificationPage:
    return await service.my_verifications(platform, caller, cursor, limit)


@post(
    "/v1/partner/verifications",
    **operation(
        Permission.PARTNER_VERIFY,
        "核验 Verify a code for a benefit",
        "答复“符合/不符合”，不含姓名、分数、等级或原因；诚信码即时作废。须本人确认的权益先答 202，持码人在手机上确认后再查询结果。"
        "Yes or no in answers of equal length; the code is burned. A benefit that needs the holder's confirmation is answered "
        "202 first: fetch the verification until the holder's phone answered. Three database round trips inside one transaction, four "
        "if the holder is asked, and two of the cache, shared with those that come at the same time; nine at most and alone for what "
        "is refused or typed; a replay takes two of its own.",
        raises=(
            *_IDEMPOTENCY,
            PARTNER_SUSPENDED,
            BENEFIT_NOT_GRANTED,
            NOT_FOUND,
            STATE_CONFLICT,
            code_problems.CODE_MALFORMED,
            code_problems.CODE_UNUSABLE,
            code_problems.CODE_STALE,
            RATE_LIMITED,
        ),
        example={
            "code": "IC1:QA0WL9TQ62BBQ2W8UPS4E2U5KL8O:B+5TJ2RI8V2U5AX",
            "benefit": "library-extra-books",
            "terminal": "till-1",
            "partner_ref": "visit-1001",
        },
        answer=VERIFICATION,
        waits=WAITS,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def verify(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    data: JSONBody[VerificationOrder],
    idempotency_key: IdempotencyKey = None,
) -> Response[VerificationAnswer]:
    act = await once.once_of(request, idempotency_key)
    return once.response(
        await service.verify(platform, signer.owner_id, data, act, signer.request_id), VerificationAnswer
    )


@get(
    "/v1/partner/verifications/{verification_id:uuid}",
    **operation(
        Permission.PARTNER_VERIFY,
        "查询核验 Fetch a verification",
        "本商户的核验及其当前状态；等待本人确认时答 202。Another partner's id is not found; 202 while the holder is asked. "
        "Three database round trips and one of the cache.",
        raises=(PARTNER_SUSPENDED, NOT_FOUND),
        answer={**VERIFICATION, "state": "answered"},
        waits=WAITS,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def fetch_verification(
    platform: ThePlatform, signer: TheSigner, verification_id: FromPath[UUID]
) -> Response[VerificationAnswerNow]:
    answer = await service.answer_of(platform, signer.owner_id, verification_id, signer.request_id)
    return Response(
        cast(VerificationAnswerNow, answer), status_code=once.WAITS if isinstance(answer, HolderAsked) else 200
    )


@post(
    "/v1/partner/redemptions",
    **operation(
        Permission.PARTNER_REDEEM,
        "核销 Redeem a verification",
        "每次核验只能核销一次，15 分钟内有效；占用名额与次数。Once per verification within 15 minutes; consumes quotas and limits. "
        "Up to eleven database round trips, one more where the city subsidises, two with a webhook, and one of the cache, inside one transaction; a replay takes two.",
        raises=(
            *_IDEMPOTENCY,
            PARTNER_SUSPENDED,
            NOT_FOUND,
            STATE_CONFLICT,
            problems.CONTRACT_NEEDED,
            problems.OVER_CAP,
            problems.QUOTA_EXHAUSTED,
        ),
        example={"verification_id": ID, "amount_fen": 1200, "partner_ref": "order-1001"},
        answer=REDEMPTION,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def redeem(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    data: JSONBody[RedemptionOrder],
    idempotency_key: IdempotencyKey = None,
) -> Response[RedemptionAnswer]:
    act = await once.once_of(request, idempotency_key)
    return once.response(
        await service.redeem(platform, signer.owner_id, data, act, signer.request_id), RedemptionAnswer
    )


@get(
    "/v1/partner/redemptions",
    **operation(
        Permission.PARTNER_REDEEM,
        "按幂等键查询核销 Find a redemption by its idempotency key",
        "结果不明时查询：有则已核销，404 则未核销。Settles an unknown outcome. Two database round trips and one of the cache.",
        raises=(PARTNER_SUSPENDED, NOT_FOUND),
        answer=REDEMPTION,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def find_redemption(
    platform: ThePlatform,
    signer: TheSigner,
    key: Annotated[UUID, Parameter(query="idempotency_key", description="核销时使用的幂等键 the key it was sent with")],
) -> RedemptionAnswer:
    return await service.redemption_by_key(platform, signer.owner_id, key, signer.request_id)


@post(
    "/v1/partner/redemptions/{redemption_id:uuid}/reversals",
    **operation(
        Permission.PARTNER_REDEEM,
        "冲正 Reverse a redemption",
        "全部或部分冲正，另立记录，合计不超过原金额。Whole or part, its own record, never more than the redemption. "
        "Seven to twelve database round trips, one more where the city subsidised, two with a webhook, and one of the cache, inside one transaction.",
        raises=(*_IDEMPOTENCY, NOT_FOUND, STATE_CONFLICT, problems.REVERSAL_OVER),
        example={"partner_ref": "refund-1001", "amount_fen": 600},
        answer=REVERSAL,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def reverse(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    redemption_id: FromPath[UUID],
    data: JSONBody[ReversalOrder],
    idempotency_key: IdempotencyKey = None,
) -> Response[ReversalAnswer]:
    act = await once.once_of(request, idempotency_key)
    return once.response(
        await service.reverse(platform, signer.owner_id, redemption_id, data, act, signer.request_id), ReversalAnswer
    )


HANDLERS: tuple[Any, ...] = (
    list_benefits,
    one_benefit,
    my_benefits,
    my_verifications,
    verify,
    fetch_verification,
    redeem,
    find_redemption,
    reverse,
)
