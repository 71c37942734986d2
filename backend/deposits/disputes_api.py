"""Disputes about a bill over HTTP: the holder files and withdraws, case officers decide."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from backend.deposits import disputes, service
from backend.deposits.api import FOR_HOLDER
from backend.deposits.messages import DecideDispute, DisputeForOfficer, DisputePage, FileDispute, OrderForHolder
from backend.deposits.problems import AMOUNT_REFUSED
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

_HOLDERS = {
    "dispute_id": "0193a1c0-0000-7000-8000-000000000032",
    "state": "open",
    "filed_at": "2026-11-24T08:00:00Z",
    "owed_fen": None,
    "reasons": None,
    "decided_at": None,
}
_DISPUTED = {**FOR_HOLDER, "state": "disputed", "total_fen": 50, "dispute": _HOLDERS}
_OFFICERS = {
    "dispute_id": "0193a1c0-0000-7000-8000-000000000032",
    "order_id": "0193a1c0-0000-7000-8000-000000000030",
    "partner": "桃花市图书馆",
    "benefit": "library-deposit-waiver",
    "state": "open",
    "filed_at": "2026-11-24T08:00:00Z",
    "statement": "书已按期归还",
    "agreed_fen": 10000,
    "charges": [{"what": "逾期两日", "fen": 50}],
    "discounts": [],
    "total_fen": 50,
    "paid_fen": 0,
    "owed_fen": None,
    "reasons": None,
    "mine": False,
}
_PROPOSED = {**_OFFICERS, "state": "proposed", "owed_fen": 50, "reasons": "还书记录显示逾期两日", "mine": True}


@post(
    "/v1/me/orders/{order_id:uuid}/dispute",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SELF_ORDERS,
        "对账单提出异议 Dispute the bill of my order",
        "裁定之前不催告、不计逾期、不动用担保，因此暂停的便利随即恢复；每张账单一次。Until it is decided there are no reminders, no arrears and no "
        "guarantee, and an offer closed for the bill is open; once for each bill. Up to twelve database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        example={"statement": "书已按期归还"},
        answer=_DISPUTED,
    ),
)
async def file_dispute(
    platform: ThePlatform, caller: TheCaller, order_id: FromPath[UUID], data: JSONBody[FileDispute]
) -> OrderForHolder:
    return await service.dispute(platform, caller, order_id, data)


@post(
    "/v1/me/orders/{order_id:uuid}/dispute/withdrawal",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SELF_ORDERS,
        "撤回账单异议 Withdraw my dispute",
        "余下的付款天数从撤回起计，至少 3 天。The days that were left count from now, three at least. Up to twelve database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        answer={**_DISPUTED, "state": "payment-due", "dispute": {**_HOLDERS, "state": "withdrawn"}},
    ),
)
async def withdraw_dispute(platform: ThePlatform, caller: TheCaller, order_id: FromPath[UUID]) -> OrderForHolder:
    return await service.withdraw_dispute(platform, caller, order_id)


@get(
    "/v1/staff/order-disputes",
    **operation(
        Permission.DISPUTES_DECIDE,
        "待裁定的账单异议 Disputes to decide",
        "先提出的在前；查看即记入当事人的访问日志。The oldest first; each holder sees this look. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"disputes": [_OFFICERS], "next": None},
    ),
)
async def list_disputes(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> DisputePage:
    return await disputes.waiting(platform, caller, cursor, limit)


@post(
    "/v1/staff/order-disputes/{dispute_id:uuid}/decision",
    status_code=HTTP_200_OK,
    **operation(
        Permission.DISPUTES_DECIDE,
        "裁定账单异议 Decide a dispute",
        "应付裁定为已付金额的，当即生效；仍须付款的对当事人不利，由另一人确认。Nothing left to pay: in effect at once. Else it is against the holder, "
        "and somebody else confirms it. Up to eleven database round trips.",
        raises=(NOT_FOUND, OWN_MATTER, STATE_CONFLICT, AMOUNT_REFUSED),
        example={"owed_fen": 50, "reasons": "还书记录显示逾期两日"},
        answer=_PROPOSED,
    ),
)
async def decide_dispute(
    platform: ThePlatform, caller: TheCaller, dispute_id: FromPath[UUID], data: JSONBody[DecideDispute]
) -> DisputeForOfficer:
    return await disputes.decide(platform, caller, dispute_id, data)


@post(
    "/v1/staff/order-disputes/{dispute_id:uuid}/confirmation",
    status_code=HTTP_200_OK,
    **operation(
        Permission.DISPUTES_DECIDE,
        "确认账单异议裁定 Confirm a decision",
        "须由提出人以外的人确认。By somebody other than the proposer. Up to eleven database round trips.",
        raises=(NOT_FOUND, OWN_MATTER, STATE_CONFLICT, SECOND_PERSON_NEEDED),
        answer={**_PROPOSED, "state": "decided", "mine": False},
    ),
)
async def confirm_dispute(platform: ThePlatform, caller: TheCaller, dispute_id: FromPath[UUID]) -> DisputeForOfficer:
    return await disputes.confirm(platform, caller, dispute_id)


@post(
    "/v1/staff/order-disputes/{dispute_id:uuid}/return",
    status_code=HTTP_200_OK,
    **operation(
        Permission.DISPUTES_DECIDE,
        "退回账单异议裁定 Send a decision back",
        "由提出人以外的人退回，重新裁定。By somebody other than the proposer; it is decided anew. Three database round trips.",
        raises=(NOT_FOUND, OWN_MATTER, STATE_CONFLICT, SECOND_PERSON_NEEDED),
        answer=_OFFICERS,
    ),
)
async def send_dispute_back(platform: ThePlatform, caller: TheCaller, dispute_id: FromPath[UUID]) -> DisputeForOfficer:
    return await disputes.send_back(platform, caller, dispute_id)


HANDLERS: tuple[Any, ...] = (
    file_dispute, withdraw_dispute, list_disputes, decide_dispute, confirm_dispute, send_dispute_back,
)  # fmt: skip
