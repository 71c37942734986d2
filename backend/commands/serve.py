"""`xinyi up`: services, migration, synthetic city, keys, server; and what to open and scan."""

import asyncio
import ctypes
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import qrcode
from granian.constants import Interfaces, Loops
from granian.server import Server
from rich.console import Console

from backend import schema
from backend.city import sign_ins
from backend.city.create import city_exists, create_city, pieces
from backend.commands.progress import progress
from backend.commands.services import Running, announce, find_running, opened, servers
from backend.platform.keys import ensure_first_keys
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings

_PARENT_DEATH_SIGNAL = 1


def up(settings: Settings, residents: int, seed: int) -> None:
    """Runs until it is told to stop. Raises Refusal with one sentence when it cannot start."""
    _require_writable(settings.data_directory)
    if find_running(settings) is not None:
        raise Refusal(
            f"数据目录 {settings.data_directory} 上已有一个信易在运行。",
            f"Xinyi already runs on {settings.data_directory}.",
        )
    _require_free_port(settings.host, settings.port)
    console = Console(stderr=True)
    with servers(settings) as addressed:
        asyncio.run(_prepare(addressed, residents, seed))
        running = Running(os.getpid(), settings.external_url, addressed.database_url, addressed.redis_url)
        with announce(settings, running), _metrics_directory():
            _greet(console, addressed)
            _serve(addressed)
    console.print("信易已停止，数据已保留。 Xinyi has stopped; the data is kept.")


async def prepare_database(settings: Settings) -> None:
    """Migrates and makes the first keys; both are safe to repeat."""
    await schema.migrate(settings.database_url)
    async with opened(settings) as platform, platform.database.transaction() as connection:
        await ensure_first_keys(connection, platform.cipher, platform.clock.now())


async def _prepare(settings: Settings, residents: int, seed: int) -> None:
    await prepare_database(settings)
    async with opened(settings) as platform:
        if not await city_exists(platform):
            with progress("创建合成城市 building the synthetic city", pieces(residents)) as advance:
                await create_city(platform, seed=seed, residents=residents, advance=advance)


def _serve(settings: Settings) -> None:
    """Granian in this process' foreground; its workers read their settings from the environment."""
    os.environ.update(
        {
            "XINYI_DATA": str(settings.data_directory),
            "XINYI_HOST": settings.host,
            "XINYI_PORT": str(settings.port),
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
        }
    )
    server = Server(
        "backend.commands.serve:worker",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=settings.workers or min(2, os.cpu_count() or 1),
        factory=True,
        websockets=False,
        log_enabled=False,
        backpressure=512,
        respawn_failed_workers=True,
    )
    server.serve()


def worker() -> object:
    """One worker process: ends with its parent, however that ends, so that no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    from backend.app import create

    return create()


@contextmanager
def _metrics_directory() -> Iterator[None]:
    """Where the workers share their metrics; empty at each start."""
    directory = tempfile.mkdtemp(prefix="xinyi-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _require_writable(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Refusal(
            f"数据目录 {directory} 不可写：{error.strerror}。请用 XINYI_DATA 指定可写的目录。",
            f"The data folder {directory} cannot be written ({error.strerror}): set XINYI_DATA to one that can.",
        ) from None


def _require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refusal(
                f"无法使用 {host}:{port}（{error.strerror}），请用 --port 或 XINYI_PORT 换一个端口。",
                f"{host}:{port} cannot be used ({error.strerror}): choose another with --port or XINYI_PORT.",
            ) from None


def _greet(console: Console, settings: Settings) -> None:
    url = settings.external_url
    code = qrcode.QRCode(border=1)
    code.add_data(f"{url}/resident")
    console.print("\n[bold]信易 Xinyi[/bold]\n")
    code.print_ascii(out=sys.stderr, invert=True)
    for title, path in (
        ("居民页面 resident", "/resident"),
        ("商户收银 till", "/till"),
        ("接口文档 API reference", "/reference"),
        ("公钥 keys", "/.well-known/jwks.json"),
    ):
        console.print(f"  {title:<22} {url}{path}", highlight=False)
    console.print("\n  登录 sign-ins (验证码显示在本终端 one-time codes appear in this terminal)", highlight=False)
    for line in sign_ins.describe(settings.data_directory):
        console.print(f"  {line}", highlight=False, markup=False)
    console.print("\n  试一试 try: python3 dev.py demo    停止 stop: Ctrl-C\n", highlight=False, markup=False)
