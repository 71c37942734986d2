"""The sandbox over HTTP: a partner's acts below /sandbox as they are without it, and what only a sandbox has."""

from typing import Annotated, Any, cast
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from backend.codes import problems as code_problems
from backend.codes.messages import ShownCode
from backend.market import once, problems
from backend.market.examples import ID, REDEMPTION, REVERSAL, VERIFICATION, WAITS
from backend.market.messages import (
    HolderAsked,
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
from backend.platform.http.inputs import ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.http.signatures import SANDBOX_PATH
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED
from backend.platform.problems import NOT_FOUND, RATE_LIMITED, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.sandbox import service
from backend.sandbox.messages import ClockOrder, CodeOrder, Personas, SandboxTime, Triggered
from backend.sandbox.problems import CLOCK_TOO_FAR, NO_ENDPOINT
from backend.webhooks.states import EventType

_MAXIMUM_REQUEST = 4096
_IDEMPOTENCY = (IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED)

PersonaId = Annotated[
    str, Parameter(description="沙箱角色编号 persona id", pattern=r"^[a-z][a-z-]{1,39}(?!\n)$", max_length=40)
]


@get(
    f"{SANDBOX_PATH}/v1/personas",
    **operation(
        Permission.PUBLIC_READ,
        "沙箱角色 Personas of the sandbox",
        "每个角色演示一种情形；都不是真人。Each shows one thing that can happen at a till; all of them are nobody. No database round trip.",
        answer={
            "personas": [
                {
                    "id": "code-expired",
                    "name": {"zh": "过期截图", "en": "An old picture"},
                    "shows": {"zh": "两分钟前的截图", "en": "A picture of the code from two minutes ago"},
                    "reads": {"zh": "诚信码已过时（422 code-stale）", "en": "422 code-stale"},
                }
            ]
        },
    ),
)
async def list_personas() -> Personas:
    return service.listing()


@post(
    f"{SANDBOX_PATH}/v1/personas/{{persona_id:str}}/codes",
    **operation(
        Permission.SANDBOX_USE,
        "角色出示诚信码 A persona shows its code",
        "供扫描的文本与数字码，只在本沙箱有效、一次有效。Text to scan and digits to type; works once, in this sandbox alone. "
        "Three database round trips and two of the cache.",
        raises=(NOT_FOUND, code_problems.SCENE_UNKNOWN, PARTNER_SUSPENDED, RATE_LIMITED),
        example={"scene": "shopping"},
        answer={
            "text": "IC1:QA0WL9TQ62BBQ2W8UPS4E2U5KL8O:B+5TJ2RI8V2U5AX",
            "digits": "12345678901212345675",
            "server_time": "2026-11-23T08:00:00Z",
            "expires_at": "2026-11-23T08:00:30Z",
        },
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def show_code(
    platform: ThePlatform, signer: TheSigner, persona_id: FromPath[PersonaId], data: JSONBody[CodeOrder]
) -> ShownCode:
    return await service.show_code(platform, signer, persona_id, data.scene)


@post(
    f"{SANDBOX_PATH}/v1/partner/verifications",
    **operation(
        Permission.SANDBOX_USE,
        "沙箱：核验 Sandbox: verify a code for a benefit",
        "与正式核验相同，对象是沙箱角色；不计名额，不留任何人的记录。As live, of a persona: nothing is counted, nobody's data is touched. "
        "Seven database round trips and two of the cache.",
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
        maximum_body=_MAXIMUM_REQUEST,
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
    return once.response(await service.verify(platform, signer, data, act), VerificationAnswer)


@get(
    f"{SANDBOX_PATH}/v1/partner/verifications/{{verification_id:uuid}}",
    **operation(
        Permission.SANDBOX_USE,
        "沙箱：查询核验 Sandbox: fetch a verification",
        "与正式相同，按沙箱时钟。As live, by the sandbox's clock. Three database round trips and one of the cache.",
        raises=(PARTNER_SUSPENDED, NOT_FOUND),
        answer={**VERIFICATION, "state": "answered"},
        waits=WAITS,
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def fetch_verification(
    platform: ThePlatform, signer: TheSigner, verification_id: FromPath[UUID]
) -> Response[VerificationAnswerNow]:
    answer = await service.answer_of(platform, signer, verification_id)
    return Response(
        cast(VerificationAnswerNow, answer), status_code=once.WAITS if isinstance(answer, HolderAsked) else 200
    )


@post(
    f"{SANDBOX_PATH}/v1/partner/redemptions",
    **operation(
        Permission.SANDBOX_USE,
        "沙箱：核销 Sandbox: redeem a verification",
        "与正式相同，不占名额与预算。As live; no quota and no budget is used. "
        "Seven database round trips, two more with a webhook, and one of the cache.",
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
        maximum_body=_MAXIMUM_REQUEST,
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
    return once.response(await service.redeem(platform, signer, data, act), RedemptionAnswer)


@get(
    f"{SANDBOX_PATH}/v1/partner/redemptions",
    **operation(
        Permission.SANDBOX_USE,
        "沙箱：按幂等键查询核销 Sandbox: find a redemption by its idempotency key",
        "与正式相同。As live. Two database round trips and one of the cache.",
        raises=(PARTNER_SUSPENDED, NOT_FOUND),
        answer=REDEMPTION,
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def find_redemption(
    platform: ThePlatform,
    signer: TheSigner,
    key: Annotated[UUID, Parameter(query="idempotency_key", description="核销时使用的幂等键 the key it was sent with")],
) -> RedemptionAnswer:
    return await service.redemption_by_key(platform, signer, key)


@post(
    f"{SANDBOX_PATH}/v1/partner/redemptions/{{redemption_id:uuid}}/reversals",
    **operation(
        Permission.SANDBOX_USE,
        "沙箱：冲正 Sandbox: reverse a redemption",
        "与正式相同。As live. Six database round trips, two more with a webhook, and one of the cache.",
        raises=(*_IDEMPOTENCY, PARTNER_SUSPENDED, NOT_FOUND, STATE_CONFLICT, problems.REVERSAL_OVER),
        example={"partner_ref": "refund-1001", "amount_fen": 600},
        answer=REVERSAL,
        maximum_body=_MAXIMUM_REQUEST,
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
    return once.response(await service.reverse(platform, signer, redemption_id, data, act), ReversalAnswer)


@post(
    f"{SANDBOX_PATH}/v1/clock",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SANDBOX_USE,
        "沙箱时钟快进 Move the sandbox's clock",
        "只影响本沙箱；签名时间仍按真实时钟。Forward only, for this sandbox alone; signatures keep real time. "
        "Two database round trips and one of the cache.",
        raises=(PARTNER_SUSPENDED, CLOCK_TOO_FAR),
        example={"forward_seconds": 900},
        answer={"now": "2026-11-23T08:15:00Z", "ahead_seconds": 900},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def move_clock(platform: ThePlatform, signer: TheSigner, data: JSONBody[ClockOrder]) -> SandboxTime:
    return await service.move_clock(platform, signer, data)


@delete(
    f"{SANDBOX_PATH}/v1/clock",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SANDBOX_USE,
        "沙箱复位 Reset the sandbox",
        "时钟复位，试办记录全部清除。The clock is the platform's again, and everything dry is forgotten. "
        "Four database round trips and one of the cache.",
        raises=(PARTNER_SUSPENDED,),
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def reset(platform: ThePlatform, signer: TheSigner) -> None:
    await service.clear(platform, signer)


@post(
    f"{SANDBOX_PATH}/v1/webhooks/{{kind:str}}",
    status_code=HTTP_202_ACCEPTED,
    **operation(
        Permission.SANDBOX_USE,
        "触发回调 Trigger a webhook",
        "任何一种事件，编号为虚构，只发往测试密钥名下的地址。Any event, with ids that are made up, to the test key's own addresses. "
        "Five database round trips and two of the cache.",
        raises=(PARTNER_SUSPENDED, NO_ENDPOINT, RATE_LIMITED),
        answer={"type": "order.payment_due", "data": {"order_id": "0193a1c0-0000-7000-8000-000000000030"}},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def trigger(
    platform: ThePlatform,
    signer: TheSigner,
    kind: FromPath[Annotated[EventType, Parameter(description="事件类型 type of event")]],
) -> Triggered:
    return await service.trigger(platform, signer, kind)


HANDLERS: tuple[Any, ...] = (
    list_personas,
    show_code,
    verify,
    fetch_verification,
    redeem,
    find_redemption,
    reverse,
    move_clock,
    reset,
    trigger,
)
