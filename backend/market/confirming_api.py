"""Confirming over HTTP: what the holder's phone is asked, and its answer."""

from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT

from backend.consents.problems import CONSENT_MISSING
from backend.market import problems, service
from backend.market.messages import Confirmation, Questions
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND
from backend.platform.roles import Permission

_ID = "0193a1c0-0000-7000-8000-000000000020"
_DEVICE = "0193a1c0-0000-7000-8000-000000000040"


@get(
    "/v1/me/confirmations",
    **operation(
        Permission.SELF_SHOW_CODE,
        "待我确认的核验 What waits for my confirmation",
        "商户正在核验、等您在手机上确认的权益；60 秒内答复，逾期按“不符合”处理，不产生任何不利影响。"
        "What a shop is asking now and your phone has to confirm within a minute; saying nothing means no, and costs nothing. "
        "One database round trip, two if there is a question.",
        answer={
            "server_time": "2026-11-23T08:00:10Z",
            "questions": [
                {
                    "id": _ID,
                    "partner": "桃花市图书馆",
                    "partner_id": "0193a1c0-0000-7000-8000-000000000003",
                    "terminal": "desk-1",
                    "benefit": "library-deposit-waiver",
                    "benefit_version": 1,
                    "name": {"zh": "图书馆免押借阅", "en": "Library card without deposit"},
                    "description": {"zh": "所有居民免押办证。", "en": "A card without deposit for every resident."},
                    "kind": "deposit-waiver",
                    "amount_fen": 10000,
                    "result": "eligible",
                    "reasons": [],
                    "asked_at": "2026-11-23T08:00:00Z",
                    "confirm_by": "2026-11-23T08:01:00Z",
                }
            ],
        },
    ),
)
async def list_questions(platform: ThePlatform, caller: TheCaller) -> Questions:
    return await service.questions(platform, caller)


@post(
    "/v1/me/confirmations/{verification_id:uuid}/confirm",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SELF_SHOW_CODE,
        "确认办理 Confirm",
        "由已登记的手机对商户、权益与金额签名确认。A registered phone signs partner, benefit and amount. Up to nine database round trips.",
        raises=(NOT_FOUND, problems.CONFIRMATION_OVER, problems.CONFIRMATION_INVALID, CONSENT_MISSING),
        example={"device_id": _DEVICE, "signature": "A" * 86},
    ),
)
async def confirm(
    platform: ThePlatform, caller: TheCaller, verification_id: FromPath[UUID], data: JSONBody[Confirmation]
) -> None:
    await service.confirm(platform, caller, verification_id, data)


@post(
    "/v1/me/confirmations/{verification_id:uuid}/refuse",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SELF_SHOW_CODE,
        "不办理 Refuse",
        "商户只会得到“不符合”，与其他原因无法区分。The shop reads no, as for any other reason. Up to six database round trips.",
        raises=(NOT_FOUND, problems.CONFIRMATION_OVER),
    ),
)
async def refuse(platform: ThePlatform, caller: TheCaller, verification_id: FromPath[UUID]) -> None:
    await service.refuse(platform, caller, verification_id)


HANDLERS = (list_questions, confirm, refuse)
