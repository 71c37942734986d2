"""Sign-in, sessions, real name and leaving over HTTP."""

from litestar import Request, delete, get, post, put
from litestar.datastructures import State
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from backend.identity import problems, service
from backend.identity.messages import (
    ChosenDistrict,
    CodeRequest,
    CodeSent,
    IdentityProof,
    Me,
    Refresh,
    SignIn,
    Tokens,
)
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import RATE_LIMITED
from backend.platform.roles import Permission

_TOKENS = {
    "access_token": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
    "refresh_token": "Zk1vZ0x4c2l4dGVlbmJ5dGVzYXRsZWFzdA",
    "expires_in": 900,
    "roles": ["resident"],
}


@post(
    "/v1/sign-in/codes",
    status_code=HTTP_202_ACCEPTED,
    **operation(
        Permission.SIGN_IN,
        "发送验证码 Send a one-time code",
        "向手机发送六位验证码，五分钟内有效。The answer is the same whether or not the phone has an account.",
        raises=(problems.PHONE_INVALID, RATE_LIMITED),
        example={"phone": "19900000001"},
        answer={"expires_in": 300},
    ),
)
async def send_code(platform: ThePlatform, request: Request, data: JSONBody[CodeRequest]) -> CodeSent:
    address = request.client.host if request.client else "unknown"
    return CodeSent(await service.send_code(platform, data.phone, address))


@post(
    "/v1/sign-in",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SIGN_IN,
        "登录或注册 Sign in or register",
        "用手机号与验证码登录；首次登录即注册。Registers the phone at its first sign-in.",
        raises=(problems.PHONE_INVALID, problems.CODE_WRONG),
        example={"phone": "19900000001", "code": "123456"},
        answer=_TOKENS,
    ),
)
async def sign_in(platform: ThePlatform, data: JSONBody[SignIn]) -> Tokens:
    return await service.sign_in(platform, data.phone, data.code)


@post(
    "/v1/sign-in/refresh",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SIGN_IN,
        "换取新令牌 Refresh tokens",
        "刷新令牌每次使用后即更换；旧令牌再次出现，整个登录立即失效。A refresh token used twice ends its session.",
        raises=(problems.REFRESH_REFUSED,),
        example={"refresh_token": "Zk1vZ0x4c2l4dGVlbmJ5dGVzYXRsZWFzdA"},
        answer=_TOKENS,
    ),
)
async def refresh(platform: ThePlatform, data: JSONBody[Refresh]) -> Tokens:
    return await service.refresh(platform, data.refresh_token)


@delete(
    "/v1/me/sessions",
    **operation(
        Permission.SESSION_OWN,
        "全部设备退出登录 Sign out everywhere",
        "立即结束本人全部登录。Ends every session of the caller at once.",
    ),
)
async def sign_out_everywhere(platform: ThePlatform, caller: TheCaller) -> None:
    await service.sign_out_everywhere(platform, caller)


@get(
    "/v1/me",
    **operation(
        Permission.SESSION_OWN,
        "我的账户 My account",
        "姓名、证件号码与手机号均已掩码。Name, number and phone are masked. One database round trip.",
        answer={
            "account_id": "0193a1c0-0000-7000-8000-000000000001",
            "phone": "199****0001",
            "name": "张*",
            "identity_number": "000000********0018",
            "proven": True,
            "roles": ["resident"],
            "created_at": "2026-11-23T08:00:00Z",
            "district": "taoyuan",
            "channel": "app",
        },
    ),
)
async def me(platform: ThePlatform, caller: TheCaller) -> Me:
    return await service.me(platform, caller)


@put(
    "/v1/me/district",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SESSION_OWN,
        "选择区县 Choose a district",
        "自愿填写，可随时更改或改回 unknown；只用于汇总统计，不影响信用分与任何服务。By choice, for aggregate statistics only; "
        "no score and no service depends on it.",
        example={"district": "taoyuan"},
    ),
)
async def choose_district(platform: ThePlatform, caller: TheCaller, data: JSONBody[ChosenDistrict]) -> None:
    await service.choose_district(platform, caller, data.district)


@post(
    "/v1/me/identity",
    status_code=HTTP_200_OK,
    **operation(
        Permission.IDENTITY_PROVE,
        "实名核验 Prove name and identity number",
        "核对姓名与公民身份号码，年满 18 周岁方可使用；返回居民身份的新令牌。Gives tokens of a resident.",
        raises=(
            problems.NAME_INVALID,
            problems.IDENTITY_NUMBER_INVALID,
            problems.NOT_ADULT,
            problems.IDENTITY_TAKEN,
            problems.IDENTITY_FIXED,
        ),
        example={"name": "张三", "identity_number": "000000199001010018"},
        answer=_TOKENS,
    ),
)
async def prove_identity(platform: ThePlatform, caller: TheCaller, data: JSONBody[IdentityProof]) -> Tokens:
    return await service.prove_identity(platform, caller, data.name, data.identity_number)


@delete(
    "/v1/me",
    **operation(
        Permission.SELF_LEAVE,
        "注销 Leave",
        "删除全部个人信息并结束登录；手机号与身份号码可再次注册。Removes every personal field; phone and number can be used again.",
    ),
)
async def leave(platform: ThePlatform, caller: TheCaller, state: State) -> None:
    await service.leave(platform, caller, state.forget)


HANDLERS = (send_code, sign_in, refresh, sign_out_everywhere, me, choose_district, prove_identity, leave)
