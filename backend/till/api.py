"""The till over HTTP, for a clerk who is signed in."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from backend.codes import problems as code_problems
from backend.market import once
from backend.market import problems as market_problems
from backend.market.once import Answered, IdempotencyKey
from backend.partner_accounts.problems import BENEFIT_NOT_GRANTED, PARTNER_SUSPENDED
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED
from backend.platform.problems import NOT_FOUND, RATE_LIMITED, STATE_CONFLICT, UNSUPPORTED_MEDIA_TYPE
from backend.platform.roles import Permission
from backend.till import frames, problems, service
from backend.till.messages import (
    FrameText,
    Till,
    TillRedemption,
    TillRedemptionOrder,
    TillVerification,
    TillVerificationOrder,
    TillWaits,
)

_ID = "0193a1c0-0000-7000-8000-000000000020"
_VERIFICATION = {
    "verification_id": _ID,
    "benefit": "market-discount",
    "result": "eligible",
    "tier": {"unit": "permille", "value": "000000000100"},
    "expires_at": "2026-11-23T08:15:00Z",
}
_WAITS = (
    TillWaits,
    {
        "verification_id": _ID,
        "benefit": "library-deposit-waiver",
        "state": "pending-confirmation",
        "confirm_by": "2026-11-23T08:01:00Z",
        "poll_seconds": 2,
    },
)
_ONCE = (IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED)


@dataclass
class FrameOperation(Operation):
    """The contract of an operation whose body is a picture."""

    def __post_init__(self) -> None:
        picture = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(
            content=dict.fromkeys(frames.MEDIA_TYPES, picture), required=True, description="摄像头画面 a camera frame"
        )


@get(
    "/v1/till",
    **operation(
        Permission.TILL_USE,
        "我的收银台 My till",
        "收银员所在商户、门店与可核验的便利。Where the clerk works and which benefits may be verified there. Four database round trips.",
        raises=(problems.NOT_A_CLERK, PARTNER_SUSPENDED),
        answer={
            "partner": "桃花书店",
            "store": "老街店",
            "terminal": "一号收银台",
            "benefits": [
                {
                    "id": "market-discount",
                    "scene": "shopping",
                    "kind": "discount",
                    "unit": "permille",
                    "name": {"zh": "图书折扣", "en": "Books discount"},
                    "description": {"zh": "现场减免。", "en": "Reduced at the till."},
                    "cap_fen": 20000,
                }
            ],
        },
    ),
)
async def my_till(platform: ThePlatform, caller: TheCaller) -> Till:
    return await service.till(platform, caller)


@post(
    "/v1/till/verifications",
    **operation(
        Permission.TILL_USE,
        "核验诚信码 Verify a code",
        "扫码或输入数字，答复“符合/不符合”与优惠内容，不含持码人任何信息；与商户接口同一实现。"
        "Eligible or declined and what to give: nothing about the holder. The same act as `POST /v1/partner/verifications`. "
        "Ten database round trips and one of the cache.",
        raises=(
            problems.NOT_A_CLERK, PARTNER_SUSPENDED, BENEFIT_NOT_GRANTED, NOT_FOUND, STATE_CONFLICT, RATE_LIMITED,
            code_problems.CODE_MALFORMED, code_problems.CODE_UNUSABLE, code_problems.CODE_STALE, *_ONCE,
        ),
        example={"code": "60112233445566778899", "benefit": "market-discount"},
        answer=_VERIFICATION,
        waits=_WAITS,
    ),
)  # fmt: skip
async def verify(
    request: Request,
    platform: ThePlatform,
    caller: TheCaller,
    data: JSONBody[TillVerificationOrder],
    idempotency_key: IdempotencyKey = None,
) -> Response[TillVerification]:
    act = await once.once_of(request, idempotency_key)
    answer, answered = await service.verify(platform, caller, data, act)
    return Response(cast(TillVerification, answer), status_code=answered.status, headers=_replayed(answered))


@get(
    "/v1/till/verifications/{verification_id:uuid}",
    **operation(
        Permission.TILL_USE,
        "查询核验结果 Fetch a verification",
        "持码人在手机上确认之前答 202。202 while the holder is asked. Four database round trips.",
        raises=(problems.NOT_A_CLERK, PARTNER_SUSPENDED, NOT_FOUND),
        answer=_VERIFICATION,
        waits=_WAITS,
    ),
)
async def fetch_verification(
    platform: ThePlatform, caller: TheCaller, verification_id: FromPath[UUID]
) -> Response[TillVerification]:
    answer = await service.answer_of(platform, caller, verification_id)
    status = once.WAITS if isinstance(answer, TillWaits) else HTTP_200_OK
    return Response(cast(TillVerification, answer), status_code=status)


@post(
    "/v1/till/redemptions",
    **operation(
        Permission.TILL_USE,
        "核销 Redeem",
        "一次核验只核销一次；与商户接口同一实现。Once for each eligible verification. "
        "The same act as `POST /v1/partner/redemptions`. Up to ten database round trips.",
        raises=(
            problems.NOT_A_CLERK, PARTNER_SUSPENDED, NOT_FOUND, STATE_CONFLICT, market_problems.CONTRACT_NEEDED,
            market_problems.OVER_CAP, market_problems.QUOTA_EXHAUSTED, *_ONCE,
        ),
        example={"verification_id": _ID, "amount_fen": 1200},
        answer={
            "redemption_id": "0193a1c0-0000-7000-8000-000000000021",
            "verification_id": _ID,
            "benefit": "market-discount",
            "amount_fen": 1200,
            "redeemed_at": "2026-11-23T08:01:00Z",
        },
    ),
)  # fmt: skip
async def redeem(
    request: Request,
    platform: ThePlatform,
    caller: TheCaller,
    data: JSONBody[TillRedemptionOrder],
    idempotency_key: IdempotencyKey = None,
) -> Response[TillRedemption]:
    act = await once.once_of(request, idempotency_key)
    answer, answered = await service.redeem(platform, caller, data, act)
    return Response(answer, status_code=answered.status, headers=_replayed(answered))


@post(
    "/v1/till/frames",
    status_code=HTTP_200_OK,
    operation_class=FrameOperation,
    **operation(
        Permission.TILL_USE,
        "识别摄像头画面 Read a camera frame",
        "PNG 或 JPEG，至多 1 MiB、400 万像素；只返回诚信码文本，不保存画面。"
        "For browsers without a detector of their own; nothing is stored. One cache round trip.",
        raises=(problems.FRAME_UNREADABLE, problems.FRAME_TOO_LARGE, RATE_LIMITED),
        answer={"text": "IC1:QA0WL9TQ62BBQ2W8UPS4E2U5KL8O:B+5TJ2RI8V2U5AX"},
        maximum_body=frames.MAXIMUM_BYTES,
    ),
)
async def read_frame(request: Request, platform: ThePlatform, caller: TheCaller) -> FrameText:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in frames.MEDIA_TYPES:
        raise UNSUPPORTED_MEDIA_TYPE.error(
            detail="请使用 Content-Type: image/png 或 image/jpeg。", detail_en="Send it as image/png or image/jpeg."
        )
    return FrameText(await service.read_frame(platform, caller, await request.body(), media_type))


def _replayed(answered: Answered) -> dict[str, str]:
    return {"Idempotency-Replayed": "true"} if answered.replayed else {}


HANDLERS = (my_till, verify, fetch_verification, redeem, read_frame)
