"""The load: N connections that are kept open, each sending its next request when the last one is answered (a closed loop).

The requests are made beforehand. While the clock runs, nothing is signed, encoded or decoded here beyond the status and
the length of an answer: the load runs on the same processors as the server, and what it uses the server does not get.
"""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


class Wrong(Exception):
    """Something else was answered than is measured; a measurement of it would say nothing."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")


class Window(msgspec.Struct, frozen=True):
    """What was answered, from the first byte sent to the last one received: wall time, and each request's, in seconds."""

    seconds: float
    latencies: list[float]
    bodies: list[bytes]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def milliseconds_at(self, share: float) -> float:
        """The latency that a share of the requests (0.5, 0.99) does not exceed, by nearest rank, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[math.ceil(share * len(ordered)) - 1] * 1000


class _Shared:
    """What the connections of one window have in common."""

    def __init__(self, requests: Sequence[bytes], status: int) -> None:
        self.requests: Iterator[bytes] = iter(requests)
        self.expected = b" %d " % status
        self.status = status
        self.ends_at = float("inf")
        self.latencies: list[float] = []
        self.bodies: list[bytes] = []


class _Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._received = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods, not the class.
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        """Sends the next request, or is done when there is none or the time is over."""
        now = time.perf_counter()
        request = next(self._shared.requests, None) if now < self._shared.ends_at else None
        if request is None:
            self.done.set_result(None)
            return
        self._sent_at = now
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ends, body = self._received.partition(_HEAD_ENDS)
        if not ends or len(body) < _length(head):
            return
        self._shared.latencies.append(time.perf_counter() - self._sent_at)
        self._shared.bodies.append(body)
        self._received = b""
        if head[8:13] != self._shared.expected:
            self._fail(Wrong(*_differs(head, body, self._shared.status)))
            return
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(
            Wrong("服务器在答复之前断开了连接。", "The server closed a connection before it had answered the request.")
        )

    def close(self) -> None:
        """Lets the connection go."""
        self._transport.close()

    def _fail(self, wrong: Wrong) -> None:
        if not self.done.done():
            self.done.set_exception(wrong)


def _length(head: bytes) -> int:
    """The length of the body that the head announces."""
    _, found, rest = head.lower().partition(_LENGTH)
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _differs(head: bytes, body: bytes, status: int) -> tuple[str, str]:
    line = head.partition(b"\r\n")[0].decode("latin-1")
    said = body[:400].decode(errors="replace")
    return f"应答不是 {status}，而是 {line}：{said}", f"The answer is not {status} but {line}."


async def send(
    host: str, port: int, requests: Sequence[bytes], *, connections: int, status: int, seconds: float = float("inf")
) -> Window:
    """Sends prepared requests for `seconds`, or until none is left; what is under way by then is still waited for.

    The answers come in the order of their arrival, which is not that of the requests. Raises Wrong at the first answer
    of another status than `status`, and when a connection is lost.
    """
    loop = asyncio.get_running_loop()
    shared = _Shared(requests, status)
    callers: list[_Caller] = []
    try:
        for _ in range(min(connections, len(requests))):
            callers.append((await loop.create_connection(lambda: _Caller(shared), host, port))[1])  # noqa: PERF401 closed below
        began = time.perf_counter()
        shared.ends_at = began + seconds
        for caller in callers:
            caller.send()
        await asyncio.gather(*(caller.done for caller in callers))
        return Window(time.perf_counter() - began, shared.latencies, shared.bodies)
    finally:
        for caller in callers:
            caller.done.cancel()
            caller.close()
