"""The integrity code over HTTP: tickets for the phone, the current code, and its picture."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.codes import problems, service
from backend.codes.messages import ShownCode, TicketBatch, TicketOrder
from backend.consents.problems import CONSENT_MISSING
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND, RATE_LIMITED
from backend.platform.roles import Permission

SceneName = Annotated[
    str, Parameter(description="场景 scene", pattern=r"^[a-z]{1,20}(?!\n)$", max_length=20, examples=[])
]
CodeText = Annotated[
    str, Parameter(description="本人当前诚信码文本 the caller's own code text", min_length=1, max_length=512)
]

_CODE = {
    "text": "IC1:QA0WL9TQ62BBQ2W8UPS4E2U5KL8O:B+5TJ2RI8V2U5AX",
    "digits": "60112233445566778899",
    "server_time": "2026-11-23T08:00:00Z",
    "expires_at": "2026-11-23T08:00:30Z",
}
_TICKETS = {
    "server_time": "2026-11-23T08:00:00Z",
    "step_seconds": 30,
    "tickets": [
        {
            "tid": "Zm9ydHl0d29ieXQ",
            "k": "c2V2ZW50eS1maXZlLWJ5dGVzLW9mLWtleS1tYXRlcmlhbA",
            "slot": 0,
            "exp": "2026-11-24T08:00:00Z",
        }
    ],
}


@post(
    "/v1/me/code-tickets",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SELF_SHOW_CODE,
        "领取诚信码票据 Fetch code tickets",
        "一次领取 1 至 32 张，24 小时有效；手机无信号时也能出示。每张只用一次。Needs the consent to show. "
        "Two database round trips and one cache round trip.",
        raises=(CONSENT_MISSING, RATE_LIMITED),
        example={"count": 32},
        answer=_TICKETS,
    ),
)
async def fetch_tickets(platform: ThePlatform, caller: TheCaller, data: JSONBody[TicketOrder]) -> TicketBatch:
    return await service.fetch_tickets(platform, caller, data.count)


@get(
    "/v1/me/code",
    **operation(
        Permission.SELF_SHOW_CODE,
        "当前诚信码 The current code",
        "每次调用换用一张新票据；30 秒内出示，用后即废。Draws a fresh ticket each time; single use. Needs the consent to show. "
        "Two database round trips and one cache round trip.",
        raises=(CONSENT_MISSING, RATE_LIMITED, problems.SCENE_UNKNOWN),
        answer=_CODE,
    ),
)
async def current_code(platform: ThePlatform, caller: TheCaller, scene: SceneName) -> ShownCode:
    return await service.current_code(platform, caller, scene)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/code-tickets",
    status_code=HTTP_200_OK,
    **operation(
        Permission.ENTERPRISE_ACT,
        "领取企业身份码票据 Fetch an enterprise's code tickets",
        "由经办人领取，与个人票据同一格式，每张只用一次；企业退出或经办终止即失效。The same tickets as a person's, for its agent; void once the enterprise "
        "withdraws or the agent ceases to act. Two database round trips and one cache round trip.",
        raises=(NOT_FOUND, RATE_LIMITED),
        example={"count": 32},
        answer=_TICKETS,
    ),
)
async def fetch_enterprise_tickets(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[TicketOrder]
) -> TicketBatch:
    return await service.fetch_tickets(platform, caller, data.count, enterprise_id)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/code",
    **operation(
        Permission.ENTERPRISE_ACT,
        "企业当前身份码 An enterprise's current code",
        "与个人诚信码同一格式，看不出持码人是个人还是企业；用后即废。Nobody sees from it whether a person or an enterprise shows it; single use. "
        "Two database round trips and one cache round trip.",
        raises=(NOT_FOUND, RATE_LIMITED, problems.SCENE_UNKNOWN),
        answer=_CODE,
    ),
)
async def current_enterprise_code(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], scene: SceneName
) -> ShownCode:
    return await service.current_code(platform, caller, scene, enterprise_id)


@get(
    "/v1/me/code.png",
    media_type="image/png",
    **operation(
        Permission.SELF_SHOW_CODE,
        "诚信码图片（PNG） The code as PNG",
        "只画本人当前的诚信码。Draws only a current code of the caller's own. One database and one cache round trip.",
        raises=(RATE_LIMITED, problems.CODE_MALFORMED, problems.CODE_UNUSABLE, problems.CODE_STALE),
    ),
)
async def code_png(platform: ThePlatform, caller: TheCaller, text: CodeText) -> Response[bytes]:
    return _picture(await service.picture(platform, caller, text, "png"), "image/png")


@get(
    "/v1/me/code.svg",
    media_type="image/svg+xml",
    **operation(
        Permission.SELF_SHOW_CODE,
        "诚信码图片（SVG） The code as SVG",
        "只画本人当前的诚信码。Draws only a current code of the caller's own. One database and one cache round trip.",
        raises=(RATE_LIMITED, problems.CODE_MALFORMED, problems.CODE_UNUSABLE, problems.CODE_STALE),
    ),
)
async def code_svg(platform: ThePlatform, caller: TheCaller, text: CodeText) -> Response[bytes]:
    return _picture(await service.picture(platform, caller, text, "svg"), "image/svg+xml")


def _picture(drawn: bytes, media_type: str) -> Response[bytes]:
    return Response(drawn, media_type=media_type, headers={"Cache-Control": "no-store"})


HANDLERS = (fetch_tickets, current_code, fetch_enterprise_tickets, current_enterprise_code, code_png, code_svg)
