"""The bare ceilings: an operation that does nothing, one that reads once from the database and once from the cache, and one
that verifies the signature of a request and signs its answer.

They exist in the application of `xinyi bench` only; the one that is served has never heard of them.
"""

from typing import cast

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath

from backend.app import build
from backend.commands.bench import store
from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.http.signatures import REQUEST_TAG
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.keys import Purpose
from backend.platform.roles import Permission
from backend.platform.settings import Settings
from partners.signatures.keys import PublicKey
from partners.signatures.requests import Refused, RequestMessage, verify_request
from partners.signatures.responses import ResponseMessage, sign_response

EMPTY = "/bench/empty"
SELECT_AND_CACHE = "/bench/select-and-cache"
SIGNED = "/bench/signed"


@get(
    EMPTY,
    media_type=MediaType.TEXT,
    **operation(Permission.PUBLIC_READ, "空操作 Nothing", "不做任何事。Does nothing. No round trip."),
)
async def empty() -> str:
    return ""


@get(
    f"{SELECT_AND_CACHE}/{{kid:str}}",
    media_type=MediaType.TEXT,
    **operation(
        Permission.PUBLIC_READ,
        "各读一次 One select and one cache read",
        "按主键读一行，再读一次缓存。One row by its primary key, one value of the cache.",
    ),
)
async def select_and_cache(platform: ThePlatform, kid: FromPath[str]) -> str:
    async with platform.database.connection() as connection:
        await store.algorithm_of(connection, kid)
    await platform.cache.get(f"bench:{kid}")
    return ""


@post(
    SIGNED,
    status_code=200,
    **operation(
        Permission.PUBLIC_READ,
        "一次验签与一次签名 One verification and one signature",
        "只验证请求的签名并签署应答，不记随机数。Verifies the request and signs the answer; no nonce. No round trip.",
    ),
)
async def signed(request: Request, platform: ThePlatform) -> Response[bytes]:
    headers = dict(request.headers)
    message = RequestMessage("POST", f"{platform.settings.external_url}{SIGNED}", headers, await request.body())

    def public_key(key_id: str) -> PublicKey | None:
        entry = platform.signers.find(key_id)
        return entry.public_key if entry is not None else None

    now = int(platform.clock.now().timestamp())
    if isinstance(verify_request(message, public_key, now, REQUEST_TAG), Refused):
        return Response(b"{}", status_code=401, media_type="application/json")
    answer = ResponseMessage(200, {"content-type": "application/json"}, b"{}")
    added = sign_response(answer, message, platform.keys.signing(Purpose.ANSWER), now)
    return Response(answer.body, media_type="application/json", headers=added)


def application(settings: Settings) -> Application:
    """The application as it is served, and the ceilings beside it. Raises Refusal."""
    served = build(settings)
    for handler in (empty, select_and_cache, signed):
        served.register(handler)
    return Telemetry(cast(Application, served))
