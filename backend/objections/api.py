"""Objections over HTTP: for the person, and for the authority."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.objections import problems, service
from backend.objections.messages import (
    AskHelp,
    Decide,
    FileObjection,
    HelpGiven,
    Objection,
    ObjectionPage,
    SendBack,
    StaffObjection,
    StaffObjectionDetail,
    StaffObjectionPage,
)
from backend.objections.states import ObjectionState
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.records.problems import RECORD_STATE

InState = Annotated[
    ObjectionState | None,
    Parameter(query="state", description="只列此状态；不填则列办理中的。Only this state; the open ones if absent."),
]
Overdue = Annotated[bool | None, Parameter(description="只列逾期的或未逾期的。Only those that are late, or are not.")]

_FILE = {
    "record_id": "0193a1c0-0000-7000-8000-000000000030",
    "kind": "wrong",
    "statement": "志愿服务时长少记 10 小时。",
    "evidence": "ZY-2026-0007",
}
_OBJECTION = {
    "id": "0193a1c0-0000-7000-8000-000000000031",
    **_FILE,
    "state": "filed",
    "filed_at": "2026-11-23T08:00:00Z",
    "decided_at": None,
    "reason": None,
    "clock": {
        "mark_by": "2026-11-24",
        "decide_by": "2026-11-26",
        "reply_by": None,
        "paused": False,
        "overdue": False,
        "provisional": False,
        "working_days_left": 1,
    },
    "history": [
        {
            "at": "2026-11-23T08:00:00Z",
            "event": "file",
            "before": None,
            "after": "filed",
            "actor_kind": "resident",
            "note": None,
        }
    ],
}
_STAFF_OBJECTION = {**_OBJECTION, "proposed_reason": None}
_RECORD = {
    "id": "0193a1c0-0000-7000-8000-000000000030",
    "item": "volunteer-service",
    "item_name": "志愿服务",
    "item_name_en": "Volunteer service",
    "information_class": "positive",
    "source": "桃花市民政局",
    "legal_basis": "志愿服务条例第十九条",
    "state": "marked",
    "occurred_on": "2026-05-08",
    "ends_on": None,
    "published_until": None,
    "retained_until": "2031-05-08",
    "grade": None,
    "amount": 3,
    "amount_unit": "hours",
    "fields": [{"name": "ZY_SC", "title": "服务时长", "value": "3"}],
    "received_at": "2026-05-10T02:00:00Z",
    "updated_at": "2026-11-23T09:00:00Z",
    "corrected_at": None,
    "can_hide": False,
}
_ACT = (NOT_FOUND, STATE_CONFLICT, OWN_MATTER)


@post(
    "/v1/me/objections",
    **operation(
        Permission.SELF_OBJECT,
        "提出异议 File an objection",
        "对本人的一条记录提出异议，当即告知办理期限。To a record of one's own; the due dates are told at once.",
        raises=(NOT_FOUND, RECORD_STATE, problems.OBJECTION_OPEN, problems.OBJECTION_NEEDS_RECORD),
        example=_FILE,
        answer=_OBJECTION,
    ),
)
async def file(platform: ThePlatform, caller: TheCaller, data: JSONBody[FileObjection]) -> Objection:
    return await service.file(platform, caller, data)


@get(
    "/v1/me/objections",
    **operation(
        Permission.SELF_OBJECT,
        "我的异议 My objections",
        "最新在前，含办理经过和时限。Newest first, with history and clock. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"objections": [_OBJECTION], "next": None},
    ),
)
async def list_mine(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> ObjectionPage:
    return await service.mine(platform, caller, cursor, limit)


@get(
    "/v1/staff/objections",
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "待办异议 Objections to handle",
        "期限在前的在前；查看即记入当事人的访问日志。The most urgent first; each person sees this look. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"objections": [_STAFF_OBJECTION], "next": None},
    ),
)
async def list_for_staff(
    platform: ThePlatform,
    caller: TheCaller,
    in_state: InState = None,
    overdue: Overdue = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> StaffObjectionPage:
    return await service.for_staff(platform, caller, in_state, overdue, cursor, limit)


@get(
    "/v1/staff/objections/{objection_id:uuid}",
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "一件异议及其记录 One objection with its record",
        "查看即记入当事人的访问日志。The person sees this look. Two database round trips.",
        raises=(NOT_FOUND,),
        answer={"objection": _STAFF_OBJECTION, "record": _RECORD},
    ),
)
async def get_for_staff(platform: ThePlatform, caller: TheCaller, objection_id: FromPath[UUID]) -> StaffObjectionDetail:
    return await service.one_for_staff(platform, caller, objection_id)


@post(
    "/v1/staff/objections/{objection_id:uuid}/mark",
    status_code=HTTP_200_OK,
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "标注异议 Mark the record",
        "收到后 1 个工作日内标注；标注期间该记录不计分。Within 1 working day; a marked record counts for nothing.",
        raises=_ACT,
        answer=_STAFF_OBJECTION,
    ),
)
async def mark(platform: ThePlatform, caller: TheCaller, objection_id: FromPath[UUID]) -> StaffObjection:
    return await service.mark(platform, caller, objection_id)


@post(
    "/v1/staff/objections/{objection_id:uuid}/assist",
    status_code=HTTP_200_OK,
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "请求协助 Ask for help",
        "单位协查期限为 7 个工作日，协查单位 2 个工作日内回复；检验、检测、评审期间不计时。"
        "With a unit's help the term is 7 working days, its reply is due in 2; examinations pause the clock.",
        raises=_ACT,
        example={"help": "unit", "helper": "桃花市民政局"},
        answer=_STAFF_OBJECTION,
    ),
)
async def assist(
    platform: ThePlatform, caller: TheCaller, objection_id: FromPath[UUID], data: JSONBody[AskHelp]
) -> StaffObjection:
    return await service.assist(platform, caller, objection_id, data)


@post(
    "/v1/staff/objections/{objection_id:uuid}/resume",
    status_code=HTTP_200_OK,
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "恢复办理 Resume",
        "收到协助结果后继续办理，期限顺延。The helper has answered; the clock goes on.",
        raises=_ACT,
        example={"reply": "经核实，少记 10 小时。"},
        answer=_STAFF_OBJECTION,
    ),
)
async def resume(
    platform: ThePlatform, caller: TheCaller, objection_id: FromPath[UUID], data: JSONBody[HelpGiven]
) -> StaffObjection:
    return await service.resume(platform, caller, objection_id, data.reply)


@post(
    "/v1/staff/objections/{objection_id:uuid}/decide",
    status_code=HTTP_200_OK,
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "作出处理决定 Decide",
        "成立的当即更正或撤除记录，信用分随之重算；不成立的须由另一人确认。"
        "Upheld: the record is corrected or withdrawn at once and the score follows. Rejected: a second person confirms.",
        raises=(*_ACT, RECORD_STATE),
        example={"outcome": "upheld", "reason": "经核实记录有误。", "correction": {"fields": {"ZY_SC": "13"}}},
        answer=_STAFF_OBJECTION,
    ),
)
async def decide(
    platform: ThePlatform, caller: TheCaller, objection_id: FromPath[UUID], data: JSONBody[Decide]
) -> StaffObjection:
    return await service.decide(platform, caller, objection_id, data)


@post(
    "/v1/staff/objections/{objection_id:uuid}/confirm",
    status_code=HTTP_200_OK,
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "确认不成立 Confirm a rejection",
        "须由提出人以外的工作人员确认。By somebody other than its proposer.",
        raises=(*_ACT, SECOND_PERSON_NEEDED),
        answer=_STAFF_OBJECTION,
    ),
)
async def confirm(platform: ThePlatform, caller: TheCaller, objection_id: FromPath[UUID]) -> StaffObjection:
    return await service.confirm(platform, caller, objection_id)


@post(
    "/v1/staff/objections/{objection_id:uuid}/send-back",
    status_code=HTTP_200_OK,
    **operation(
        Permission.OBJECTIONS_HANDLE,
        "退回重新办理 Send a rejection back",
        "第二人不同意时退回。The second person does not agree: it is decided again.",
        raises=(*_ACT, SECOND_PERSON_NEEDED),
        example={"reason": "证据足以证明少记。"},
        answer=_STAFF_OBJECTION,
    ),
)
async def send_back(
    platform: ThePlatform, caller: TheCaller, objection_id: FromPath[UUID], data: JSONBody[SendBack]
) -> StaffObjection:
    return await service.send_back(platform, caller, objection_id, data.reason)


HANDLERS = (file, list_mine, list_for_staff, get_for_staff, mark, assist, resume, decide, confirm, send_back)
