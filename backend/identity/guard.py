"""The one guard: every operation names a permission, the caller proves who they are, the table of roles decides."""

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from backend.identity.tokens import EndedSessions, read
from backend.platform.callers import Caller, Signer
from backend.platform.http.problems import request_id_of
from backend.platform.platform import Platform
from backend.platform.problems import NOT_ALLOWED, NOT_SIGNED_IN
from backend.platform.roles import Permission, allows, is_public, is_signed


async def authorize(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    """Lets a request pass, or raises NOT_SIGNED_IN or NOT_ALLOWED. A handler without a permission is refused to everybody.

    A coroutine that waits for nothing: Litestar calls a plain function in a thread, for every request.
    """
    if connection.scope.get("method") == "OPTIONS":
        return
    permission = handler.opt.get("permission")
    if not isinstance(permission, Permission):
        raise NOT_ALLOWED.error()
    if is_public(permission):
        return
    if is_signed(permission):
        signer = connection.scope.get("user")
        if not isinstance(signer, Signer) or not allows(permission, frozenset({signer.role})):
            raise NOT_ALLOWED.error()
        return
    caller = _caller(connection)
    if not allows(permission, caller.roles):
        raise NOT_ALLOWED.error()
    connection.scope["user"] = caller


def _caller(connection: ASGIConnection) -> Caller:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NOT_SIGNED_IN.error(headers={"WWW-Authenticate": "Bearer"})
    platform: Platform = connection.app.state.platform
    ended: EndedSessions = connection.app.state.ended_sessions
    return read(platform.keys, ended, token, platform.clock.now(), request_id_of(connection))


def provide_caller(request: Request) -> Caller:
    """The signed-in person: the dependency `caller` of a handler."""
    caller = request.scope.get("user")
    if not isinstance(caller, Caller):
        raise NOT_SIGNED_IN.error(headers={"WWW-Authenticate": "Bearer"})
    return caller


def provide_signer(request: Request) -> Signer:
    """The institution that signed the request: the dependency `signer` of a handler."""
    signer = request.scope.get("user")
    if not isinstance(signer, Signer):
        raise NOT_ALLOWED.error()
    return signer
