"""A server that can be reached like a real one: over a socket, by the machine's clock, at the address that is signed."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import cast

import httpx2
import msgspec
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from backend.platform.clock import Clock, SystemClock
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.settings import Settings


@pytest.fixture
def clock() -> Clock:
    """The machine's clock: `date` in a shell goes by it too."""
    return SystemClock()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings of a server that is reached at its own port, and that may tell this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return msgspec.structs.replace(settings, port=port, public_url=f"http://127.0.0.1:{port}", webhook_loopback=True)


@pytest.fixture
async def client(application: Litestar, settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A caller over ASGI, at this server's own address."""
    transport = httpx2.ASGITransport(app=Telemetry(cast(Application, application)), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=settings.external_url) as caller:
        yield caller


@pytest.fixture
async def address(application: Litestar, settings: Settings) -> AsyncIterator[str]:
    """The address of a server in this test's loop; the application is open already, so without lifespan."""
    served = Telemetry(cast(Application, application))
    server = Server(served, port=settings.port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", settings.port)
            writer.close()
            break
        assert not serving.done(), serving
        await asyncio.sleep(0.02)
    yield settings.external_url
    server.stop()  # type: ignore[no-untyped-call]
    await serving
