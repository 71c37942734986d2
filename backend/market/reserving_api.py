"""Reservations over HTTP, for partners (protocol, section 4)."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from backend.market import once, problems, service
from backend.market.api import MAXIMUM_REQUEST
from backend.market.examples import ID, RESERVATION
from backend.market.messages import ReservationAnswer, ReservationOrder
from backend.market.once import IdempotencyKey
from backend.partner_accounts.problems import PARTNER_SUSPENDED
from backend.platform.http.inputs import ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

_IDEMPOTENCY = (IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED)


@post(
    "/v1/partner/reservations",
    **operation(
        Permission.PARTNER_REDEEM,
        "预留名额 Reserve a place",
        "在名额、个人次数和补贴预算中为已核验的权益占位，默认 10 分钟，不超过核验有效期，也不跨日；核销时不再重复计数，到期自动退回。"
        "Holds the place of an eligible verification in quota, limits and budget, ten minutes unless the terms say otherwise, never beyond the answer or the day; "
        "redeeming it counts nothing again, and what is not redeemed is given back. Up to twelve database round trips and one of the cache, inside one transaction.",
        raises=(
            *_IDEMPOTENCY,
            PARTNER_SUSPENDED,
            NOT_FOUND,
            STATE_CONFLICT,
            problems.OVER_CAP,
            problems.QUOTA_EXHAUSTED,
        ),
        example={"verification_id": ID, "partner_ref": "order-1001", "amount_fen": 1200},
        answer=RESERVATION,
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def reserve(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    data: JSONBody[ReservationOrder],
    idempotency_key: IdempotencyKey = None,
) -> Response[ReservationAnswer]:
    act = await once.once_of(request, idempotency_key)
    return once.response(
        await service.reserve(platform, signer.owner_id, data, act, signer.request_id), ReservationAnswer
    )


@post(
    "/v1/partner/reservations/{reservation_id:uuid}/release",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNER_REDEEM,
        "释放预留 Release a place",
        "提前退回占位；核验在有效期内仍可核销或再次预留。Gives a place back before its time is over; the verification can still be used. "
        "Up to eleven database round trips and one of the cache, inside one transaction.",
        raises=(*_IDEMPOTENCY, NOT_FOUND, STATE_CONFLICT),
        answer={**RESERVATION, "state": "released"},
        maximum_body=MAXIMUM_REQUEST,
    ),
)
async def release(
    platform: ThePlatform,
    signer: TheSigner,
    request: Request,
    reservation_id: FromPath[UUID],
    idempotency_key: IdempotencyKey = None,
) -> Response[ReservationAnswer]:
    act = await once.once_of(request, idempotency_key)
    return once.response(await service.release(platform, signer.owner_id, reservation_id, act), ReservationAnswer)


HANDLERS: tuple[Any, ...] = (reserve, release)
