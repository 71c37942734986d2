"""Commitments over HTTP: for agents, for the authority, and the public list."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.commitments import problems, service
from backend.commitments.messages import (
    CheckCommitment,
    Commitment,
    CommitmentPage,
    MakeCommitment,
    PublishedCommitmentPage,
    ReportKept,
    SendBack,
)
from backend.commitments.states import CommitmentState
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.platform.terms import LAST_DAY_UNUSABLE

InState = Annotated[
    CommitmentState | None, Parameter(query="state", description="只列此状态。Only those in this state.")
]

_MAKE = {
    "type": "voluntary",
    "reason": "申请装修施工备案",
    "content": "施工时间为工作日 8 时至 18 时，建筑垃圾当日清运。",
    "liability": "违反承诺的，自愿接受依法公示和处理。",
    "valid_until": "2026-12-31",
    "accepting_unit": "桃花市住房和城乡建设局",
    "accepting_unit_code": "11320100MB1886843H",
    "openness": "public",
}
_PUBLISHED = {
    "code": "32010020261123000001",
    "subject_name": "桃花市示例装饰有限公司",
    "subject_code": "91320100748204660Q",
    "type": "voluntary",
    "reason": _MAKE["reason"],
    "content": _MAKE["content"],
    "liability": _MAKE["liability"],
    "made_on": "2026-11-23",
    "valid_until": "2026-12-31",
    "accepting_unit": "桃花市住房和城乡建设局",
    "performance": None,
    "performance_on": None,
}
_COMMITMENT = {
    "id": "0193a1c0-0000-7000-8000-000000000022",
    "enterprise_id": "0193a1c0-0000-7000-8000-000000000020",
    **_PUBLISHED,
    "subject_category": "legal",
    "accepting_unit_code": "11320100MB1886843H",
    "unperformed": None,
    "sanction": None,
    "performance_unit": None,
    "performance_unit_code": None,
    "openness": "public",
    "remark": None,
    "state": "published",
    "rectify_by": None,
    "proposal": None,
    "history": [
        {
            "at": "2026-11-23T08:00:00Z", "event": "make", "before": None, "after": "made",
            "actor_kind": "agent", "note": None, "evidence": None,
        },
        {
            "at": "2026-11-23T08:00:00Z", "event": "publish", "before": "made", "after": "published",
            "actor_kind": "system", "note": None, "evidence": None,
        },
    ],
}  # fmt: skip


@get(
    "/v1/commitments",
    **operation(
        Permission.PUBLIC_READ,
        "信用承诺公示 Published commitments",
        "可向社会公开的承诺，最新在前；未履行认定期满自动停止公示。Those open to the public, newest first. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"commitments": [_PUBLISHED], "next": None},
    ),
)
async def list_published(
    platform: ThePlatform, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PublishedCommitmentPage:
    return await service.published(platform, cursor, limit)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/commitments",
    **operation(
        Permission.ENTERPRISE_ACT,
        "作出信用承诺 Make a commitment",
        "编码由系统生成；不作承诺不影响企业按一般程序办理。The code is made by us; declining to commit costs nothing.",
        raises=(
            NOT_FOUND,
            LAST_DAY_UNUSABLE,
            problems.UNIT_CODE_INVALID,
            problems.COMMITMENT_ROUTE_CLOSED,
            problems.COMMITMENT_CODES_EXHAUSTED,
        ),
        example=_MAKE,
        answer=_COMMITMENT,
    ),
)
async def make(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[MakeCommitment]
) -> Commitment:
    return await service.make(platform, caller, enterprise_id, data)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/commitments",
    **operation(
        Permission.ENTERPRISE_ACT,
        "企业的承诺 Commitments of an enterprise",
        "最新在前，含办理经过。Newest first, with their history. Two database round trips.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer={"commitments": [_COMMITMENT], "next": None},
    ),
)
async def list_of_enterprise(
    platform: ThePlatform,
    caller: TheCaller,
    enterprise_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> CommitmentPage:
    return await service.of_enterprise(platform, caller, enterprise_id, cursor, limit)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/commitments/{commitment_id:uuid}",
    **operation(
        Permission.ENTERPRISE_ACT,
        "一项承诺 One commitment",
        "全部字段与办理经过。All fields and the history. Two database round trips.",
        raises=(NOT_FOUND,),
        answer=_COMMITMENT,
    ),
)
async def get_of_enterprise(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], commitment_id: FromPath[UUID]
) -> Commitment:
    return await service.one_of_enterprise(platform, caller, enterprise_id, commitment_id)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/commitments/{commitment_id:uuid}/report",
    status_code=HTTP_200_OK,
    **operation(
        Permission.ENTERPRISE_ACT,
        "报告已履行 Report it as kept",
        "附证明材料，由受理单位核查；整改完成后同样在此报告。With evidence; the authority checks it. Rectification is reported here too.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        example={"evidence": "YS-2026-0012", "statement": "已按承诺完成全部清运。"},
        answer=_COMMITMENT,
    ),
)
async def report(
    platform: ThePlatform,
    caller: TheCaller,
    enterprise_id: FromPath[UUID],
    commitment_id: FromPath[UUID],
    data: JSONBody[ReportKept],
) -> Commitment:
    return await service.report_kept(platform, caller, enterprise_id, commitment_id, data)


@get(
    "/v1/staff/commitments",
    **operation(
        Permission.COMMITMENTS_CHECK,
        "承诺核查清单 Commitments to check",
        "最新在前，可按状态筛选。Newest first, all or in one state. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"commitments": [_COMMITMENT], "next": None},
    ),
)
async def list_for_staff(
    platform: ThePlatform, in_state: InState = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> CommitmentPage:
    return await service.for_staff(platform, in_state, cursor, limit)


@get(
    "/v1/staff/commitments/{commitment_id:uuid}",
    **operation(
        Permission.COMMITMENTS_CHECK,
        "一项承诺（核查） One commitment, for the authority",
        "全部字段、待确认的认定与办理经过。All fields, a finding that waits, and the history. One database round trip.",
        raises=(NOT_FOUND,),
        answer=_COMMITMENT,
    ),
)
async def get_for_staff(platform: ThePlatform, commitment_id: FromPath[UUID]) -> Commitment:
    return await service.one_for_staff(platform, commitment_id)


@post(
    "/v1/staff/commitments/{commitment_id:uuid}/check",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMMITMENTS_CHECK,
        "核查承诺 Check a commitment",
        "全部履行当即生效；部分或全部未履行只是提出，须另一人确认。`full` stands at once; anything less waits for a second person.",
        raises=(
            NOT_FOUND,
            STATE_CONFLICT,
            OWN_MATTER,
            problems.UNIT_CODE_INVALID,
            problems.FINDING_INCOMPLETE,
            LAST_DAY_UNUSABLE,
        ),
        example={"performance": "full", "unit": "桃花市住房和城乡建设局", "unit_code": "11320100MB1886843H"},
        answer=_COMMITMENT,
    ),
)
async def check(
    platform: ThePlatform, caller: TheCaller, commitment_id: FromPath[UUID], data: JSONBody[CheckCommitment]
) -> Commitment:
    return await service.check(platform, caller, commitment_id, data)


@post(
    "/v1/staff/commitments/{commitment_id:uuid}/confirm",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMMITMENTS_CHECK,
        "确认未履行认定 Confirm a negative finding",
        "须由提出人以外的工作人员确认；首次认定后给予整改期限。By somebody other than the proposer; a first finding opens a term to rectify.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED, LAST_DAY_UNUSABLE),
        answer=_COMMITMENT,
    ),
)
async def confirm(platform: ThePlatform, caller: TheCaller, commitment_id: FromPath[UUID]) -> Commitment:
    return await service.confirm(platform, caller, commitment_id)


@post(
    "/v1/staff/commitments/{commitment_id:uuid}/send-back",
    status_code=HTTP_200_OK,
    **operation(
        Permission.COMMITMENTS_CHECK,
        "退回未履行认定 Send a negative finding back",
        "第二人不同意时退回重新核查。The second person does not agree: it is checked again.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED),
        example={"reason": "证明材料显示已完成清运。"},
        answer=_COMMITMENT,
    ),
)
async def send_back(
    platform: ThePlatform, caller: TheCaller, commitment_id: FromPath[UUID], data: JSONBody[SendBack]
) -> Commitment:
    return await service.send_back(platform, caller, commitment_id, data.reason)


HANDLERS = (
    list_published,
    make,
    list_of_enterprise,
    get_of_enterprise,
    report,
    list_for_staff,
    get_for_staff,
    check,
    confirm,
    send_back,
)
