"""Complaints over HTTP: for the person, the authority and the partner."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.complaints import problems, service
from backend.complaints.messages import (
    Answer,
    Complaint,
    ComplaintPage,
    DecideRefusal,
    FileComplaint,
    PartnerComplaint,
    PartnerComplaintPage,
    PartnerReply,
    PassOn,
    ProposeRefusal,
    StaffComplaint,
    StaffComplaintPage,
)
from backend.complaints.states import ComplaintState
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

InState = Annotated[
    ComplaintState | None,
    Parameter(query="state", description="只列此状态；不填则列办理中的。Only this state; the open ones if absent."),
]
Overdue = Annotated[bool | None, Parameter(description="只列逾期的或未逾期的。Only those that are late, or are not.")]

# Two thousand characters, each of up to twelve bytes.
_MAXIMUM_REQUEST = 32_768
_FILE: dict[str, Any] = {
    "verification_id": "0193a1c0-0000-7000-8000-000000000020",
    "about": "refused-at-the-till",
    "words": "店员说今天不做活动。",
}
_COMPLAINT: dict[str, Any] = {
    **_FILE,
    "id": "0193a1c0-0000-7000-8000-000000000060",
    "partner": "桃花书店",
    "benefit": "bookshop-discount",
    "state": "accepted",
    "filed_at": "2026-11-23T08:00:00Z",
    "clock": {
        "due_day": "2026-12-21",
        "accepted_on": "2026-11-23",
        "overdue": False,
        "provisional": False,
        "working_days_left": 20,
    },
    "substance": None,
    "partner_reply": None,
    "answer": None,
    "reason": None,
    "history": [
        {
            "at": "2026-11-23T08:00:00Z",
            "event": "file",
            "before": None,
            "after": "filed",
            "actor_kind": "resident",
        },
        {
            "at": "2026-11-23T09:00:00Z",
            "event": "accept",
            "before": "filed",
            "after": "accepted",
            "actor_kind": "officer",
        },
    ],
}
_STAFF: dict[str, Any] = {
    **{name: value for name, value in _COMPLAINT.items() if name != "verification_id"},
    "partner_id": "0193a1c0-0000-7000-8000-000000000010",
    "proposed_reason": None,
}
_CLOSED = {**_COMPLAINT["clock"], "due_day": None, "working_days_left": None}
_SUBSTANCE = "有顾客反映核验符合后未予办理。"
_PARTNERS: dict[str, Any] = {
    "complaint": "3f2c8f3e-5a0e-4a53-9a53-2f6d1c0f7b11",
    "about": "refused-at-the-till",
    "substance": _SUBSTANCE,
    "passed_on": "2026-11-25",
    "open": True,
    "reply": None,
}
_ACT = (NOT_FOUND, STATE_CONFLICT, OWN_MATTER)


@post(
    "/v1/me/complaints",
    **operation(
        Permission.SELF_COMPLAIN,
        "一键投诉 Complain about a visit",
        "从本人的一次核验发起，可不写文字；受理后 20 个工作日内书面答复，商户不知道是谁。From one of one's own scans, with or without words. "
        "Answered in writing within 20 working days of its acceptance; the partner does not learn who. Five database round trips.",
        raises=(NOT_FOUND, problems.COMPLAINT_OPEN),
        example=_FILE,
        answer=_COMPLAINT,
    ),
)
async def file(platform: ThePlatform, caller: TheCaller, data: JSONBody[FileComplaint]) -> Complaint:
    return await service.file(platform, caller, data)


@get(
    "/v1/me/complaints",
    **operation(
        Permission.SELF_COMPLAIN,
        "我的投诉 My complaints",
        "最新在前，含经过、时限、转达给商户的内容和答复。Newest first, with history, clock, what the partner was told, and the answer. Two database round trips.",
        raises=(BAD_CURSOR,),
        answer={"complaints": [_COMPLAINT], "next": None},
    ),
)
async def list_mine(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> ComplaintPage:
    return await service.mine(platform, caller, cursor, limit)


@post(
    "/v1/me/complaints/{complaint_id:uuid}/withdrawal",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SELF_COMPLAIN,
        "撤回投诉 Withdraw a complaint",
        "办结前随时可撤回。At any time before it is decided. Four database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        answer={**_COMPLAINT, "state": "withdrawn", "clock": _CLOSED},
    ),
)
async def withdraw(platform: ThePlatform, caller: TheCaller, complaint_id: FromPath[UUID]) -> Complaint:
    return await service.withdraw(platform, caller, complaint_id)


@get(
    "/v1/staff/complaints",
    **operation(
        Permission.COMPLAINTS_HANDLE,
        "待办投诉 Complaints to handle",
        "期限在前的在前；查看即记入投诉人的访问日志。The most urgent first; each person sees this look. Two database round trips.",
        raises=(BAD_CURSOR,),
        answer={"complaints": [_STAFF], "next": None},
    ),
)
async def list_for_staff(
    platform: ThePlatform,
    caller: TheCaller,
    in_state: InState = None,
    overdue: Overdue = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> StaffComplaintPage:
    return await service.for_staff(platform, caller, in_state, overdue, cursor, limit)


@post(
    "/v1/staff/complaints/{complaint_id:uuid}/acceptance",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMPLAINTS_HANDLE,
        "受理投诉 Accept a complaint",
        "自受理起 20 个工作日内书面答复；逾期未受理的自动受理。The term of 20 working days starts; what nobody accepts in time is accepted by itself. "
        "Eight database round trips.",
        raises=_ACT,
        answer=_STAFF,
    ),
)
async def accept(platform: ThePlatform, caller: TheCaller, complaint_id: FromPath[UUID]) -> StaffComplaint:
    return await service.accept(platform, caller, complaint_id)


@post(
    "/v1/staff/complaints/{complaint_id:uuid}/substance",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMPLAINTS_HANDLE,
        "向商户转达 Pass on what it is about",
        "由工作人员概括，不得含可识别个人的内容；只转达一次。In the officer's own words, by which nobody is known; once. "
        "Nine database round trips, two more with a webhook.",
        raises=_ACT,
        example={"substance": _SUBSTANCE},
        answer={**_STAFF, "substance": _SUBSTANCE},
    ),
)
async def pass_on(
    platform: ThePlatform, caller: TheCaller, complaint_id: FromPath[UUID], data: JSONBody[PassOn]
) -> StaffComplaint:
    return await service.pass_on(platform, caller, complaint_id, data)


@post(
    "/v1/staff/complaints/{complaint_id:uuid}/answer",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMPLAINTS_HANDLE,
        "书面答复 Answer in writing",
        "答复后办结。It is closed by the answer. Seven database round trips.",
        raises=_ACT,
        example={"answer": "经核实，商户已补办并培训人员。"},
        answer={**_STAFF, "state": "answered", "clock": _CLOSED, "answer": "经核实，商户已补办并培训人员。"},
    ),
)
async def answer(
    platform: ThePlatform, caller: TheCaller, complaint_id: FromPath[UUID], data: JSONBody[Answer]
) -> StaffComplaint:
    return await service.answer(platform, caller, complaint_id, data)


@post(
    "/v1/staff/complaints/{complaint_id:uuid}/refusal",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMPLAINTS_HANDLE,
        "提出不予受理 Propose not to take it up",
        "须由另一人确认；期限照常进行。Somebody else confirms; the clock goes on. Seven database round trips.",
        raises=_ACT,
        example={"reason": "与本平台权益无关，已告知向消协反映。"},
        answer={**_STAFF, "state": "refusal-proposed", "proposed_reason": "与本平台权益无关，已告知向消协反映。"},
    ),
)
async def propose_refusal(
    platform: ThePlatform, caller: TheCaller, complaint_id: FromPath[UUID], data: JSONBody[ProposeRefusal]
) -> StaffComplaint:
    return await service.propose_refusal(platform, caller, complaint_id, data)


@post(
    "/v1/staff/complaints/{complaint_id:uuid}/refusal-decision",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMPLAINTS_HANDLE,
        "确认或退回不予受理 Confirm a refusal, or send it back",
        "须由提出人以外的工作人员决定。By somebody other than its proposer. Seven database round trips.",
        raises=(*_ACT, SECOND_PERSON_NEEDED),
        example={"confirm": True},
        answer={**_STAFF, "state": "refused", "clock": _CLOSED, "reason": "与本平台权益无关，已告知向消协反映。"},
    ),
)
async def decide_refusal(
    platform: ThePlatform, caller: TheCaller, complaint_id: FromPath[UUID], data: JSONBody[DecideRefusal]
) -> StaffComplaint:
    return await service.decide_refusal(platform, caller, complaint_id, data)


@get(
    "/v1/partner/complaints",
    **operation(
        Permission.PARTNER_REVIEWS,
        "转达给本商户的投诉 Complaints that were passed on",
        "只有事项和概括，没有人和时间。What they are about, and nothing of whom or when. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"complaints": [_PARTNERS], "next": None},
    ),
)
async def list_for_partner(
    platform: ThePlatform, signer: TheSigner, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PartnerComplaintPage:
    return await service.of_partner(platform, signer, cursor, limit)


@post(
    "/v1/partner/complaints/{complaint:uuid}/reply",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNER_REVIEWS,
        "答复转达的投诉 Reply to a complaint",
        "办结前可答复，以最后一次为准；投诉人可见。Before it is closed; what is said last counts, and the person reads it. Three database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        example={"reply": "已补办，并向店员重申办理流程。"},
        answer={**_PARTNERS, "reply": "已补办，并向店员重申办理流程。"},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def reply(
    platform: ThePlatform, signer: TheSigner, complaint: FromPath[UUID], data: JSONBody[PartnerReply]
) -> PartnerComplaint:
    return await service.reply(platform, signer, complaint, data)


HANDLERS: tuple[Any, ...] = (
    file,
    list_mine,
    withdraw,
    list_for_staff,
    accept,
    pass_on,
    answer,
    propose_refusal,
    decide_refusal,
    list_for_partner,
    reply,
)
