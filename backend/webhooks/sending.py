"""One message over HTTP to an address that a partner chose: to the public internet only, without redirects, bounded in time.

The name is resolved here and nowhere else, once for each connection; every address it has must be allowed; the connection goes
to the address that was checked, and TLS still proves the name. So a name that leads elsewhere a moment later changes nothing.
Of the answer nothing but the status is read.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cached_property

import httpcore2
import msgspec

from backend.webhooks.addresses import reachable

SECONDS = 15
_CONNECT_SECONDS = 5.0

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Outcome(StrEnum):
    """How an attempt ended, or that it did not: the process that began it was gone."""

    BEGUN = "begun"
    DELIVERED = "delivered"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    GONE = "gone"
    TIMED_OUT = "timed-out"
    UNREACHABLE = "unreachable"
    NAME_UNKNOWN = "name-unknown"
    ADDRESS_REFUSED = "address-refused"
    TLS_FAILED = "tls-failed"


class Sent(msgspec.Struct, frozen=True):
    """How an attempt ended; `status` if there was an answer."""

    outcome: Outcome
    status: int | None
    milliseconds: int


class _NotSent(Exception):
    """No connection was made, for a reason of ours."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


class SystemResolver:
    """The machine's resolver, in threads of its own: names that answer slowly hold up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="webhook-names")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name. Raises OSError if it has none."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(entry[4][0]) for entry in found]


class _CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to what a name resolved to, if all of it may be connected to."""

    def __init__(self, resolve: Resolve, loopback: bool) -> None:
        self._resolve = resolve
        self._loopback = loopback
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 the interface of httpcore2
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise _NotSent(Outcome.NAME_UNKNOWN) from None
        if not addresses:
            raise _NotSent(Outcome.NAME_UNKNOWN)
        if not all(reachable(address, loopback=self._loopback) for address in addresses):
            raise _NotSent(Outcome.ADDRESS_REFUSED)
        *others, last = dict.fromkeys(addresses)
        for address in others:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)


class Sender:
    """Sends messages. `loopback` allows this machine's own addresses, for development and tests."""

    def __init__(
        self, *, loopback: bool, resolve: Resolve | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._network = _CheckedNetwork(resolve or SystemResolver(), loopback)
        self._given_context = context

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Whom we believe: what the machine believes. Read at the first message, as it takes a while and most processes send none."""
        return self._given_context or httpcore2.default_ssl_context()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """Sends one message over a connection of its own; gives how it ended, and never raises for what the other side does."""
        began = time.monotonic()
        outcome, status = await self._outcome(url, headers, body)
        return Sent(outcome, status, int((time.monotonic() - began) * 1000))

    async def _outcome(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[Outcome, int | None]:
        try:
            async with asyncio.timeout(SECONDS):
                status = await self._exchange(url, headers, body)
        except _NotSent as error:
            return error.outcome, None
        except (TimeoutError, httpcore2.TimeoutException):
            return Outcome.TIMED_OUT, None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
            # The pool raises anew what it was told, without its cause.
            broken = any(isinstance(each, ssl.SSLError) for each in (error, error.__cause__, error.__context__))
            return (Outcome.TLS_FAILED if broken else Outcome.UNREACHABLE), None
        return _judged(status), status

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer. The connection is closed without reading on: whatever else they send is not ours to hold."""
        timeouts = {
            "connect": _CONNECT_SECONDS,
            "read": float(SECONDS),
            "write": float(SECONDS),
            "pool": float(SECONDS),
        }
        sent = {"content-type": "application/json", "user-agent": "xinyi-webhooks/1", "connection": "close", **headers}
        async with (
            httpcore2.AsyncConnectionPool(self._context, network_backend=self._network, retries=0) as pool,
            pool.stream(
                "POST", url, headers=list(sent.items()), content=body, extensions={"timeout": timeouts}
            ) as answer,
        ):
            status: int = answer.status
            return status


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome.DELIVERED
    if status == 410:
        return Outcome.GONE
    return Outcome.REDIRECTED if 300 <= status < 400 else Outcome.REFUSED
