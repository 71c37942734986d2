"""Builds the application from its rooms; nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import structlog
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Contact, License, SecurityScheme

from backend import rooms
from backend.identity.guard import authorize, provide_caller, provide_signer
from backend.identity.tokens import EndedSessions
from backend.operations.api import HANDLERS as OPERATIONS
from backend.platform import platform as ports
from backend.platform.clock import Clock
from backend.platform.delivery import MessageDelivery
from backend.platform.due import DueQueue
from backend.platform.errands import Errands
from backend.platform.http.bodies import require_json
from backend.platform.http.methods import answer_options
from backend.platform.http.operation import BEARER, SIGNATURE
from backend.platform.http.problems import HANDLERS as PROBLEM_HANDLERS
from backend.platform.http.signatures import MessageSignatures
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.logging import configure_logging
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.roles import Permission
from backend.platform.schedule import Schedule
from backend.platform.settings import Settings, read_settings

VERSION = "0.1.0"

# PostgreSQL recovers from a crash within seconds, after a long one within a minute.
_PATIENCE_SECONDS = 60
_POLL_SECONDS = 0.2
_log = structlog.get_logger()


def provide_platform(state: State) -> Platform:
    """The ports of this process: the dependency `platform` of a handler."""
    platform: Platform = state.platform
    return platform


def create() -> Application:
    """The application for a server process, configured from the environment. Raises Refusal."""
    settings = read_settings()
    configure_logging(settings.log_level)
    return Telemetry(cast(Application, build(settings, patience_seconds=_PATIENCE_SECONDS)))


def door() -> Litestar:
    """Every route with its guards, and nothing behind it: half a second's work, the same for all servers.

    Raises RuntimeError for a route that names no permission.
    """
    application = Litestar(
        route_handlers=[*rooms.HANDLERS, *OPERATIONS],
        guards=[authorize],
        middleware=[MessageSignatures()],
        before_request=check_request,
        dependencies={
            "platform": Provide(provide_platform, sync_to_thread=False),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "signer": Provide(provide_signer, sync_to_thread=False),
        },
        exception_handlers=dict(PROBLEM_HANDLERS),
        lifespan=[_open_while_serving],
        openapi_config=_openapi_config(),
        request_max_body_size=1024 * 1024,
        logging_config=None,
        debug=False,
    )
    _require_permissions(application)
    return application


def build(
    settings: Settings,
    *,
    behind: Litestar | None = None,
    clock: Clock | None = None,
    delivery: MessageDelivery | None = None,
    background: bool = True,
    maximum_connections: int = 16,
    patience_seconds: float = 0,
) -> Litestar:
    """The application: a server's parts behind a door, which is a new one unless it is given. What a door keeps of a server is all
    in its state.

    `background=False` leaves the due queue, the errands and the schedule to the caller (tests run them by hand).
    A server process waits `patience_seconds` for a database and a cache that are not there when it starts.
    Raises RuntimeError for a route that names no permission.
    """
    application = door() if behind is None else behind
    platform = ports.build(
        settings,
        rooms.PERSONAL_TABLES,
        rooms.REFERENCES,
        clock=clock,
        delivery=delivery,
        maximum_connections=maximum_connections,
    )
    ended_sessions = EndedSessions(platform.database, platform.clock)
    due_queue = DueQueue(platform.database, platform.clock, rooms.due_handlers(platform))
    errands = Errands(platform.database, platform.clock, rooms.errands(platform))
    schedule = Schedule(platform.database, platform.clock, rooms.jobs(platform))

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        platform.signals.on("sessions", ended_sessions.reload)
        platform.signals.on("due", due_queue.wake)
        platform.signals.on("due", errands.wake)
        await _opened(platform, patience_seconds)
        if background:
            due_queue.start()
            errands.start()
            schedule.start()
        try:
            yield
        finally:
            await schedule.stop()
            await errands.stop()
            await due_queue.stop()
            await platform.close()

    application.state = State(
        {
            "platform": platform,
            "ended_sessions": ended_sessions,
            "due_queue": due_queue,
            "errands": errands,
            "forget": rooms.FORGET,
            "opened": opened,
        }
    )
    return application


@asynccontextmanager
async def _open_while_serving(application: Litestar) -> AsyncIterator[None]:
    """The lifespan of whatever stands behind the door."""
    async with application.state.opened():
        yield


async def _opened(platform: Platform, patience_seconds: float) -> None:
    """Opens the ports, for so long. Raises Refusal.

    A worker may be started again just while PostgreSQL recovers. If it ended for that, it would be taken for one that
    dies whenever it is started, and the server with all its workers would end.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + patience_seconds
    while True:
        try:
            await platform.open()
        except Refusal as refusal:
            if loop.time() >= ends_at:
                raise
            _log.warning("services-awaited", reason=refusal.english)
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


async def check_request(request: Request) -> Response[None] | None:
    """What comes before every handler."""
    await require_json(request)
    return answer_options(request)


def _openapi_config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="信易 Xinyi",
        version=VERSION,
        description=(
            "城市公民信用激励平台的开放后端：只激励、须同意、可解释、可验证。\n\n"
            "The open backend of a city's citizen-credit app: incentive-only, consented, explained and provable."
        ),
        contact=Contact(name="信易 Xinyi"),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(
            security_schemes={
                BEARER: SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="访问令牌，15 分钟有效。The access token of `POST /v1/sign-in`, valid for 15 minutes.",
                ),
                SIGNATURE: SecurityScheme(
                    type="apiKey",
                    security_scheme_in="header",
                    name="Signature",
                    description=(
                        "RFC 9421 请求签名，与 Signature-Input、Content-Digest 一并发送，见 docs/partners.md。"
                        "An HTTP message signature, sent with Signature-Input and Content-Digest."
                    ),
                ),
            }
        ),
        render_plugins=[JsonRenderPlugin(path="/schema")],
        # Ours is served by `backend.operations`; the framework's own is left without a permission, so nobody reaches it.
        path="/openapi-of-the-framework",
    )


def _require_permissions(application: Litestar) -> None:
    """Deny by default: a route without a permission is a defect that stops the start."""
    for route in application.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.http_methods == {"OPTIONS"} or route.path.startswith("/openapi-of-the-framework"):
                continue
            if not isinstance(handler.opt.get("permission"), Permission):
                raise RuntimeError(f"{route.path} names no permission")
