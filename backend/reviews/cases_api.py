"""Cases of public review over HTTP: the partner's side is signed, the officers' is theirs."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.reviews import examples, service
from backend.reviews.messages import (
    CaseOutcome,
    DecideOutcome,
    ProposeOutcome,
    Reply,
    ReviewWordsPage,
    StaffCase,
    StaffCasePage,
    Standing,
)

# Two thousand characters, each of up to twelve bytes.
_MAXIMUM_REQUEST = 32_768
_REPLY = {"statement": "已对当班人员完成培训，并公示办理流程。"}
WithOutcome = Annotated[
    CaseOutcome | None,
    Parameter(query="outcome", description="只列此结果；不填则列未结的。Only this outcome; the open ones if absent."),
]


@get(
    "/v1/partner/review",
    **operation(
        Permission.PARTNER_REVIEWS,
        "本商户的公众评议 Own public review",
        "状态、已公布的数字、案件、期限与经过。State, published figures, case, terms and history. Four database round trips.",
        raises=(NOT_FOUND,),
        answer=examples.STANDING,
    ),
)
async def standing(platform: ThePlatform, signer: TheSigner) -> Standing:
    return await service.standing(platform, signer)


@post(
    "/v1/partner/review/reply",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNER_REVIEWS,
        "答复评议 Reply in a case",
        "案件未结时随时可答复，以最后一次为准；工作人员可见。While the case is open; what is said last counts, and officers read it. "
        "Six database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        example=_REPLY,
        answer={**examples.STANDING, "case": {**examples.CASE, "reply": _REPLY["statement"]}},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def reply(platform: ThePlatform, signer: TheSigner, data: JSONBody[Reply]) -> Standing:
    return await service.reply(platform, signer, data)


@post(
    "/v1/partner/review/objection",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNER_REVIEWS,
        "对退出提出异议 Object to a delisting",
        "退出后在期限内提出，由两名工作人员决定恢复或维持。Within its term after a delisting; two officers decide. Six database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        example=_REPLY,
        answer={**examples.STANDING, "state": "delisted", "case": {**examples.CASE, "outcome": "delisted"}},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def object_to(platform: ThePlatform, signer: TheSigner, data: JSONBody[Reply]) -> Standing:
    return await service.object_to(platform, signer, data)


@get(
    "/v1/staff/review-cases",
    **operation(
        Permission.REVIEWS_DECIDE,
        "公众评议案件 Cases of public review",
        "未结的，或指定结果的，最新在前。The open ones, or those that ended so, newest first. Two database round trips, and two for each.",
        raises=(BAD_CURSOR,),
        answer={"cases": [examples.STAFF_CASE], "next": None},
    ),
)
async def list_cases(
    platform: ThePlatform,
    caller: TheCaller,
    with_outcome: WithOutcome = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> StaffCasePage:
    return await service.listing(platform, with_outcome, cursor, limit)


@post(
    "/v1/staff/review-cases/{case_id:uuid}/proposal",
    status_code=HTTP_200_OK,
    **operation(
        Permission.REVIEWS_DECIDE,
        "提出终止或异议处理意见 Propose to stop a case, or what becomes of an objection",
        "理由商户可见；期限照常进行。The partner reads the reason; the clock goes on meanwhile. Eight database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER),
        example={"proposal": "stop", "because": "系统故障所致，与商户无关。"},
        answer={**examples.STAFF_CASE, "proposal": "stop", "because": "系统故障所致，与商户无关。"},
    ),
)
async def propose(
    platform: ThePlatform, caller: TheCaller, case_id: FromPath[UUID], data: JSONBody[ProposeOutcome]
) -> StaffCase:
    return await service.propose(platform, caller, case_id, data)


@post(
    "/v1/staff/review-cases/{case_id:uuid}/decision",
    status_code=HTTP_200_OK,
    **operation(
        Permission.REVIEWS_DECIDE,
        "确认或退回 Confirm or send back",
        "须由提出人以外的工作人员决定。By somebody other than the proposer. Up to twelve database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED),
        example={"confirm": True},
        answer={
            **examples.STAFF_CASE,
            "state": "live",
            "case": {**examples.CASE, "next_day": None, "outcome": "stopped", "closed_on": "2026-12-03"},
        },
    ),
)
async def decide(
    platform: ThePlatform, caller: TheCaller, case_id: FromPath[UUID], data: JSONBody[DecideOutcome]
) -> StaffCase:
    return await service.decide(platform, caller, case_id, data)


@get(
    "/v1/staff/partners/{partner_id:uuid}/review-words",
    **operation(
        Permission.REVIEWS_DECIDE,
        "评议文字 Words of reviews",
        "只供核查，不公开、不给商户；查看即记入各评议人的访问日志。For examination alone: neither public nor the partner's; each writer sees this look. "
        "Four database round trips.",
        raises=(NOT_FOUND, OWN_MATTER, BAD_CURSOR),
        answer={
            "words": [{"month": "2026-11", "stars": 2, "kept": "refused", "words": "店员说不参加活动。"}],
            "next": None,
        },
    ),
)
async def words_of(
    platform: ThePlatform,
    caller: TheCaller,
    partner_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> ReviewWordsPage:
    return await service.words_of(platform, caller, partner_id, cursor, limit)


HANDLERS: tuple[Any, ...] = (standing, reply, object_to, list_cases, propose, decide, words_of)
