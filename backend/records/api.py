"""Deliveries of sources, and residents' own records, over HTTP."""

from uuid import UUID

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT

from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND
from backend.platform.roles import Permission
from backend.records import intake, service
from backend.records.messages import DeliveryIn, DeliveryOut, RecordOut, RecordPage, SourceOut
from backend.records.problems import ONLY_POSITIVE_HIDDEN, RECORD_STATE, SOURCE_SUSPENDED

LARGEST_DELIVERY = 16 * 1024 * 1024

_DELIVERY = {
    "id": "0193a1c0-0000-7000-8000-000000000010",
    "delivery_ref": "2026-11-23-001",
    "received_at": "2026-11-23T08:00:00Z",
    "rows": 2,
    "accepted": 1,
    "replaced": 0,
    "unchanged": 0,
    "stale": 0,
    "returned": 1,
    "returned_rows": [
        {
            "row": 2,
            "item": "volunteer-service",
            "record_key": "volunteer-service:ZY-2",
            "reasons": [
                {
                    "code": "wrong-check-digit",
                    "field": "ZY_XDR_ZJHM",
                    "zh": "校验码不正确。",
                    "en": "The check digit is wrong.",
                }
            ],
        }
    ],
    "next": None,
}
_RECORD = {
    "id": "0193a1c0-0000-7000-8000-000000000011",
    "item": "volunteer-service",
    "item_name": "志愿服务",
    "item_name_en": "Volunteering",
    "information_class": "positive",
    "source": "桃花市民政局",
    "legal_basis": "《志愿服务条例》第十九条",
    "state": "active",
    "occurred_on": "2026-03-01",
    "ends_on": None,
    "published_until": None,
    "retained_until": "2028-03-01",
    "grade": None,
    "amount": 25,
    "amount_unit": "hours",
    "fields": [{"name": "ZY_FWSC", "title": "服务时长（小时）", "value": "25"}],
    "received_at": "2026-03-05T08:00:00Z",
    "updated_at": "2026-03-05T08:00:00Z",
    "corrected_at": None,
    "can_hide": True,
}


@get(
    "/v1/sources",
    **operation(
        Permission.PUBLIC_READ,
        "信源 Sources",
        "可报送记录的单位及其事项。Who may deliver which items.",
        answer=[{"code": "court", "name": "桃花市中级人民法院", "name_en": "Taohua Court", "items": ["breach-judged"]}],
    ),
)
async def list_sources(platform: ThePlatform) -> list[SourceOut]:
    return await intake.list_sources(platform)


@post(
    "/v1/source/deliveries",
    **operation(
        Permission.RECORDS_DELIVER,
        "报送记录 Deliver records",
        "每行接收或退回并列出全部原因；重复报送不产生变化；后一版本替换前一版本。"
        "Each row is accepted or returned with every reason; delivering again changes nothing. At most 10,000 rows and "
        "16 MiB. At most 17 database round trips, whatever the number of rows, and one of the cache.",
        raises=(SOURCE_SUSPENDED,),
        example={
            "delivery_ref": "2026-11-23-001",
            "rows": [{"item": "volunteer-service", "fields": {"ZY_XDR_MC": "张三"}, "sequence": 1}],
        },
        answer=_DELIVERY,
        maximum_body=LARGEST_DELIVERY,
    ),
)
async def deliver(platform: ThePlatform, signer: TheSigner, data: JSONBody[DeliveryIn]) -> DeliveryOut:
    return await intake.deliver(platform, signer, data)


@get(
    "/v1/source/deliveries/{delivery_id:uuid}",
    **operation(
        Permission.RECORDS_DELIVER,
        "报送结果 What became of a delivery",
        "含退回行，分页。With the returned rows, page by page. Two database round trips.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer=_DELIVERY,
    ),
)
async def read_delivery(
    platform: ThePlatform,
    signer: TheSigner,
    delivery_id: FromPath[UUID],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> DeliveryOut:
    return await intake.delivery(platform, signer, delivery_id, cursor, limit)


@get(
    "/v1/me/records",
    **operation(
        Permission.SELF_READ,
        "我的记录 My records",
        "目录内关于本人的全部记录，最新在前。Every record about the caller, whole. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"records": [_RECORD], "next": None},
    ),
)
async def list_mine(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> RecordPage:
    return await service.mine(platform, caller, cursor, limit)


@get(
    "/v1/me/records/{record_id:uuid}",
    **operation(
        Permission.SELF_READ,
        "我的一条记录 One of my records",
        "仅限本人记录。Only the caller's own. One database round trip.",
        raises=(NOT_FOUND,),
        answer=_RECORD,
    ),
)
async def read_mine(platform: ThePlatform, caller: TheCaller, record_id: FromPath[UUID]) -> RecordOut:
    return await service.mine_one(platform, caller, record_id)


@put(
    "/v1/me/records/{record_id:uuid}/hidden",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SELF_RECORDS,
        "隐藏正面记录 Hide a positive record",
        "本人可隐藏自己的正面记录，随时可恢复。The score follows (Reg. art. 37).",
        raises=(NOT_FOUND, ONLY_POSITIVE_HIDDEN, RECORD_STATE),
    ),
)
async def hide(platform: ThePlatform, caller: TheCaller, record_id: FromPath[UUID]) -> None:
    await service.set_hidden(platform, caller, record_id, hidden=True)


@delete(
    "/v1/me/records/{record_id:uuid}/hidden",
    **operation(
        Permission.SELF_RECORDS,
        "恢复显示记录 Show a record again",
        "恢复已隐藏的正面记录。It counts again.",
        raises=(NOT_FOUND, ONLY_POSITIVE_HIDDEN, RECORD_STATE),
    ),
)
async def show(platform: ThePlatform, caller: TheCaller, record_id: FromPath[UUID]) -> None:
    await service.set_hidden(platform, caller, record_id, hidden=False)


HANDLERS = (list_sources, deliver, read_delivery, list_mine, read_mine, hide, show)
