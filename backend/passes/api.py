"""Offline passes over HTTP: for residents, for partners, and for the authority."""

from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from backend.market import once
from backend.market.once import IdempotencyKey
from backend.partner_accounts.problems import PARTNER_SUSPENDED
from backend.passes import problems, service
from backend.passes.messages import (
    IssuedPasses,
    MyPasses,
    OfflineUpload,
    PassOrder,
    RiskCase,
    RiskCasePage,
    RiskDecision,
    RiskProposal,
    UploadAnswer,
)
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, RATE_LIMITED, STATE_CONFLICT
from backend.platform.roles import Permission

# Five hundred items of less than a kilobyte each (protocol, section 4).
MAXIMUM_UPLOAD = 512 * 1024

_ID = "0193a1c0-0000-7000-8000-000000000041"
_DEVICE = "0193a1c0-0000-7000-8000-000000000040"
_KEY = "AmsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKW"
_CASE = {
    "id": "0193a1c0-0000-7000-8000-000000000042",
    "benefit": "parking-discount",
    "state": "open",
    "first_partner": "桃花市停车",
    "first_terminal": "gate-1",
    "first_accepted_at": "2026-11-23T08:00:00Z",
    "second_partner": "北门停车场",
    "second_terminal": "gate-7",
    "second_accepted_at": "2026-11-23T08:00:20Z",
    "reason": None,
    "opened_at": "2026-11-23T09:00:00Z",
    "decided_at": None,
}


@post(
    "/v1/me/passes",
    **operation(
        Permission.SELF_SHOW_CODE,
        "领取离线凭证 Fetch offline passes",
        "手机与商户都没有网络时使用；每张一次，不含分数、等级或身份。不符合时不发凭证，原因只告诉本人。For one use each, without a network on either side; "
        "a no is that there is none, with the reasons for the holder alone. Eight database round trips, one more for each pass, and one of the cache.",
        raises=(
            RATE_LIMITED,
            NOT_FOUND,
            STATE_CONFLICT,
            problems.NOT_OFFLINE,
            problems.DEVICE_UNKNOWN,
            problems.PASS_KEY_INVALID,
            problems.PASS_KEY_USED,
        ),
        example={
            "benefit": "parking-discount",
            "device_id": _DEVICE,
            "keys": [{"key": _KEY, "signature": "A" * 86}],
        },
        answer={
            "server_time": "2026-11-23T08:00:00Z",
            "passes": [
                {
                    "id": _ID,
                    "key": _KEY,
                    "attestation": "A" * 146,
                    "usable_until": "2026-11-24T05:00:00Z",
                    "needs_challenge": False,
                }
            ],
            "reasons": [],
        },
    ),
)
async def issue(platform: ThePlatform, caller: TheCaller, data: JSONBody[PassOrder]) -> IssuedPasses:
    return await service.issue(platform, caller, data)


@get(
    "/v1/me/passes",
    **operation(
        Permission.SELF_SHOW_CODE,
        "我的离线凭证 My offline passes",
        "最近的离线凭证，以及正在核查的重复受理。Those of the last days, and what is being looked into. Two database round trips.",
        answer={
            "passes": [
                {
                    "id": _ID,
                    "benefit": "parking-discount",
                    "device_id": _DEVICE,
                    "issued_at": "2026-11-23T08:00:00Z",
                    "usable_until": "2026-11-24T05:00:00Z",
                    "state": "usable",
                }
            ],
            "risk_cases": [],
        },
    ),
)
async def list_mine(platform: ThePlatform, caller: TheCaller) -> MyPasses:
    return await service.mine(platform, caller)


@delete(
    "/v1/me/passes/{pass_id:uuid}",
    **operation(
        Permission.SELF_SHOW_CODE,
        "作废离线凭证 Revoke an offline pass",
        "立即列入状态列表。Its place in the status list is marked at once. Two database round trips.",
        raises=(NOT_FOUND,),
    ),
)
async def revoke(platform: ThePlatform, caller: TheCaller, pass_id: FromPath[UUID]) -> None:
    await service.revoke(platform, caller, pass_id)


@post(
    "/v1/partner/offline-redemptions",
    **operation(
        Permission.PARTNER_REDEEM,
        "上传离线核销 Upload offline redemptions",
        "一次至多 500 笔，逐笔给出结果；每张凭证只结算一次，重复上传结果不变。Up to 500, one outcome for each; each pass is settled once, and the same "
        "upload again has the same outcomes. Eight database round trips and up to seven for each item, inside one transaction.",
        raises=(
            IDEMPOTENCY_KEY_MISSING,
            IDEMPOTENCY_IN_PROGRESS,
            IDEMPOTENCY_KEY_REUSED,
            PARTNER_SUSPENDED,
        ),
        example={
            "terminal": "gate-1",
            "redemptions": [
                {
                    "code": "IC3:" + "0" * 278,
                    "benefit": "parking-discount",
                    "accepted_at": "2026-11-23T08:00:00Z",
                    "partner_ref": "visit-1001",
                    "amount_fen": 500,
                }
            ],
        },
        answer={
            "received_at": "2026-11-23T09:00:00Z",
            "outcomes": [
                {
                    "partner_ref": "visit-1001",
                    "use": "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ",
                    "outcome": "settled",
                    "redemption_id": "0193a1c0-0000-7000-8000-000000000021",
                }
            ],
        },
        maximum_body=MAXIMUM_UPLOAD,
    ),
)
async def upload(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    data: JSONBody[OfflineUpload],
    idempotency_key: IdempotencyKey = None,
) -> Response[UploadAnswer]:
    act = await once.once_of(request, idempotency_key)
    return once.response(await service.settle(platform, signer.owner_id, data, act, signer.request_id), UploadAnswer)


@get(
    "/v1/staff/risk-cases",
    **operation(
        Permission.RISK_CASES,
        "风险核查列表 Risk cases",
        "一张离线凭证在两处被受理；只暂停该手机的离线凭证。A pass that was accepted twice; only the offline passes of that phone wait. Two database round trips.",
        raises=(BAD_CURSOR,),
        answer={"cases": [_CASE], "next": None},
    ),
)
async def risk_cases(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> RiskCasePage:
    return await service.waiting(platform, caller, cursor, limit)


@post(
    "/v1/staff/risk-cases/{case_id:uuid}/proposal",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RISK_CASES,
        "提出核查意见 Propose a decision",
        "解除或继续停发，附理由；须由另一人确认。Clear the phone or leave it stopped, with the reason; a second person decides. Three database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER),
        example={"proposal": "clear", "reason": "两台闸机共用一个离线账本，属商户重复上传。"},
        answer={**_CASE, "state": "clearing-proposed", "reason": "两台闸机共用一个离线账本，属商户重复上传。"},
    ),
)
async def propose(
    platform: ThePlatform, caller: TheCaller, case_id: FromPath[UUID], data: JSONBody[RiskProposal]
) -> RiskCase:
    return await service.propose(platform, caller, case_id, data)


@post(
    "/v1/staff/risk-cases/{case_id:uuid}/decision",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RISK_CASES,
        "决定或退回 Decide, or send back",
        "须由提出人以外的另一人办理。By somebody other than the proposer. Three database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED),
        example={"confirm": True},
        answer={
            **_CASE,
            "state": "cleared",
            "reason": "两台闸机共用一个离线账本，属商户重复上传。",
            "decided_at": "2026-11-24T02:00:00Z",
        },
    ),
)
async def decide(
    platform: ThePlatform, caller: TheCaller, case_id: FromPath[UUID], data: JSONBody[RiskDecision]
) -> RiskCase:
    return await service.decide(platform, caller, case_id, data)


HANDLERS = (issue, list_mine, revoke, upload, risk_cases, propose, decide)
