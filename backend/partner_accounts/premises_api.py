"""Stores, posts and the alliance over HTTP: the partner's side is signed; managers, residents and operators have theirs."""

from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from backend.partner_accounts import alliance, premises, problems
from backend.partner_accounts.messages import (
    AcceptInvitation,
    Alliance,
    Invitation,
    JoinAlliance,
    Membership,
    MyPost,
    NewInvitation,
    OwnStore,
    OwnStores,
    Posts,
    StaffStores,
    StoreApplied,
    StoreDecision,
    StoreState,
    TillInvitation,
)
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.impartiality import OWN_MATTER
from backend.platform.problems import NOT_FOUND, RATE_LIMITED, STATE_CONFLICT
from backend.platform.roles import Permission

_MAXIMUM_REQUEST = 4096

_APPLIED = {"name": "云岭分店", "district": "yunling"}
_STORE: dict[str, Any] = {
    **_APPLIED,
    "id": "0193a1c0-0000-7000-8000-000000000012",
    "state": "asked",
    "because": None,
}
_INVITATION: dict[str, Any] = {
    "id": "7b1f3c52-5a0e-4a53-9a53-2f6d1c0f7b11",
    "store_id": "0193a1c0-0000-7000-8000-000000000011",
    "shown_as": "2号收银台",
    "position": "clerk",
    "expires_at": "2026-11-30T08:00:00Z",
    "code": "7KQ4-M2XW-9TRD",
}
_POSTS: dict[str, Any] = {
    "posts": [
        {
            "id": "1c9d4e7a-0c57-4f0b-8c2b-0d4c1f9f2a10",
            "store_id": "0193a1c0-0000-7000-8000-000000000011",
            "shown_as": "1号收银台",
            "position": "manager",
            "since": "2026-10-08",
        }
    ],
    "invitations": [{**_INVITATION, "code": None}],
}
_MEMBERSHIP = {"text_version": 1, "since": "2026-11-23"}
InState = Annotated[
    StoreState | None,
    Parameter(query="state", description="只列此状态；不填则列待核对的。Only this state; those asked for if absent."),
]
ForInvitation = (problems.PARTNER_SUSPENDED, NOT_FOUND, problems.TOO_MANY_INVITATIONS)


@get(
    "/v1/partner/stores",
    **operation(
        Permission.PARTNER_PREMISES,
        "本商户的门店 Own stores",
        "含待核对、退回和已关闭的。Those asked for, sent back and closed, too. One database round trip.",
        answer={"stores": [_STORE]},
    ),
)
async def list_stores(platform: ThePlatform, signer: TheSigner) -> OwnStores:
    return await premises.stores(platform, signer)


@post(
    "/v1/partner/stores",
    **operation(
        Permission.PARTNER_PREMISES,
        "申请增设门店 Ask for a further store",
        "由运营方核对后开通；同名同区县重复提交不产生变化。An operator opens it; the same name and district again changes nothing. Four database round trips.",
        raises=(problems.PARTNER_SUSPENDED, problems.TOO_MANY_STORES),
        example=_APPLIED,
        answer=_STORE,
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def ask_for_store(platform: ThePlatform, signer: TheSigner, data: JSONBody[StoreApplied]) -> OwnStore:
    return await premises.ask_for_store(platform, signer, data)


@delete(
    "/v1/partner/stores/{store_id:uuid}",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.PARTNER_PREMISES,
        "关闭门店 Close a store",
        "即时生效、不能恢复：岗位与邀请随之结束，台码失效。At once and for good: its posts and invitations end, its signs are closed. "
        "Four database round trips, and one for each post.",
        raises=(NOT_FOUND,),
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def close_store(platform: ThePlatform, signer: TheSigner, store_id: FromPath[UUID]) -> None:
    await premises.close_store(platform, signer, store_id)


@get(
    "/v1/staff/partner-stores",
    **operation(
        Permission.PARTNERS_DECIDE,
        "待核对的门店 Stores that partners asked for",
        "最早的在前，最多一百家。Oldest first, a hundred at most. One database round trip.",
        answer={
            "stores": [{"store": _STORE, "partner_id": "0193a1c0-0000-7000-8000-000000000010", "partner": "桃花书店"}]
        },
    ),
)
async def list_stores_for_staff(platform: ThePlatform, caller: TheCaller, in_state: InState = None) -> StaffStores:
    return await premises.stores_for_staff(platform, in_state or StoreState.ASKED)


@post(
    "/v1/staff/partner-stores/{store_id:uuid}/decision",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNERS_DECIDE,
        "开通或退回门店 Open a store, or send it back",
        "退回须写明理由，商户补正后可再申请。Sent back with a reason; the partner may ask anew at once. Up to five database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT, OWN_MATTER),
        example={"open": True},
        answer={**_STORE, "state": "open"},
    ),
)
async def decide_store(
    platform: ThePlatform, caller: TheCaller, store_id: FromPath[UUID], data: JSONBody[StoreDecision]
) -> OwnStore:
    return await premises.decide_store(platform, caller, store_id, data)


@get(
    "/v1/partner/clerks",
    **operation(
        Permission.PARTNER_PREMISES,
        "收银岗位与邀请 Posts and invitations",
        "只有收银台名称，没有人。Names of tills, and nobody's. Two database round trips.",
        answer=_POSTS,
    ),
)
async def list_posts(platform: ThePlatform, signer: TheSigner) -> Posts:
    return await premises.posts(platform, signer)


@post(
    "/v1/partner/clerk-invitations",
    **operation(
        Permission.PARTNER_PREMISES,
        "邀请收银员 Invite a clerk",
        "一次性邀请码，7 天内有效，只显示这一次；店长可邀请本店收银员。A code for one person, good for seven days and shown this once; a manager invites the clerks of their store. "
        "Five database round trips.",
        raises=ForInvitation,
        example={"store_id": _INVITATION["store_id"], "shown_as": "2号收银台", "position": "clerk"},
        answer=_INVITATION,
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def invite(platform: ThePlatform, signer: TheSigner, data: JSONBody[NewInvitation]) -> Invitation:
    return await premises.invite(platform, signer, data)


@delete(
    "/v1/partner/clerk-invitations/{invitation_id:uuid}",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.PARTNER_PREMISES,
        "撤回邀请 Revoke an invitation",
        "未使用的邀请。One that nobody has used. One database round trip.",
        raises=(NOT_FOUND,),
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def revoke_invitation(platform: ThePlatform, signer: TheSigner, invitation_id: FromPath[UUID]) -> None:
    await premises.revoke_invitation(platform, signer, invitation_id)


@delete(
    "/v1/partner/clerks/{post_id:uuid}",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.PARTNER_PREMISES,
        "结束岗位 End a post",
        "即时生效。At once. Two database round trips.",
        raises=(NOT_FOUND,),
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def dismiss(platform: ThePlatform, signer: TheSigner, post_id: FromPath[UUID]) -> None:
    await premises.dismiss(platform, signer, post_id)


@get(
    "/v1/till/clerks",
    **operation(
        Permission.TILL_USE,
        "本店岗位与邀请 Posts of the manager's store",
        "仅店长可看。For the store's manager. Three database round trips.",
        raises=(NOT_FOUND,),
        answer=_POSTS,
    ),
)
async def list_posts_at_till(platform: ThePlatform, caller: TheCaller) -> Posts:
    return await premises.posts_at_till(platform, caller)


@post(
    "/v1/till/clerk-invitations",
    **operation(
        Permission.TILL_USE,
        "店长邀请收银员 A manager invites a clerk",
        "仅限本店。To their own store. Six database round trips.",
        raises=ForInvitation,
        example={"shown_as": "2号收银台"},
        answer=_INVITATION,
    ),
)
async def invite_at_till(platform: ThePlatform, caller: TheCaller, data: JSONBody[TillInvitation]) -> Invitation:
    return await premises.invite_at_till(platform, caller, data)


@delete(
    "/v1/till/clerks/{post_id:uuid}",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.TILL_USE,
        "店长结束岗位或撤回邀请 A manager ends a clerk's post, or an invitation",
        "仅限本店收银员。Of a clerk of their own store. Up to three database round trips.",
        raises=(NOT_FOUND,),
    ),
)
async def dismiss_at_till(platform: ThePlatform, caller: TheCaller, post_id: FromPath[UUID]) -> None:
    await premises.dismiss_at_till(platform, caller, post_id)


@post(
    "/v1/me/till-post",
    **operation(
        Permission.SELF_WORK,
        "接受收银岗位 Take a post at a till",
        "凭商户给的一次性邀请码；重新登录后即可使用收银页。By the one-time code of the partner; sign in again to have the till. "
        "Six database round trips and one of the cache.",
        raises=(problems.INVITATION_UNUSABLE, problems.POST_TAKEN, RATE_LIMITED, NOT_FOUND),
        example={"code": _INVITATION["code"]},
        answer={"partner": "桃花书店", "store": "总店", "shown_as": "2号收银台", "position": "clerk"},
    ),
)
async def accept(platform: ThePlatform, caller: TheCaller, data: JSONBody[AcceptInvitation]) -> MyPost:
    return await premises.accept(platform, caller, data)


@delete(
    "/v1/me/till-post",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SELF_WORK,
        "离开收银岗位 Leave one's post",
        "随时可离开。At any time. Two database round trips.",
    ),
)
async def resign(platform: ThePlatform, caller: TheCaller) -> None:
    await premises.resign(platform, caller)


@get(
    "/v1/alliance",
    **operation(
        Permission.PUBLIC_READ,
        "守信激励联盟 The alliance",
        "现行声明与成员。The declaration in force and the members. Two database round trips.",
        answer={
            "declaration": {
                "version": 1,
                "effective_from": "2026-01-01",
                "legal_basis": "国发〔2016〕33号",
                "text": "我单位自愿加入守信激励联盟。",
                "text_en": "We join the alliance of our own will.",
            },
            "members": [
                {
                    "partner_id": "0193a1c0-0000-7000-8000-000000000010",
                    "name": "桃花书店",
                    "name_en": "Taohua Books",
                    "since": "2026-09-01",
                }
            ],
        },
    ),
)
async def list_alliance(platform: ThePlatform) -> Alliance:
    return await alliance.listing(platform)


@post(
    "/v1/partner/alliance",
    **operation(
        Permission.PARTNER_PREMISES,
        "加入联盟 Join the alliance",
        "声明现行文本即加入。By declaring the text in force. Three database round trips.",
        raises=(problems.PARTNER_SUSPENDED, problems.DECLARATION_OLD),
        example={"text_version": 1},
        answer=_MEMBERSHIP,
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def join_alliance(platform: ThePlatform, signer: TheSigner, data: JSONBody[JoinAlliance]) -> Membership:
    return await alliance.join(platform, signer, data)


@delete(
    "/v1/partner/alliance",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.PARTNER_PREMISES,
        "退出联盟 Leave the alliance",
        "随时可退出，不影响已给出的权益。At any time; what was granted stands. One database round trip.",
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def leave_alliance(platform: ThePlatform, signer: TheSigner) -> None:
    await alliance.leave(platform, signer)


HANDLERS: tuple[Any, ...] = (
    list_stores,
    ask_for_store,
    close_store,
    list_stores_for_staff,
    decide_store,
    list_posts,
    invite,
    revoke_invitation,
    dismiss,
    list_posts_at_till,
    invite_at_till,
    dismiss_at_till,
    accept,
    resign,
    list_alliance,
    join_alliance,
    leave_alliance,
)
