"""Devices over HTTP."""

from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from backend.devices import problems, service
from backend.devices.messages import Device, NewDevice
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND, RATE_LIMITED
from backend.platform.roles import Permission

_KEY = "AmsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKW"
_DEVICE = {
    "id": "0193a1c0-0000-7000-8000-000000000040",
    "name": "我的手机",
    "public_key": _KEY,
    "registered_at": "2026-11-23T08:00:00Z",
    "revoked_at": None,
    "status_index": 4711,
}


@post(
    "/v1/me/devices",
    **operation(
        Permission.SELF_DEVICES,
        "登记设备 Register a device",
        "登记手机的公钥，并由该手机签名证明；最多 5 台。私钥从不离开手机。A phone's public key with the phone's own proof; five at most. "
        "Its place in the status list `devices` is in the answer. Four database round trips and one of the cache.",
        raises=(
            RATE_LIMITED,
            problems.DEVICE_KEY_INVALID,
            problems.DEVICE_PROOF_INVALID,
            problems.DEVICE_KEY_USED,
            problems.DEVICE_LIMIT,
        ),
        example={"name": "我的手机", "public_key": _KEY, "created": 1795420800, "signature": "A" * 86},
        answer=_DEVICE,
    ),
)
async def register(platform: ThePlatform, caller: TheCaller, data: JSONBody[NewDevice]) -> Device:
    return await service.register(platform, caller, data)


@get(
    "/v1/me/devices",
    **operation(
        Permission.SELF_DEVICES,
        "我的设备 My devices",
        "已登记与已停用的设备。Live ones first, then those that were revoked. One database round trip.",
        answer=[_DEVICE],
    ),
)
async def list_mine(platform: ThePlatform, caller: TheCaller) -> list[Device]:
    return await service.mine(platform, caller)


@delete(
    "/v1/me/devices/{device_id:uuid}",
    **operation(
        Permission.SELF_DEVICES,
        "停用设备 Revoke a device",
        "手机遗失或更换时立即停用，其离线凭证一并作废；不可恢复。At once and for good; its offline passes end with it. Five database round trips.",
        raises=(NOT_FOUND,),
    ),
)
async def revoke(platform: ThePlatform, caller: TheCaller, device_id: FromPath[UUID]) -> None:
    await service.revoke(platform, caller, device_id)


HANDLERS = (register, list_mine, revoke)
