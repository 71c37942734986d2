"""Consents over HTTP."""

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from backend.consents import service
from backend.consents.messages import Consent, ConsentKind, ConsentText, GiveConsent
from backend.consents.problems import CONSENT_TEXT_CHANGED
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.roles import Permission

_CONSENT = {
    "id": "0193a1c0-0000-7000-8000-000000000002",
    "kind": "show",
    "purpose": "向您出示诚信码的商户答复“是否符合该项便利”",
    "purpose_en": 'To answer "eligible for this benefit, yes or no" to a partner to whom you show your code',
    "text_version": 1,
    "starts_at": "2026-11-23T08:00:00Z",
    "expires_at": "2027-11-22T16:00:00Z",
    "ended_at": None,
    "ended_because": None,
    "in_force": True,
}


@get(
    "/v1/consent-texts",
    **operation(
        Permission.PUBLIC_READ,
        "同意书文本 Consent texts",
        "计算与出示是两项独立的同意。Every version of the two consents: to compute and to show.",
        answer=msgspec.to_builtins(service.texts()[:1]),
    ),
)
async def list_texts() -> list[ConsentText]:
    return list(service.texts())


@get(
    "/v1/me/consents",
    **operation(
        Permission.SELF_READ,
        "我的同意 My consents",
        "当前与历史的全部同意。All of them, newest first. One database round trip.",
        answer=[_CONSENT],
    ),
)
async def list_mine(platform: ThePlatform, caller: TheCaller) -> list[Consent]:
    return await service.mine(platform, caller)


@post(
    "/v1/me/consents",
    **operation(
        Permission.SELF_CONSENT,
        "同意 Give a consent",
        "同意当前版本的文本，12 个月后自动失效。It ends by itself after 12 months.",
        raises=(CONSENT_TEXT_CHANGED,),
        example={"kind": "show", "text_version": 1},
        answer=_CONSENT,
    ),
)
async def give(platform: ThePlatform, caller: TheCaller, data: JSONBody[GiveConsent]) -> Consent:
    return await service.give(platform, caller, data.kind, data.text_version)


@delete(
    "/v1/me/consents/{kind:str}",
    **operation(
        Permission.SELF_CONSENT,
        "撤回同意 Withdraw a consent",
        "撤回与同意一样容易；撤回“计算”即同时停止“出示”。Withdrawing `compute` ends `show` too.",
    ),
)
async def withdraw(platform: ThePlatform, caller: TheCaller, kind: FromPath[ConsentKind]) -> None:
    await service.withdraw(platform, caller, kind)


HANDLERS = (list_texts, list_mine, give, withdraw)
