"""Wires that are cut: to PostgreSQL at commits, before the server hears of one or after it has committed and before it says so;
and to the platform when it answers, so that what was done is not heard of."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

_COMMIT = b"COMMIT;\x00"


class Wire:
    """Stands between the application and the server. `before` and `after` are how many of a thousand commits meet a cut."""

    def __init__(self, url: str, chance: random.Random, *, before: int, after: int) -> None:
        self._address = urlsplit(url)
        self._chance = chance
        self._before = before
        self._after = after
        self.cuts = 0

    def repair(self) -> None:
        """Cuts nothing from now on."""
        self._before = self._after = 0

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[str]:
        """Lays the wire for as long as the block lasts; gives the address at its other end."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        credentials = self._address.netloc.rpartition("@")[0]
        async with server:
            yield urlunsplit(self._address._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
            server.close()

    async def _carry(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        server_reader, server = await asyncio.open_connection(self._address.hostname, self._address.port)
        deaf = asyncio.Event()
        ways = [
            asyncio.create_task(self._towards_server(client_reader, server, deaf)),
            asyncio.create_task(self._towards_client(server_reader, client, deaf)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        client.close()
        server.close()

    async def _towards_server(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deaf: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if data.endswith(_COMMIT):
                drawn = self._chance.randrange(1000)
                if drawn < self._before:
                    self.cuts += 1
                    return
                if drawn < self._before + self._after:
                    deaf.set()
            writer.write(data)
            await writer.drain()

    async def _towards_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deaf: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if deaf.is_set():
                # The server answers a commit when it has committed.
                self.cuts += 1
                return
            writer.write(data)
            await writer.drain()


_ANSWER = b"HTTP/1.1 "
_UNREACHABLE = (ConnectionError, OSError)


class Answers:
    """Stands between tills and the platform. `lost` is how many of a thousand answers are cut off before their first byte."""

    def __init__(self, port: int, chance: random.Random, *, lost: int) -> None:
        self._port = port
        self._chance = chance
        self._lost = lost
        self.cuts = 0

    def repair(self) -> None:
        """Cuts nothing from now on."""
        self._lost = 0

    @asynccontextmanager
    async def laid(self, at: int) -> AsyncIterator[None]:
        """Listens at port `at` for as long as the block lasts."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", at, backlog=512)
        async with server:
            yield
            server.close()

    async def _carry(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            platform_reader, platform = await asyncio.open_connection("127.0.0.1", self._port)
        except _UNREACHABLE:
            client.close()
            return
        ways = [
            asyncio.create_task(_copied(client_reader, platform)),
            asyncio.create_task(self._answered(platform_reader, client)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        client.close()
        platform.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if data.startswith(_ANSWER) and self._chance.randrange(1000) < self._lost:
                self.cuts += 1
                return
            writer.write(data)
            await writer.drain()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
