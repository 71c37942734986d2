"""A server as an operator starts it: `xinyi up` in a process group of its own, with embedded servers of its own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from redis.asyncio import Redis

from backend.city import sign_ins
from backend.city.sign_ins import SignIn
from backend.commands.demo.actors import OfflinePass, Person
from backend.commands.services import Running
from backend.platform.delivery import watch

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 120


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment(data: Path, **more: str) -> dict[str, str]:
    """This machine's, with a data folder of its own and no server named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XINYI_")}
    kept.pop("DATABASE_URL", None)
    kept.pop("REDIS_URL", None)
    return {**kept, "XINYI_DATA": str(data), **more}


class Server:
    """`xinyi up` in a process group of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self._log = data.parent / f"{data.name}.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend.cli", "up", "--residents", "20", "--port", str(port)],
                cwd=REPOSITORY,
                env=environment(data),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> "Server":
        """Waits until it serves."""
        for _ in range(LONGEST_SECONDS * 10):
            if self.process.poll() is not None:
                break
            try:
                if httpx2.get(f"{self.url}/readyz").status_code == 200:
                    return self
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"it does not serve: {self.said()}")

    def said(self) -> str:
        """Everything it printed."""
        return self._log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """Ctrl-C; gives the exit code."""
        if self.process.poll() is None:
            # A terminal sends it to the whole group.
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(LONGEST_SECONDS)

    def sign_ins(self) -> dict[str, SignIn]:
        """The city's sign-ins by actor."""
        return sign_ins.read(self.data)

    def fetched_pass(self, phone: str, benefit: str) -> OfflinePass:
        """A pass on the phone of a resident of the city, who consents and registers it."""
        running = msgspec.json.decode((self.data / "running.json").read_bytes(), type=Running)

        async def act() -> OfflinePass:
            cache = Redis.from_url(running.redis_url)
            async with httpx2.AsyncClient(base_url=self.url) as http, watch(cache) as inbox:
                resident = Person(http, inbox, phone)
                await resident.sign_in()
                await resident.register_device(self.url)
                found = await resident.fetch_pass(benefit)
            await cache.aclose()
            return found

        return asyncio.run(act())

    def sign_in(self, phone: str) -> dict[str, Any]:
        """The tokens of whoever has this phone."""
        running = msgspec.json.decode((self.data / "running.json").read_bytes(), type=Running)

        async def act() -> dict[str, Any]:
            cache = Redis.from_url(running.redis_url)
            async with httpx2.AsyncClient(base_url=self.url) as http, watch(cache) as inbox:
                await http.post("/v1/sign-in/codes", json={"phone": phone})
                code = await inbox.next_code(phone)
                tokens: dict[str, Any] = (await http.post("/v1/sign-in", json={"phone": phone, "code": code})).json()
            await cache.aclose()
            return tokens

        return asyncio.run(act())
