"""Counter codes over HTTP: a partner's signs, what a sign offers, and a resident's wish to be served at one."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, Parameter

from backend.consents.problems import CONSENT_MISSING
from backend.counters import problems, service
from backend.counters.messages import (
    TOKEN,
    CounterAnswer,
    CounterCode,
    CounterCodes,
    CounterOffer,
    CounterUseOrder,
    CounterVisits,
    NewCounterCode,
)
from backend.partner_accounts.problems import BENEFIT_NOT_GRANTED, PARTNER_SUSPENDED
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND, RATE_LIMITED, STATE_CONFLICT
from backend.platform.roles import Permission

_MAXIMUM_REQUEST = 4096
TokenInPath = Annotated[str, Parameter(pattern=TOKEN, min_length=22, max_length=22, description="台码编号 token")]
StoreInQuery = Annotated[UUID | None, Parameter(query="store_id", required=False, description="门店 store")]

_ID = "0193a1c0-0000-7000-8000-000000000060"
_STORE = "0193a1c0-0000-7000-8000-000000000011"
_USE = "0193a1c0-0000-4000-8000-000000000061"
_TOKEN = "Zm9ydHl0d29ieXRlc29mcg"
_SIGN = {
    "id": _ID,
    "store_id": _STORE,
    "benefit": "bookshop-discount",
    "text": f"https://xinyi.example/resident#counter={_TOKEN}",
    "drawing": {"size": 33, "path": "M0 0h7v1h-7z"},
    "made_at": "2026-11-23T08:00:00Z",
}
_TIER = {"unit": "permille", "value": "000000000100"}


@post(
    "/v1/partner/counter-codes",
    **operation(
        Permission.PARTNER_VERIFY,
        "张贴台码 Put a counter code up",
        "为门店的一项权益生成台码，印刷张贴；重复请求返回同一台码。"
        "A sign for one benefit at one store, to be printed; asked again, the one that hangs there. "
        "Five database round trips and one of the cache.",
        raises=(PARTNER_SUSPENDED, BENEFIT_NOT_GRANTED, problems.COUNTER_FOR_PERSONS, NOT_FOUND, STATE_CONFLICT),
        example={"store_id": _STORE, "benefit": "bookshop-discount"},
        answer=_SIGN,
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def put_up(platform: ThePlatform, signer: TheSigner, data: JSONBody[NewCounterCode]) -> CounterCode:
    return await service.put_up(platform, signer, data)


@get(
    "/v1/partner/counter-codes",
    **operation(
        Permission.PARTNER_VERIFY,
        "本商户的台码 Own counter codes",
        "在用的台码。The signs that hang now. One database round trip and one of the cache.",
        answer={"counter_codes": [_SIGN]},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def list_own(platform: ThePlatform, signer: TheSigner) -> CounterCodes:
    return await service.of_partner(platform, signer.owner_id)


@delete(
    "/v1/partner/counter-codes/{counter_id:uuid}",
    **operation(
        Permission.PARTNER_VERIFY,
        "停用台码 Take a counter code down",
        "立即停用，不能恢复。At once and for good. One database round trip and one of the cache.",
        raises=(NOT_FOUND,),
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def take_down(platform: ThePlatform, signer: TheSigner, counter_id: FromPath[UUID]) -> None:
    await service.take_down(platform, signer, counter_id)


@get(
    "/v1/partner/counter-visits",
    **operation(
        Permission.PARTNER_VERIFY,
        "台码待办理 Who waits at the signs",
        "扫台码且符合、尚未核销的顾客，以四位对照号辨认，不含任何身份信息。"
        "Customers who scanned a sign, are eligible and were not served yet, told apart by four digits. "
        "Three database round trips and one of the cache.",
        answer={
            "visits": [
                {
                    "verification_id": "0193a1c0-0000-7000-8000-000000000020",
                    "benefit": "bookshop-discount",
                    "shown_as": "4821",
                    "tier": _TIER,
                    "answered_at": "2026-11-23T08:00:00Z",
                    "expires_at": "2026-11-23T08:15:00Z",
                }
            ]
        },
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def list_visits(platform: ThePlatform, signer: TheSigner, store_id: StoreInQuery = None) -> CounterVisits:
    return await service.visits(platform, signer.owner_id, store_id)


@get(
    "/v1/counter-codes/{token:str}",
    **operation(
        Permission.PUBLIC_READ,
        "台码内容 What a counter code offers",
        "商户、门店、权益与条款，与张贴内容一致。Shop, store, benefit and terms, as on the wall. Four database round trips.",
        raises=(problems.COUNTER_UNKNOWN, problems.COUNTER_CLOSED),
        answer={
            "token": _TOKEN,
            "server_time": "2026-11-23T08:00:00Z",
            "partner": "桃花书店",
            "store": "老街店",
            "benefit": "bookshop-discount",
            "benefit_version": 1,
            "name": {"zh": "图书折扣", "en": "Books discount"},
            "description": {"zh": "现场减免。", "en": "Reduced at the till."},
            "kind": "discount",
            "legal_basis": "激励措施清单",
        },
    ),
)
async def offer(platform: ThePlatform, token: FromPath[TokenInPath]) -> CounterOffer:
    return await service.offer(platform, token)


@post(
    "/v1/me/counter-uses",
    **operation(
        Permission.SELF_SHOW_CODE,
        "扫台码办理 Be served at a counter code",
        "由本人手机签名确认。符合的，商户立即获知；不符合的，原因只告诉您，商户一无所知。"
        "Signed by the resident's phone. A yes is told to the shop at once; a no to nobody but you. "
        "Up to fourteen database round trips and one of the cache.",
        raises=(
            problems.COUNTER_UNKNOWN,
            problems.COUNTER_CLOSED,
            problems.COUNTER_SIGNATURE_INVALID,
            problems.USE_TAKEN,
            CONSENT_MISSING,
            RATE_LIMITED,
        ),
        example={
            "use": _USE,
            "token": _TOKEN,
            "benefit_version": 1,
            "created": 1795420800,
            "device_id": "0193a1c0-0000-7000-8000-000000000040",
            "signature": "A" * 86,
        },
        answer={
            "use": _USE,
            "result": "eligible",
            "reasons": [],
            "tier": _TIER,
            "shown_as": "4821",
            "expires_at": "2026-11-23T08:15:00Z",
        },
    ),
)
async def use(platform: ThePlatform, caller: TheCaller, data: JSONBody[CounterUseOrder]) -> CounterAnswer:
    return await service.use(platform, caller, data)


HANDLERS = (put_up, list_own, take_down, list_visits, offer, use)
