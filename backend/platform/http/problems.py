"""Every exception that leaves a handler becomes a problem document; none leaks what happened inside."""

import traceback

import asyncpg
import structlog
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    SerializationException,
    ValidationException,
)
from redis.exceptions import RedisError

from backend.platform import problems
from backend.platform.database import CONNECTION_ERRORS
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS
from backend.platform.problems import FieldError, Problem, ProblemDetails

_log = structlog.get_logger()


def request_id_of(request: ASGIConnection) -> str:
    """The id under which the request is logged, set by the outermost layer."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def answer(request: Request, problem: Problem) -> Response[ProblemDetails]:
    """The problem as an HTTP answer."""
    return Response(
        problem.body(request_id_of(request)),
        status_code=problem.kind.status,
        media_type=problems.MEDIA_TYPE,
        headers=problem.headers,
    )


def on_problem(request: Request, error: Problem) -> Response[ProblemDetails]:
    """A refusal that a room decided."""
    return answer(request, error)


def on_http_error(request: Request, error: HTTPException) -> Response[ProblemDetails]:
    """What the framework itself refuses: unparsable bodies, unknown paths, wrong methods."""
    return answer(request, _translated(error))


def on_unreachable(request: Request, error: Exception) -> Response[ProblemDetails]:
    """PostgreSQL or the cache is not there, or ended this act for another's sake: it may be tried again, nothing was half done."""
    _log.warning("dependency-unavailable", error=type(error).__name__)
    return answer(request, problems.UNAVAILABLE.error(headers={"Retry-After": "2"}))


def on_lock_timeout(request: Request, _: Exception) -> Response[ProblemDetails]:
    """Another request holds the same row for longer than 5 s; with an idempotency key it is the same request."""
    return answer(request, IDEMPOTENCY_IN_PROGRESS.error(headers={"Retry-After": "2"}))


def on_deep_nesting(request: Request, _: Exception) -> Response[ProblemDetails]:
    """A body nested deeper than anything we define."""
    reason = FieldError("body", "嵌套层数过多", "nested too deeply")
    return answer(request, problems.MALFORMED_REQUEST.error(errors=[reason]))


def on_unexpected(request: Request, error: Exception) -> Response[ProblemDetails]:
    """A defect of ours: logged with the places it passed, answered without them.

    The exception's own sentence is left out of the log: it may quote a value, and a value may be personal.
    """
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unexpected", error=type(error).__name__, places=places[-12:])
    return answer(request, problems.INTERNAL_ERROR.error())


def _translated(error: HTTPException) -> Problem:
    if isinstance(error, NotFoundException):
        return problems.NOT_FOUND.error()
    if isinstance(error, MethodNotAllowedException):
        return problems.METHOD_NOT_ALLOWED.error(headers=dict(error.headers or {}))
    if error.status_code == 413:
        return problems.TOO_LARGE.error()
    if isinstance(error, ValidationException):
        return problems.MALFORMED_REQUEST.error(errors=_field_errors(error))
    if isinstance(error, SerializationException) or error.status_code == 400:
        return problems.MALFORMED_REQUEST.error(
            errors=[FieldError("body", "请求体不是有效的 JSON", str(error.detail)[:300])]
        )
    return problems.INTERNAL_ERROR.error() if error.status_code >= 500 else problems.MALFORMED_REQUEST.error()


def _field_errors(error: ValidationException) -> list[FieldError]:
    """What is wrong with parameters of path, query and header; bodies are checked before (`bodies.require_json`)."""
    return [
        FieldError(str(entry.get("key") or "body"), "取值不符合要求", str(entry.get("message", ""))[:300])
        for entry in (error.extra if isinstance(error.extra, list) else [])
        if isinstance(entry, dict)
    ] or [FieldError("body", "内容不符合要求", str(error.detail)[:300])]


HANDLERS = {
    Problem: on_problem,
    HTTPException: on_http_error,
    RedisError: on_unreachable,
    asyncpg.LockNotAvailableError: on_lock_timeout,
    asyncpg.DeadlockDetectedError: on_unreachable,
    asyncpg.TooManyConnectionsError: on_unreachable,
    TimeoutError: on_unreachable,
    RecursionError: on_deep_nesting,
    **dict.fromkeys(CONNECTION_ERRORS, on_unreachable),
    Exception: on_unexpected,
}
