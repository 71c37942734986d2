"""Status lists over HTTP, for everybody."""

from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, Parameter

from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND
from backend.platform.roles import Permission
from backend.platform.status_lists import CACHE_SECONDS
from backend.status_lists import service

_STATUS_LIST = "application/statuslist+jwt"

ListName = Annotated[
    str, Parameter(description="状态列表名称 name of the list", pattern=r"^[a-z][a-z-]{0,39}(?!\n)$", max_length=40)
]


@get(
    "/v1/status-lists/{list_name:str}",
    media_type=_STATUS_LIST,
    **operation(
        Permission.PUBLIC_READ,
        "状态列表 A status list",
        "离线凭证 `attestations`、展示码 `displays`、设备 `devices`、商户密钥 `partner-keys` 的 Token Status List（JWT），每位一项，只说明是否有效。"
        "One bit for each pass, display code, phone or partner's key: valid or not, and nothing about anybody. Signed by a key for `status`; no database round trip.",
        raises=(NOT_FOUND,),
    ),
)
async def status_list(platform: ThePlatform, list_name: FromPath[ListName]) -> Response[str]:
    return Response(
        service.status_list(platform, list_name),
        media_type=_STATUS_LIST,
        headers={"Cache-Control": f"public, max-age={CACHE_SECONDS}"},
    )


HANDLERS = (status_list,)
