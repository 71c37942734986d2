"""What oscar's vouchers do beside ours: measured in a process of their own, on a database of their own in the same PostgreSQL."""

import os
import subprocess
import sys

import msgspec

from backend.commands.bench.load import Window
from backend.platform.embedded import create_database
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings

URL = "OSCAR_BENCH_URL"
_DATABASE = "oscar"
_LONGEST_SECONDS = 600


class Uses(msgspec.Struct, frozen=True):
    """What the process tells: wall time and what each use took, in seconds, and how often single vouchers were used in races."""

    seconds: float
    latencies: list[float]
    uses_of_single: list[int]


class Vouchers:
    """Oscar's vouchers on one server of databases."""

    def __init__(self, settings: Settings) -> None:
        self._server = settings.database_url or ""
        self._url: str | None = None
        self.uses_of_single: list[int] = []

    async def prepare(self) -> None:
        """Makes the database; oscar itself makes its tables in it."""
        self._url = await create_database(self._server, _DATABASE)

    def used(self, callers: int, seconds: float) -> Window:
        """So many callers use one voucher for so many seconds. Raises Refusal if the process fails."""
        command = [
            sys.executable,
            "-m",
            "backend.commands.bench.market.oscar",
            str(callers),
            str(seconds),
        ]
        done = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            encoding="utf-8",
            timeout=_LONGEST_SECONDS,
            check=False,
            env={**os.environ, URL: self._url or ""},
        )
        if done.returncode != 0:
            raise Refusal(
                f"django-oscar 的测量没有完成：{done.stderr[-500:]}",
                f"django-oscar was not measured: {done.stderr[-500:]}",
            )
        uses = msgspec.json.decode(done.stdout, type=Uses)
        self.uses_of_single.extend(uses.uses_of_single)
        return Window(uses.seconds, uses.latencies, [])
