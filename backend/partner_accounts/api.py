"""Partners over HTTP: the public list."""

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from backend.partner_accounts import service
from backend.partner_accounts.messages import PartnerPage
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR
from backend.platform.roles import Permission

# Codes of scenes and districts: PostgreSQL text takes no NUL, so the shape is checked at the door.
_CODE = r"^[a-z][a-z-]{0,39}(?!\n)$"
SceneCode = Annotated[str | None, Parameter(pattern=_CODE, max_length=40, description="场景 scene")]
DistrictCode = Annotated[str | None, Parameter(pattern=_CODE, max_length=40, description="区县 district")]


@get(
    "/v1/partners",
    **operation(
        Permission.PUBLIC_READ,
        "合作商户 Partners",
        "在服务中的商户、门店与权益，可按场景和区县筛选。The live partners with stores and benefits. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={
            "partners": [
                {
                    "id": "0193a1c0-0000-7000-8000-000000000010",
                    "name": "桃花市图书馆",
                    "name_en": "Taohua City Library",
                    "scenes": ["library"],
                    "stores": [{"id": "0193a1c0-0000-7000-8000-000000000011", "name": "总馆", "district": "taoyuan"}],
                    "benefits": ["library-deposit-waiver"],
                }
            ],
            "next": None,
        },
    ),
)
async def list_partners(
    platform: ThePlatform,
    scene: SceneCode = None,
    district: DistrictCode = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PartnerPage:
    return await service.listing(platform, scene, district, cursor, limit)


HANDLERS = (list_partners,)
