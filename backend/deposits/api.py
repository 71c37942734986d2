"""Deposit orders over HTTP: the partner's side is signed, the holder's side is on their own phone."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from backend.deposits import service
from backend.deposits.messages import (
    Charge,
    Nothing,
    OpenOrder,
    OrderForHolder,
    OrderForPartner,
    OrderPage,
    PartnerHistory,
    RecordPayment,
    Settle,
)
from backend.deposits.problems import AMOUNT_REFUSED, NOT_A_CONTRACT, NOT_YET_AGREED
from backend.market import once
from backend.market.once import Answered, IdempotencyKey
from backend.market.problems import QUOTA_EXHAUSTED
from backend.partner_accounts.problems import PARTNER_SUSPENDED
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

# Fifty positions with their texts.
MAXIMUM_REQUEST = 65_536

_ONCE = (IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED)
_SETTLEMENT = {"charges": [{"what": "延期一日", "fen": 50}], "discounts": [{"what": "首次免收", "fen": 50}]}
_FOR_PARTNER = {
    "order_id": "0193a1c0-0000-7000-8000-000000000030",
    "verification_id": "0193a1c0-0000-7000-8000-000000000020",
    "benefit": "library-deposit-waiver",
    "state": "created",
    "agreed": False,
    "agreed_fen": 10000,
    "total_fen": None,
    "paid_fen": 0,
    "held_fen": 10000,
    "due_at": None,
    "partner_ref": "loan-1001",
    "ppid": None,
    "created_at": "2026-11-23T08:00:00Z",
    "updated_at": "2026-11-23T08:00:00Z",
}
_STARTED = {**_FOR_PARTNER, "state": "in-use", "agreed": True}
_DUE = {**_STARTED, "state": "payment-due", "total_fen": 50, "held_fen": 50, "due_at": "2026-11-30T16:00:00Z"}
FOR_HOLDER = {
    "order_id": "0193a1c0-0000-7000-8000-000000000030",
    "partner": "桃花市图书馆",
    "benefit": "library-deposit-waiver",
    "benefit_name": "图书馆免押借阅",
    "benefit_name_en": "Library card without deposit",
    "state": "created",
    "agreed_at": "2026-11-23T08:01:00Z",
    "agreed_fen": 10000,
    "charges": [],
    "discounts": [],
    "total_fen": None,
    "paid_fen": 0,
    "due_at": None,
    "saved_fen": 0,
    "dispute": None,
    "created_at": "2026-11-23T08:00:00Z",
    "history": [
        {
            "at": "2026-11-23T08:00:00Z",
            "event": "create",
            "text": "商户开立订单，等待您同意",
            "text_en": "The partner opened the order; it waits for your consent",
        }
    ],
}


@post(
    "/v1/partner/orders",
    **operation(
        Permission.PARTNER_ORDERS,
        "开立免押订单 Open a deposit order",
        "凭一次符合的核验开立，居民在手机上同意后方可开始。Uses up an eligible verification of a contract benefit; the holder agrees on "
        "their phone. Up to fourteen database round trips, inside one transaction; a replay takes two.",
        raises=(
            *_ONCE,
            PARTNER_SUSPENDED,
            NOT_FOUND,
            STATE_CONFLICT,
            QUOTA_EXHAUSTED,
            NOT_A_CONTRACT,
            AMOUNT_REFUSED,
        ),
        example={
            "verification_id": "0193a1c0-0000-7000-8000-000000000020",
            "agreed_fen": 10000,
            "partner_ref": "loan-1001",
        },
        answer=_FOR_PARTNER,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def open_order(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    data: JSONBody[OpenOrder],
    idempotency_key: IdempotencyKey = None,
) -> Response[OrderForPartner]:
    act = await once.once_of(request, idempotency_key)
    return _response(await service.open_order(platform, signer, data, act))


@get(
    "/v1/partner/orders/{order_id:uuid}",
    **operation(
        Permission.PARTNER_ORDERS,
        "查询免押订单 Fetch a deposit order",
        "本商户的订单。An order of one's own; another partner's is not found. Two database round trips.",
        raises=(NOT_FOUND,),
        answer=_FOR_PARTNER,
    ),
)
async def fetch_order(platform: ThePlatform, signer: TheSigner, order_id: FromPath[UUID]) -> OrderForPartner:
    return await service.for_partner(platform, signer, order_id)


@post(
    "/v1/partner/orders/{order_id:uuid}/start",
    status_code=200,
    **operation(
        Permission.PARTNER_ORDERS,
        "开始使用 Start the use",
        "居民同意之后。Once the holder has agreed. Eight database round trips, inside one transaction.",
        raises=(*_ONCE, NOT_FOUND, NOT_YET_AGREED, STATE_CONFLICT),
        example={},
        answer=_STARTED,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def start_order(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    order_id: FromPath[UUID],
    data: JSONBody[Nothing],
    idempotency_key: IdempotencyKey = None,
) -> Response[OrderForPartner]:
    act = await once.once_of(request, idempotency_key)
    return _response(await service.start(platform, signer, order_id, act))


@get(
    "/v1/partner/orders/{order_id:uuid}/history",
    **operation(
        Permission.PARTNER_ORDERS,
        "免押订单经过 What happened to an order",
        "每个状态一句话。Every state in a sentence, oldest first. Three database round trips.",
        raises=(NOT_FOUND,),
        answer={
            "order_id": "0193a1c0-0000-7000-8000-000000000030",
            "history": [
                {
                    "at": "2026-11-23T08:00:00Z",
                    "event": "create",
                    "text": "您开立了订单，等待居民同意",
                    "text_en": "You opened the order; it waits for the holder's consent",
                }
            ],
        },
    ),
)
async def order_history(platform: ThePlatform, signer: TheSigner, order_id: FromPath[UUID]) -> PartnerHistory:
    return await service.history_for_partner(platform, signer, order_id)


@post(
    "/v1/partner/orders/{order_id:uuid}/charges",
    status_code=200,
    **operation(
        Permission.PARTNER_ORDERS,
        "分次收费 Charge a part",
        "使用期间登记一部分费用与优惠，订单继续；同一 part_ref 重报不变。A part of the use is charged while it goes on; the same part under one "
        "`part_ref` is charged once. Eight database round trips, inside one transaction.",
        raises=(*_ONCE, NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT),
        example={"part_ref": "day-1", **_SETTLEMENT},
        answer=_STARTED,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def charge_part(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    order_id: FromPath[UUID],
    data: JSONBody[Charge],
    idempotency_key: IdempotencyKey = None,
) -> Response[OrderForPartner]:
    act = await once.once_of(request, idempotency_key)
    return _response(await service.charge(platform, signer, order_id, data, act))


@post(
    "/v1/partner/orders/{order_id:uuid}/settlement",
    status_code=200,
    **operation(
        Permission.PARTNER_ORDERS,
        "结算 Settle",
        "应付 = 收费合计 − 优惠合计（含此前分次登记的），不超过约定金额；无须再付即完成，否则 7 日内支付。Total = charges - discounts, with those charged in "
        "parts, at most what was agreed; nothing left to pay is done, else due in seven days. Up to ten database round trips, inside one transaction.",
        raises=(*_ONCE, NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT),
        example=_SETTLEMENT,
        answer=_DUE,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def settle_order(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    order_id: FromPath[UUID],
    data: JSONBody[Settle],
    idempotency_key: IdempotencyKey = None,
) -> Response[OrderForPartner]:
    act = await once.once_of(request, idempotency_key)
    return _response(await service.settle_order(platform, signer, order_id, data, act))


@post(
    "/v1/partner/orders/{order_id:uuid}/payment",
    status_code=200,
    **operation(
        Permission.PARTNER_ORDERS,
        "登记付款 Record the payment",
        "可分次登记；付清后因此暂停的便利随即恢复。带 payment_ref 时同一笔重报不变。All of it or a part; once it is paid, an offer closed for it opens "
        "again. The same payment under one `payment_ref` is one payment. Up to twelve database round trips, eight more after a "
        "guarantee, inside one transaction.",
        raises=(*_ONCE, NOT_FOUND, AMOUNT_REFUSED, STATE_CONFLICT),
        example={"paid_fen": 50, "payment_ref": "pay-1"},
        answer={**_DUE, "state": "done", "paid_fen": 50, "held_fen": 0},
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def record_payment(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    order_id: FromPath[UUID],
    data: JSONBody[RecordPayment],
    idempotency_key: IdempotencyKey = None,
) -> Response[OrderForPartner]:
    act = await once.once_of(request, idempotency_key)
    return _response(await service.record_payment(platform, signer, order_id, data, act))


@post(
    "/v1/partner/orders/{order_id:uuid}/revocation",
    status_code=200,
    **operation(
        Permission.PARTNER_ORDERS,
        "取消订单 Revoke an order",
        "仅限尚未开始的订单。Only before the use began. Eight database round trips, inside one transaction.",
        raises=(*_ONCE, NOT_FOUND, STATE_CONFLICT),
        example={},
        answer={**_FOR_PARTNER, "state": "revoked", "held_fen": 0},
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def revoke_order(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    order_id: FromPath[UUID],
    data: JSONBody[Nothing],
    idempotency_key: IdempotencyKey = None,
) -> Response[OrderForPartner]:
    act = await once.once_of(request, idempotency_key)
    return _response(await service.revoke_by_partner(platform, signer, order_id, act))


@get(
    "/v1/me/orders",
    **operation(
        Permission.SELF_ORDERS,
        "我的免押订单 My deposit orders",
        "从同意到结清的每一步。Every step from agreement to done, newest first. Three database round trips.",
        raises=(BAD_CURSOR,),
        answer={"orders": [FOR_HOLDER], "next": None},
    ),
)
async def my_orders(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> OrderPage:
    return await service.mine(platform, caller, cursor, limit)


@get(
    "/v1/me/orders/{order_id:uuid}",
    **operation(
        Permission.SELF_ORDERS,
        "一笔免押订单 One deposit order",
        "状态、金额与经过。State, amounts and history. Three database round trips.",
        raises=(NOT_FOUND,),
        answer=FOR_HOLDER,
    ),
)
async def my_order(platform: ThePlatform, caller: TheCaller, order_id: FromPath[UUID]) -> OrderForHolder:
    return await service.for_holder(platform, caller, order_id)


@post(
    "/v1/me/orders/{order_id:uuid}/agreement",
    status_code=200,
    **operation(
        Permission.SELF_ORDERS,
        "同意免押 Agree to an order",
        "同意后商户方可开始；重复同意不变。The partner may start once you agree; agreeing twice changes nothing. Seven database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        answer=FOR_HOLDER,
    ),
)
async def agree(platform: ThePlatform, caller: TheCaller, order_id: FromPath[UUID]) -> OrderForHolder:
    return await service.agree(platform, caller, order_id)


@post(
    "/v1/me/orders/{order_id:uuid}/revocation",
    status_code=200,
    **operation(
        Permission.SELF_ORDERS,
        "取消我的订单 Revoke my order",
        "开始使用之前可随时取消。At any time before the use began. Seven database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        answer={**FOR_HOLDER, "state": "revoked"},
    ),
)
async def revoke_my_order(platform: ThePlatform, caller: TheCaller, order_id: FromPath[UUID]) -> OrderForHolder:
    return await service.revoke_by_holder(platform, caller, order_id)


def _response(answered: Answered) -> Response[OrderForPartner]:
    return once.response(answered, OrderForPartner)


HANDLERS: tuple[Any, ...] = (
    open_order,
    fetch_order,
    order_history,
    start_order,
    charge_part,
    settle_order,
    record_payment,
    revoke_order,
    my_orders,
    my_order,
    agree,
    revoke_my_order,
)
