"""Display codes over HTTP: for everybody and for an enterprise's agents."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.displays import problems, service
from backend.displays.examples import DISPLAY, PRODUCT, RECALLED, SECTOR, SHOWN
from backend.displays.messages import (
    ApplyForSector,
    DeclareProduct,
    Display,
    DisplayPage,
    EndCode,
    SectorOut,
    ShownDisplay,
)
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.platform.terms import LAST_DAY_UNUSABLE

Token = Annotated[
    str, Parameter(description="展示码链接的末段 the last part of a display code's link", min_length=1, max_length=512)
]


@get(
    "/v1/display-sectors",
    **operation(
        Permission.PUBLIC_READ,
        "行业诚信码目录 Sectors",
        "可申请诚信码的行业、授予机关与法律依据。Whose codes can be applied for, by whom they are granted and on which ground. No round trip.",
        answer=[SECTOR],
    ),
)
async def list_sectors(platform: ThePlatform) -> list[SectorOut]:
    return service.sectors_in_force(platform)


@get(
    "/v1/public/display-codes/{token:str}",
    **operation(
        Permission.PUBLIC_READ,
        "展示码所示内容 What a display code shows",
        "供应用读取，内容与公开页面相同；没有分数，没有个人信息。For apps, the same as the public page: no score and nobody's personal data. Three to "
        "five database round trips, two for an ended code, none for what we never signed.",
        raises=(NOT_FOUND, problems.DISPLAY_ENDED),
        answer=SHOWN,
    ),
)
async def show(platform: ThePlatform, token: FromPath[Token]) -> ShownDisplay:
    return await service.show_valid(platform, token)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/display-codes",
    **operation(
        Permission.ENTERPRISE_ACT,
        "企业的展示码 Display codes of an enterprise",
        "最新在前，含已失效的，附办理经过。Newest first, also those that ended, with their history. Three database round trips.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer={"codes": [DISPLAY], "next": None},
    ),
)
async def list_of_enterprise(
    platform: ThePlatform,
    caller: TheCaller,
    enterprise_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> DisplayPage:
    return await service.listing(platform, caller, enterprise_id, cursor, limit)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/display-codes",
    **operation(
        Permission.ENTERPRISE_ACT,
        "生成企业展示码 Make the enterprise's display code",
        "静态公开，有效 12 个月，不能用于任何权益；已有有效码的，返回原码。Static and public, for twelve months, of no use for any benefit; a repeat gives the "
        "same code. Ten database round trips, five for a repeat.",
        raises=(NOT_FOUND,),
        answer=DISPLAY,
    ),
)
async def make_own(platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID]) -> Display:
    return await service.make_own(platform, caller, enterprise_id)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/sector-codes",
    **operation(
        Permission.ENTERPRISE_ACT,
        "申请行业诚信码 Apply for a sector's code",
        "以本企业一项公开的信用承诺为依据，由主管部门授予；不申请不受任何影响。On the ground of a public commitment, granted by an officer; not applying costs "
        "nothing. Six database round trips.",
        raises=(NOT_FOUND, problems.SECTOR_UNKNOWN, problems.COMMITMENT_UNSUITABLE, problems.DISPLAY_OPEN),
        example={"sector": "tourism", "commitment_id": "0193a1c0-0000-7000-8000-000000000022"},
        answer={
            **DISPLAY,
            "kind": "sector",
            "sector": "tourism",
            "commitment_id": "0193a1c0-0000-7000-8000-000000000022",
            "state": "applied",
            "issued_on": None,
            "valid_until": None,
            "url": None,
        },
    ),
)
async def apply_for_sector(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[ApplyForSector]
) -> Display:
    return await service.apply_for_sector(platform, caller, enterprise_id, data)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/product-codes",
    **operation(
        Permission.ENTERPRISE_ACT,
        "申报产品溯源码 Declare a product",
        "一个批次一码；内容由企业自行申报，未经核验。One code for each batch; all of it is the enterprise's own word. Eight database round trips.",
        raises=(NOT_FOUND, LAST_DAY_UNUSABLE, problems.DATES_UNUSABLE, problems.DISPLAY_OPEN),
        example={"product": PRODUCT, "valid_until": "2027-11-01"},
        answer={**DISPLAY, "kind": "product", "product": PRODUCT, "valid_until": "2027-11-01"},
    ),
)
async def declare_product(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[DeclareProduct]
) -> Display:
    return await service.declare_product(platform, caller, enterprise_id, data)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/display-codes/{code_id:uuid}",
    **operation(
        Permission.ENTERPRISE_ACT,
        "一个展示码 One display code",
        "状态、理由、如何提出异议与办理经过。State, reason, how to object, and the history. Three database round trips.",
        raises=(NOT_FOUND,),
        answer=DISPLAY,
    ),
)
async def get_of_enterprise(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], code_id: FromPath[UUID]
) -> Display:
    return await service.one_of_enterprise(platform, caller, enterprise_id, code_id)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/display-codes/{code_id:uuid}/revocation",
    status_code=HTTP_200_OK,
    **operation(
        Permission.ENTERPRISE_ACT,
        "撤销展示码或召回产品 Revoke a code, recall a product",
        "立即生效且不可恢复，公开页面写明理由；尚未授予的申请由此撤回。At once and for good, with the reason on the public page; an application is taken back "
        "here too. Seven database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        example={"reason": "该批次包装密封不良，已召回。"},
        answer=RECALLED,
    ),
)
async def end(
    platform: ThePlatform,
    caller: TheCaller,
    enterprise_id: FromPath[UUID],
    code_id: FromPath[UUID],
    data: JSONBody[EndCode],
) -> Display:
    return await service.end(platform, caller, enterprise_id, code_id, data)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/display-codes/{code_id:uuid}/print",
    media_type="image/svg+xml",
    **operation(
        Permission.ENTERPRISE_ACT,
        "打印展示码（SVG） A display code for print",
        "供企业下载打印，含二维码、名称、有效期与核对网址的提示。The QR with name, last day, and the address that it must lead to. Three database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
    ),
)
async def print_sheet(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], code_id: FromPath[UUID]
) -> Response[bytes]:
    return Response(
        await service.print_sheet(platform, caller, enterprise_id, code_id),
        media_type="image/svg+xml",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="display-code-{code_id}.svg"',
            # Opened in a tab it is a picture and nothing else.
            "Content-Security-Policy": "default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )


HANDLERS = (
    list_sectors, show, list_of_enterprise, make_own, apply_for_sector, declare_product, get_of_enterprise, end,
    print_sheet,
)  # fmt: skip
