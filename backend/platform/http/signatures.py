"""Signed requests and signed answers (RFC 9421; protocol, section 2), once for all signed operations.

Order of work: size, key state, time, signature with digest and components, nonce. An answer, also a refusal, is signed
over the request's method, target, digest and signature, so that it cannot be moved to another request.
"""

import base64
import binascii
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from redis.exceptions import RedisError

from backend.platform.callers import Signer
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.problems import MEDIA_TYPE, TOO_LARGE, UNAVAILABLE, FieldError, Problem
from backend.platform.roles import Permission, Role, is_signed
from backend.platform.signature_problems import BY_CODE, NONCE_REPLAYED
from partners.signatures.diagnosis import claimed_key_id, diagnose
from partners.signatures.keys import PublicKey
from partners.signatures.requests import NONCE_LIFETIME_SECONDS, Refused, RequestMessage, verify_request
from partners.signatures.responses import ResponseMessage, sign_response

REQUEST_TAG = "xinyi-request"
# What stands below this path is the sandbox: personas instead of residents, test keys instead of live ones.
SANDBOX_PATH = "/sandbox"
OWN_BASE_HEADER = "xinyi-signature-base"


class MessageSignatures(ASGIMiddleware):
    """Verifies the signature of requests to signed operations and signs the answers. One cache round trip, for the nonce, shared by the requests of one tick."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Lets other operations pass untouched."""
        handler: Any = scope["route_handler"]
        permission = handler.opt.get("permission")
        if not isinstance(permission, Permission) or not is_signed(permission):
            await next_app(scope, receive, send)
            return
        platform: Platform = scope["litestar_app"].state.platform
        body = await _body(receive, int(handler.resolve_request_max_body_size() or 0))
        message = _message(scope, platform.settings.external_url, body or b"")
        answering = _SigningSend(send, platform, message)
        try:
            if body is None:
                raise TOO_LARGE.error()
            scope["user"] = await _verify(scope, platform, message)
        except Problem as problem:
            await answering.problem(problem, scope["state"]["request_id"])
            return
        await next_app(scope, _replay(body), answering)


async def _body(receive: Receive, limit: int) -> bytes | None:
    """The whole body, or None as soon as it exceeds `limit` bytes."""
    chunks, size, more = [], 0, True
    while more:
        event: Any = await receive()
        if event["type"] != "http.request":
            break
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
        more = event.get("more_body", False)
    return b"".join(chunks)


def _replay(body: bytes) -> Receive:
    """The body once more, for the handler; after it, the client is waited for no longer."""
    events: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return events.pop() if events else {"type": "http.disconnect"}

    return receive


def _message(scope: Any, external_url: str, body: bytes) -> RequestMessage:
    """The request as the caller signed it: its address comes from the configuration, never from a `Host` header."""
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1").partition("?")[0]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    target = f"{external_url}{path}" + (f"?{query}" if query else "")
    return RequestMessage(scope["method"], target, headers, body)


async def _verify(scope: Scope, platform: Platform, message: RequestMessage) -> Signer:
    def public_key(key_id: str) -> PublicKey | None:
        entry = platform.signers.find(key_id)
        return entry.public_key if entry is not None else None

    verdict = verify_request(message, public_key, int(platform.clock.now().timestamp()), REQUEST_TAG)
    if isinstance(verdict, Refused):
        raise _explained(BY_CODE[verdict.code].error(), scope, platform, message)
    try:
        fresh = await platform.cache.set(
            f"nonce:{verdict.key_id}:{verdict.nonce}", b"1", nx=True, ex=NONCE_LIFETIME_SECONDS
        )
    except (RedisError, OSError):
        # Without the nonce store a replay could not be told apart: refused, never let through.
        raise UNAVAILABLE.error(headers={"Retry-After": "2"}) from None
    if not fresh:
        raise NONCE_REPLAYED.error()
    entry = platform.signers.find(verdict.key_id)
    if entry is None:
        raise BY_CODE["key-unknown"].error()
    return Signer(
        role=entry.role, owner_id=entry.owner_id, key_id=verdict.key_id, request_id=scope["state"]["request_id"]
    )


def _explained(problem: Problem, scope: Scope, platform: Platform, message: RequestMessage) -> Problem:
    """The refusal, with its diagnosis if it happened in the sandbox or under a test key; never under a live one."""
    entry = platform.signers.find(claimed_key_id(message))
    if entry is None and not scope["path"].startswith(f"{SANDBOX_PATH}/"):
        return problem
    if entry is not None and entry.role is not Role.PARTNER_TEST:
        return problem
    now = int(platform.clock.now().timestamp())
    problem.diagnosis, findings = diagnose(
        message,
        entry.public_key if entry is not None else None,
        platform.signers.ids(Role.PARTNER_TEST),
        now,
        REQUEST_TAG,
        _own_base(message),
    )
    problem.errors += [FieldError(each.component, each.zh, each.en) for each in findings]
    return problem


def _own_base(message: RequestMessage) -> bytes | None:
    try:
        return base64.b64decode(message.headers[OWN_BASE_HEADER], validate=True)
    except (KeyError, binascii.Error):
        return None


class _SigningSend:
    """Holds the answer back until it is complete, then sends it with digest and signature."""

    def __init__(self, send: Send, platform: Platform, request: RequestMessage) -> None:
        self._send = send
        self._platform = platform
        self._request = request
        self._start: Any = None
        self._body: list[bytes] = []

    async def __call__(self, event: Message) -> None:
        if event["type"] == "http.response.start":
            self._start = event
            return
        if event["type"] != "http.response.body":
            await self._send(event)
            return
        self._body.append(event.get("body", b""))
        if not event.get("more_body", False):
            await self._finish(b"".join(self._body))

    async def problem(self, problem: Problem, request_id: str) -> None:
        """A refusal of the signature itself."""
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        body = msgspec.json.encode(problem.body(request_id))
        self._start = {
            "type": "http.response.start",
            "status": problem.kind.status,
            "headers": [
                *headers,
                (b"content-type", MEDIA_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
            ],
        }
        await self._finish(body)

    async def _finish(self, body: bytes) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._start["headers"]}
        signed = sign_response(
            ResponseMessage(self._start["status"], headers, body),
            self._request,
            self._platform.keys.signing(Purpose.ANSWER),
            int(self._platform.clock.now().timestamp()),
        )
        added = [(name.encode(), value.encode()) for name, value in signed.items()]
        start: Any = {**self._start, "headers": [*self._start["headers"], *added]}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
