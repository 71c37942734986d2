"""Display codes over HTTP for the authority."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.displays import problems, service
from backend.displays.examples import DISPLAY, PROPOSED, REVOKED
from backend.displays.messages import Decision, Display, DisplayPage, Grant, Proposal
from backend.displays.states import DisplayState
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.platform.terms import LAST_DAY_UNUSABLE

InState = Annotated[DisplayState | None, Parameter(query="state", description="只列此状态。Only those in this state.")]


@get(
    "/v1/staff/display-codes",
    **operation(
        Permission.DISPLAYS_DECIDE,
        "展示码与行业诚信码申请 Display codes and applications",
        "最新在前，可按状态筛选；申请为 `applied`。Newest first, all or in one state; applications are `applied`. Two database round trips.",
        raises=(BAD_CURSOR,),
        answer={"codes": [DISPLAY], "next": None},
    ),
)
async def list_for_staff(
    platform: ThePlatform, in_state: InState = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> DisplayPage:
    return await service.for_staff(platform, in_state, cursor, limit)


@get(
    "/v1/staff/display-codes/{code_id:uuid}",
    **operation(
        Permission.DISPLAYS_DECIDE,
        "一个展示码（办理） One display code, for the authority",
        "待确认的处理与办理经过。What waits for a second officer, and the history. Two database round trips.",
        raises=(NOT_FOUND,),
        answer=DISPLAY,
    ),
)
async def get_for_staff(platform: ThePlatform, code_id: FromPath[UUID]) -> Display:
    return await service.one_for_staff(platform, code_id)


@post(
    "/v1/staff/display-codes/{code_id:uuid}/grant",
    status_code=HTTP_200_OK,
    **operation(
        Permission.DISPLAYS_DECIDE,
        "授予行业诚信码 Grant a sector's code",
        "自今日起至所填日期有效，不超过该行业的最长期限。From today until the day given, within the longest term of the sector. Ten database round trips.",
        raises=(
            NOT_FOUND,
            STATE_CONFLICT,
            OWN_MATTER,
            LAST_DAY_UNUSABLE,
            problems.DATES_UNUSABLE,
            problems.COMMITMENT_UNSUITABLE,
        ),
        example={"valid_until": "2027-06-30"},
        answer={
            **DISPLAY,
            "kind": "sector",
            "sector": "tourism",
            "commitment_id": "0193a1c0-0000-7000-8000-000000000022",
            "valid_until": "2027-06-30",
        },
    ),
)
async def grant(platform: ThePlatform, caller: TheCaller, code_id: FromPath[UUID], data: JSONBody[Grant]) -> Display:
    return await service.grant(platform, caller, code_id, data)


@post(
    "/v1/staff/display-codes/{code_id:uuid}/proposal",
    status_code=HTTP_200_OK,
    **operation(
        Permission.DISPLAYS_DECIDE,
        "提出不予授予或撤销 Propose a refusal or a revocation",
        "附理由，企业可见；须由另一人确认，确认前该码照常有效。With the reason, which the enterprise reads; a second officer confirms it, and until then the "
        "code stays valid. Six database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER),
        example={"proposal": "revoke", "reason": "经核查，未履行公开承诺的服务标准。"},
        answer=PROPOSED,
    ),
)
async def propose(
    platform: ThePlatform, caller: TheCaller, code_id: FromPath[UUID], data: JSONBody[Proposal]
) -> Display:
    return await service.propose(platform, caller, code_id, data)


@post(
    "/v1/staff/display-codes/{code_id:uuid}/decision",
    status_code=HTTP_200_OK,
    **operation(
        Permission.DISPLAYS_DECIDE,
        "确认或退回 Confirm or send back",
        "须由提出人以外的另一人办理；撤销立即列入状态列表。By somebody other than the proposer; a revocation is in the status list at once. Seven database "
        "round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED),
        example={"confirm": True},
        answer=REVOKED,
    ),
)
async def decide(
    platform: ThePlatform, caller: TheCaller, code_id: FromPath[UUID], data: JSONBody[Decision]
) -> Display:
    return await service.decide(platform, caller, code_id, data)


HANDLERS = (list_for_staff, get_for_staff, grant, propose, decide)
