"""The platform as the kit plays it: an HTTP server on the loopback address that answers by script and remembers what came."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partners.sdk.keys import PATH as KEY_SET
from partners.signatures.base import combined
from partners.signatures.keys import jwk_of, thumbprint
from partners.signatures.requests import RequestMessage, SigningKey

# What a request may have, as on the platform (docs/protocol.md, section 4).
LONGEST_REQUEST = 65_536
ENDLESS_BYTES = 64 * 1024 * 1024
ELSEWHERE = "/elsewhere"

_PIECE = bytes(65_536)


class Sent(msgspec.Struct, frozen=True):
    """An answer. An `endless` one goes on until the caller hangs up, or ENDLESS_BYTES are sent."""

    status: int
    headers: dict[str, str]
    body: bytes
    endless: bool = False


class Cut(msgspec.Struct, frozen=True):
    """No answer: the connection is cut."""


Reply = Callable[["Platform", RequestMessage], Sent | Cut]


class Received(msgspec.Struct, frozen=True):
    """A signed request as it came: at which Unix second, and on the monotonic clock."""

    message: RequestMessage
    at: int
    elapsed: float


class Platform:
    """One scene: its keys, the names of its things, the replies to play, and what came."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        """`replies` answer the signed requests in turn, the last one all further ones."""
        self.url = ""
        self.partner_id, self.verification_id, self.redemption_id, self.reversal_id = (str(uuid4()) for _ in range(4))
        self.answer_key, self.next_key, self.status_key, self.unpublished_key = (new_key() for _ in range(4))
        self.published = [_published(self.answer_key, "answer"), _published(self.status_key, "status")]
        self.received: list[Received] = []
        self.elsewhere: list[str] = []
        self.taken_bytes = 0
        self.done: dict[str, dict[str, Any]] = {}
        self._replies = list(replies)
        self._lock = Lock()

    @property
    def now(self) -> int:
        """The Unix second at which the request came that is being answered."""
        return self.received[-1].at

    def publish(self, key: SigningKey) -> None:
        """Publishes one more answer key."""
        self.published.append(_published(key, "answer"))

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Sent | Cut:
        """One request."""
        with self._lock:
            if path == KEY_SET:
                return Sent(200, {"content-type": "application/json"}, msgspec.json.encode({"keys": self.published}))
            if path.startswith(ELSEWHERE):
                self.elsewhere.append(f"{method} {path}")
                return Sent(404, {"content-type": "application/json"}, b"{}")
            message = RequestMessage(method, self.url + path, headers, body)
            reply = self._replies[min(len(self.received), len(self._replies) - 1)]
            self.received.append(Received(message, int(time.time()), time.monotonic()))
            return reply(self, message)


def new_key() -> SigningKey:
    """A fresh Ed25519 key."""
    private_key = Ed25519PrivateKey.generate()
    return SigningKey(thumbprint(jwk_of(private_key.public_key())), private_key)


def _published(key: SigningKey, purpose: str) -> dict[str, Any]:
    members = {"kid": key.key_id, "use": "sig", "alg": "EdDSA", "purpose": purpose}
    return {**jwk_of(key.private_key.public_key()), **members}


@contextmanager
def served(platform: Platform) -> Iterator[Platform]:
    """Serves it on a free port of the loopback address; the requests in hand end with it."""

    class Handler(_Handler):
        pass

    Handler.platform = platform
    server = _Server(("127.0.0.1", 0), Handler)
    platform.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Without http.server's look-up of a name for the address, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no defect of the kit; whatever else goes wrong in it is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    platform: Platform

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names are those of http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by http.server
        """Says nothing: the report says it."""

    def _answer(self) -> None:
        headers = combined(self.headers.items())
        answer = self.platform.answer(self.command, self.path, headers, self._body())
        if isinstance(answer, Cut):
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(ENDLESS_BYTES if answer.endless else len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.endless:
            self._go_on()

    def _go_on(self) -> None:
        """Sends until the caller hangs up."""
        self.close_connection = True
        try:
            while self.platform.taken_bytes < ENDLESS_BYTES:
                self.wfile.write(_PIECE)
                self.platform.taken_bytes += len(_PIECE)
        except OSError:
            return

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        length = self.headers.get("content-length", "0")
        return self.rfile.read(min(int(length), LONGEST_REQUEST)) if length.isdecimal() else b""

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(20).partition(b";")[0], 16):
            yield self.rfile.read(min(size, LONGEST_REQUEST))
            self.rfile.readline(4)
        self.rfile.readline(4)


def reference() -> str:
    """Random characters, as the platform's `ref`."""
    return secrets.token_urlsafe(16)
