"""Health, metrics, keys, problem types and the API reference."""

from functools import cache

from litestar import Litestar, MediaType, Request, Response, get
from litestar.static_files import create_static_files_router
from prometheus_client import CONTENT_TYPE_LATEST
from swagger_ui_bundle import swagger_ui_path

from backend.operations import contract, service
from backend.operations.messages import KeySet, Liveness, ProblemKind, Readiness
from backend.platform import problems
from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.http.signatures import SANDBOX_PATH
from backend.platform.roles import Permission

_REFERENCE_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>信易 API</title><link rel="stylesheet" href="/reference/files/swagger-ui.css"></head>
<body><div id="reference"></div>
<script src="/reference/files/swagger-ui-bundle.js"></script>
<script src="/reference/start.js"></script></body></html>
"""

_REFERENCE_SCRIPT = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#reference", deepLinking: true});\n'


@get(
    "/livez",
    **operation(
        Permission.PUBLIC_READ, "进程存活 Liveness", "进程在运行。The process runs.", answer={"status": "alive"}
    ),
)
async def livez() -> Liveness:
    return Liveness("alive")


@get(
    "/readyz",
    **operation(
        Permission.PUBLIC_READ,
        "可以服务 Readiness",
        "数据库与缓存均有应答；否则 503。rule_sets 为否时，有已公布的评价规则不能使用。"
        "Whether the database and the cache answer. `rule_sets` is false when a published rule set cannot be used.",
        raises=(problems.UNAVAILABLE,),
        answer={"status": "ready", "database": True, "cache": True, "rule_sets": True},
    ),
)
async def readyz(platform: ThePlatform) -> Readiness:
    found = await service.readiness(platform)
    if found.status != "ready":
        missing = "数据库" if not found.database else "缓存"
        raise problems.UNAVAILABLE.error(
            detail=f"{missing}没有应答。", detail_en=f"database: {found.database}, cache: {found.cache}."
        )
    return found


@get(
    "/metrics",
    media_type=MediaType.TEXT,
    **operation(
        Permission.PUBLIC_READ,
        "指标 Metrics",
        "Prometheus 文本格式，不含个人信息。Prometheus text format; nothing about a person.",
        answer="# HELP xinyi_requests_total Requests answered\n",
    ),
)
async def metrics(platform: ThePlatform, request: Request) -> Response[bytes]:
    text = await service.metrics(platform, request.app.state.due_queue, request.app.state.errands)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


@get(
    # Below the sandbox's address too: a client is given one address for everything.
    ["/.well-known/jwks.json", f"{SANDBOX_PATH}/.well-known/jwks.json"],
    **operation(
        Permission.PUBLIC_READ,
        "公钥集 Public keys",
        "用于核对我方签名的公钥（RFC 7517）。The keys that verify our signatures; a new one stands here 24 h before its first use.",
        answer={
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                    "use": "sig",
                    "alg": "EdDSA",
                    "purpose": "answer",
                }
            ]
        },
    ),
)
async def key_set(platform: ThePlatform) -> Response[KeySet]:
    return Response(KeySet(platform.keys.key_set()), headers={"Cache-Control": "public, max-age=300"})


@get(
    "/v1/problems",
    **operation(
        Permission.PUBLIC_READ,
        "错误代码表 Problem types",
        "全部错误代码，含原因与下一步。Every stable code, what was wrong and what to do next.",
        answer=[
            {
                "type": "urn:xinyi:problem:not-found",
                "code": "not-found",
                "status": 404,
                "title": "没有找到",
                "title_en": "Not found",
                "detail": "请检查地址或编号。",
                "detail_en": "Check the address or the id.",
            }
        ],
    ),
)
async def list_problems() -> list[ProblemKind]:
    return [
        ProblemKind(
            f"urn:xinyi:problem:{kind.code}",
            kind.code,
            kind.status,
            kind.title,
            kind.title_en,
            kind.detail,
            kind.detail_en,
        )
        for kind in sorted(problems.ALL.values(), key=lambda kind: (kind.status, kind.code))
    ]


@cache
def _contract(application: Litestar) -> bytes:
    return contract.encoded(application)


@get("/openapi.json", include_in_schema=False, opt={"permission": Permission.PUBLIC_READ})
async def openapi(request: Request) -> Response[bytes]:
    return Response(_contract(request.app), media_type="application/json")


@get("/reference", include_in_schema=False, opt={"permission": Permission.PUBLIC_READ}, media_type=MediaType.HTML)
async def reference() -> str:
    return _REFERENCE_PAGE


@get("/reference/start.js", include_in_schema=False, opt={"permission": Permission.PUBLIC_READ})
async def reference_script() -> Response[str]:
    return Response(_REFERENCE_SCRIPT, media_type="text/javascript")


_REFERENCE_FILES = create_static_files_router(
    path="/reference/files",
    directories=[swagger_ui_path],
    include_in_schema=False,
    opt={"permission": Permission.PUBLIC_READ},
)

HANDLERS = (
    livez, readyz, metrics, key_set, list_problems, openapi, reference, reference_script, _REFERENCE_FILES,
)  # fmt: skip
