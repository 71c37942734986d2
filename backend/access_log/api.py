"""The access log over HTTP."""

from litestar import get

from backend.access_log import service
from backend.access_log.messages import AccessLogPage
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR
from backend.platform.roles import Permission


@get(
    "/v1/me/access-log",
    **operation(
        Permission.SELF_READ,
        "谁查看过我 Who looked at my data",
        "每一次读取都有一行，最新在前。Every read of the caller's data by anyone, newest first. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={
            "entries": [
                {
                    "at": "2026-11-23T08:00:00Z",
                    "actor_kind": "partner",
                    "actor_name": "示例书店",
                    "action": "核验诚信码",
                    "purpose": "图书馆免押金借阅",
                    "ground": "consent-show",
                    "fields": ["eligibility"],
                    "outcome": "ok",
                }
            ],
            "next": None,
        },
    ),
)
async def list_mine(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> AccessLogPage:
    return await service.mine(platform, caller, cursor, limit)


HANDLERS = (list_mine,)
