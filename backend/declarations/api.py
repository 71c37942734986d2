"""Declarations over HTTP."""

from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from backend.declarations import service
from backend.declarations.messages import Declaration, DeclarationPage, MakeDeclaration
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.platform.terms import LAST_DAY_UNUSABLE

_MAKE = {
    "kind": "qualification",
    "content": "本企业持有建筑装修装饰工程专业承包二级资质。",
    "evidence": "D232000123",
    "valid_until": "2027-11-23",
}
_DECLARATION = {
    "id": "0193a1c0-0000-7000-8000-000000000021",
    "enterprise_id": "0193a1c0-0000-7000-8000-000000000020",
    **_MAKE,
    "state": "declared",
    "declared_at": "2026-11-23T08:00:00Z",
    "ended_at": None,
    "self_declared": True,
    "notice": "企业自主申报，未经核验。Self-declared by the enterprise, not verified.",
}


@post(
    "/v1/enterprises/{enterprise_id:uuid}/declarations",
    **operation(
        Permission.ENTERPRISE_ACT,
        "自主申报 Make a declaration",
        "企业就自身情况的申报，公示时注明“未经核验”，到期自动失效。Marked as self-declared; it expires by itself.",
        raises=(NOT_FOUND, LAST_DAY_UNUSABLE),
        example=_MAKE,
        answer=_DECLARATION,
    ),
)
async def make(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[MakeDeclaration]
) -> Declaration:
    return await service.declare(platform, caller, enterprise_id, data)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/declarations",
    **operation(
        Permission.ENTERPRISE_ACT,
        "企业的申报 Declarations of an enterprise",
        "最新在前。Newest first, also those that ended. Two database round trips.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer={"declarations": [_DECLARATION], "next": None},
    ),
)
async def list_of_enterprise(
    platform: ThePlatform,
    caller: TheCaller,
    enterprise_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> DeclarationPage:
    return await service.listing(platform, caller, enterprise_id, cursor, limit)


@delete(
    "/v1/enterprises/{enterprise_id:uuid}/declarations/{declaration_id:uuid}",
    **operation(
        Permission.ENTERPRISE_ACT,
        "撤回申报 Withdraw a declaration",
        "随时可以撤回，不影响其他事项。It can be taken back at any time; nothing else changes.",
        raises=(NOT_FOUND, STATE_CONFLICT),
    ),
)
async def withdraw(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], declaration_id: FromPath[UUID]
) -> None:
    await service.withdraw(platform, caller, enterprise_id, declaration_id)


HANDLERS = (make, list_of_enterprise, withdraw)
