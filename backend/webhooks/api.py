"""Webhooks over HTTP: a partner's addresses, their secrets, and the log of what was sent."""

from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, RATE_LIMITED
from backend.platform.roles import Permission
from backend.webhooks import problems, service
from backend.webhooks.messages import (
    DeliveryPage,
    Endpoints,
    EndpointWithSecret,
    NewEndpoint,
    ResendRange,
    Resent,
    RotatedSecret,
    TestSent,
)

_MAXIMUM_REQUEST = 4096

_EVENT_ID = "0193a1c0-0000-7000-8000-000000000061"
_ENDPOINT = {
    "endpoint_id": "0193a1c0-0000-7000-8000-000000000060",
    "url": "https://partner.example/xinyi",
    "state": "enabled",
    "created_at": "2026-11-23T08:00:00Z",
}
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
_DELIVERY = {
    "event_id": _EVENT_ID,
    "type": "redemption.redeemed",
    "object_id": "0193a1c0-0000-7000-8000-000000000021",
    "occurred_at": "2026-11-23T08:00:00Z",
    "state": "delivered",
    "next_at": None,
    "attempts": [
        {"attempt": 1, "at": "2026-11-23T08:00:00Z", "outcome": "refused", "status": 503, "milliseconds": 31},
        {"attempt": 2, "at": "2026-11-23T08:00:05Z", "outcome": "delivered", "status": 204, "milliseconds": 28},
    ],
}


@get(
    "/v1/partner/webhooks",
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "回调地址 Webhook addresses",
        "本商户登记的回调地址，最多三个。The addresses that are told, three at most. One database round trip and one of the cache.",
        answer={"endpoints": [_ENDPOINT]},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def list_endpoints(platform: ThePlatform, signer: TheSigner) -> Endpoints:
    return await service.of_partner(platform, signer)


@post(
    "/v1/partner/webhooks",
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "登记回调地址 Register a webhook address",
        "https 的公网域名；密钥仅在此答复中出现一次。A public name by https; the secret is shown in this answer and never again. "
        "Four database round trips and one of the cache.",
        raises=(problems.URL_REFUSED, problems.ENDPOINT_EXISTS, problems.TOO_MANY_ENDPOINTS),
        example={"url": "https://partner.example/xinyi"},
        answer={**_ENDPOINT, "secret": _SECRET},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def add_endpoint(platform: ThePlatform, signer: TheSigner, data: JSONBody[NewEndpoint]) -> EndpointWithSecret:
    return await service.add(platform, signer, data)


@delete(
    "/v1/partner/webhooks/{endpoint_id:uuid}",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "删除回调地址 Delete a webhook address",
        "连同密钥与投递记录一并删除，不再通知。With its secrets and its log; nothing more is sent there. "
        "Two database round trips and one of the cache.",
        raises=(NOT_FOUND,),
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def delete_endpoint(platform: ThePlatform, signer: TheSigner, endpoint_id: FromPath[UUID]) -> None:
    await service.delete(platform, signer, endpoint_id)


@post(
    "/v1/partner/webhooks/{endpoint_id:uuid}/secret",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "轮换回调密钥 Rotate the secret of an address",
        "新密钥仅在此答复中出现一次；旧密钥继续签名 24 小时。The new one is shown in this answer and never again; the one before "
        "signs beside it for 24 hours. Four database round trips and one of the cache.",
        raises=(NOT_FOUND, problems.SECRET_ROTATING),
        answer={"secret": _SECRET, "previous_until": "2026-11-24T08:00:00Z"},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def rotate_secret(platform: ThePlatform, signer: TheSigner, endpoint_id: FromPath[UUID]) -> RotatedSecret:
    return await service.rotate_secret(platform, signer, endpoint_id)


@post(
    "/v1/partner/webhooks/{endpoint_id:uuid}/test",
    status_code=HTTP_202_ACCEPTED,
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "发送测试通知 Send a test event",
        "发送一条 webhook.test，结果见投递记录。An event `webhook.test` on its way; the log says what becomes of it. "
        "Four database round trips and two of the cache.",
        raises=(NOT_FOUND, problems.ENDPOINT_DISABLED, RATE_LIMITED),
        answer={"event_id": _EVENT_ID},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def send_test(platform: ThePlatform, signer: TheSigner, endpoint_id: FromPath[UUID]) -> TestSent:
    return await service.send_test(platform, signer, endpoint_id)


@get(
    "/v1/partner/webhooks/{endpoint_id:uuid}/deliveries",
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "投递记录 Deliveries",
        "每个事件的投递状态与每次尝试，保留 30 天。What was sent, newest event first, each attempt with its outcome; kept for 30 days. "
        "Two database round trips and one of the cache.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer={"deliveries": [_DELIVERY], "next": None},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def list_deliveries(
    platform: ThePlatform,
    signer: TheSigner,
    endpoint_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> DeliveryPage:
    return await service.deliveries(platform, signer, endpoint_id, cursor, limit)


@post(
    "/v1/partner/webhooks/{endpoint_id:uuid}/deliveries",
    status_code=HTTP_202_ACCEPTED,
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "重发一段时间的通知 Send the events of a time again",
        "按原编号与原顺序重发，一次最多一千条；next 非空则继续。Under their old ids and in their order, a thousand at once; if `next` is not "
        "null, ask again with it. Six database round trips and two of the cache.",
        raises=(NOT_FOUND, BAD_CURSOR, problems.ENDPOINT_DISABLED, RATE_LIMITED),
        example={"since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"},
        answer={"events": 12, "next": None},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def resend_range(
    platform: ThePlatform, signer: TheSigner, endpoint_id: FromPath[UUID], data: JSONBody[ResendRange]
) -> Resent:
    return await service.resend_range(platform, signer, endpoint_id, data)


@post(
    "/v1/partner/webhooks/{endpoint_id:uuid}/deliveries/{event_id:uuid}",
    status_code=HTTP_202_ACCEPTED,
    **operation(
        Permission.PARTNER_WEBHOOKS,
        "重发一条通知 Send one event again",
        "按原编号重发。Under its old id, whatever became of it. Six database round trips and two of the cache.",
        raises=(NOT_FOUND, problems.ENDPOINT_DISABLED, RATE_LIMITED),
        answer={"events": 1, "next": None},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def resend(
    platform: ThePlatform, signer: TheSigner, endpoint_id: FromPath[UUID], event_id: FromPath[UUID]
) -> Resent:
    return await service.resend(platform, signer, endpoint_id, event_id)


HANDLERS = (
    list_endpoints,
    add_endpoint,
    delete_endpoint,
    rotate_secret,
    send_test,
    list_deliveries,
    resend_range,
    resend,
)
