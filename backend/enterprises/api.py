"""Enterprises over HTTP."""

from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from backend.enterprises import service
from backend.enterprises.messages import Enterprise, EnterpriseDetail, RegisterEnterprise
from backend.enterprises.problems import ENTERPRISE_CODE_INVALID, ENTERPRISE_TAKEN
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

_ENTERPRISE = {
    "id": "0193a1c0-0000-7000-8000-000000000020",
    "code": "91320100748204660Q",
    "name": "桃花市示例装饰有限公司",
    "state": "registered",
    "registered_at": "2026-11-23T08:00:00Z",
    "agent_role": "authorised-agent",
    "agent_since": "2026-11-23T08:00:00Z",
}


@post(
    "/v1/enterprises",
    **operation(
        Permission.ENTERPRISE_REGISTER,
        "企业自愿注册 Register an enterprise",
        "由实名居民作为经办人为企业注册；重复提交不产生变化。By choice, by a proven resident as its agent; a repeat changes nothing.",
        raises=(ENTERPRISE_CODE_INVALID, ENTERPRISE_TAKEN),
        example={
            "code": "91320100748204660Q",
            "name": "桃花市示例装饰有限公司",
            "authorisation": "SQ-2026-0001",
            "agent_role": "authorised-agent",
        },
        answer=_ENTERPRISE,
    ),
)
async def register(platform: ThePlatform, caller: TheCaller, data: JSONBody[RegisterEnterprise]) -> Enterprise:
    return await service.register(platform, caller, data)


@get(
    "/v1/me/enterprises",
    **operation(
        Permission.ENTERPRISE_ACT,
        "我经办的企业 Enterprises I act for",
        "最新在前。Newest first. One database round trip.",
        answer=[_ENTERPRISE],
    ),
)
async def list_mine(platform: ThePlatform, caller: TheCaller) -> list[Enterprise]:
    return await service.mine(platform, caller)


@get(
    "/v1/enterprises/{enterprise_id:uuid}",
    **operation(
        Permission.ENTERPRISE_ACT,
        "企业及其信用记录 An enterprise and its records",
        "仅限经办人查看；企业的失信不计入任何个人的信用分。For its agents only; its defaults are charged to no person. Two database round trips.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer={"enterprise": _ENTERPRISE, "records": [], "next": None},
    ),
)
async def get_enterprise(
    platform: ThePlatform,
    caller: TheCaller,
    enterprise_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> EnterpriseDetail:
    return await service.detail(platform, caller, enterprise_id, cursor, limit)


@delete(
    "/v1/enterprises/{enterprise_id:uuid}",
    **operation(
        Permission.ENTERPRISE_ACT,
        "企业注销登记 Withdraw an enterprise",
        "自愿退出，不影响其他服务；已作出的承诺仍须履行，展示码随之终止。By choice and at no cost; commitments made stay made, display codes end.",
        raises=(NOT_FOUND, STATE_CONFLICT),
    ),
)
async def withdraw(platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID]) -> None:
    await service.withdraw(platform, caller, enterprise_id)


HANDLERS = (register, list_mine, get_enterprise, withdraw)
