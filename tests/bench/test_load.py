"""The load: every request is answered once, and an answer of another status ends it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from backend.commands.bench.load import Wrong, send

REQUEST = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


@asynccontextmanager
async def answering(answer: Callable[[int], bytes]) -> AsyncIterator[tuple[int, list[int]]]:
    """A server that gives `answer(number)` to the n-th request, in two pieces, and closes after an empty one."""
    seen: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(len(REQUEST)):
            seen.append(len(seen))
            said = answer(seen[-1])
            writer.write(said[:30])
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(said[30:])
            if not said:
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], seen
    server.close()


def said(body: bytes, status: int = 200) -> bytes:
    return b"HTTP/1.1 %d Words\r\ncontent-type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


async def test_every_prepared_request_is_answered_once() -> None:
    async with answering(lambda number: said(b"%d" % number)) as (port, seen):
        window = await send("127.0.0.1", port, [REQUEST] * 50, connections=8, status=200)
    assert len(seen) == 50
    assert sorted(int(body) for body in window.bodies) == seen
    assert len(window.latencies) == 50


async def test_the_time_ends_it_before_the_requests_do() -> None:
    async with answering(lambda _: said(b"")) as (port, seen):
        window = await send("127.0.0.1", port, [REQUEST] * 1_000_000, connections=2, status=200, seconds=0.05)
    assert 0 < len(window.latencies) == len(seen) < 1_000_000


@pytest.mark.parametrize("status", [201, 429, 503])
async def test_an_answer_of_another_status_ends_it_and_is_shown(status: int) -> None:
    async with answering(lambda number: said(b"too many", status) if number == 20 else said(b"")) as (port, _):
        with pytest.raises(Wrong, match=rf"{status} Words.*too many"):
            await send("127.0.0.1", port, [REQUEST] * 1000, connections=4, status=200)


async def test_a_lost_connection_ends_it() -> None:
    async with answering(lambda number: b"" if number == 20 else said(b"")) as (port, _):
        with pytest.raises(Wrong, match="closed a connection"):
            await send("127.0.0.1", port, [REQUEST] * 1000, connections=4, status=200)
