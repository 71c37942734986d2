"""`xinyi up`: services, migration, synthetic city, keys, server; and what to open and scan."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import qrcode
from rich.cells import cell_len, set_cell_size

from backend import schema
from backend.city import sign_ins
from backend.city.create import city_wanted, create_city, pieces
from backend.commands.http_server import obey_parent_only, serve
from backend.commands.progress import progress
from backend.commands.services import Running, announce, find_running, opened, servers
from backend.platform.keys import ensure_first_keys
from backend.platform.refusal import Refusal
from backend.platform.settings import EVERY_INTERFACE, Settings
from backend.platform.terms import working_calendar
from backend.platform.working_days import WorkingDaysError

# An address of documentation (RFC 5737): what the machine would send from to reach the rest of the network.
_SOMEWHERE = ("192.0.2.1", 9)


def up(settings: Settings, residents: int, seed: int, *, with_city: bool = True) -> None:
    """Runs until it is told to stop. Raises Refusal with one sentence when it cannot start.

    `residents` and `seed` are of the synthetic city that is built where there is none, unless `with_city` is false.
    """
    _require_writable(settings.data_directory)
    if find_running(settings) is not None:
        raise Refusal(
            f"数据目录 {settings.data_directory} 上已有一个信易在运行。",
            f"Xinyi already runs on {settings.data_directory}.",
        )
    _require_free_port(settings.host, settings.port)
    _require_working_days(settings.working_days_file)
    with servers(settings) as addressed:
        asyncio.run(prepare_database(addressed))
        if with_city:
            asyncio.run(_ensure_city(addressed, residents, seed))
        running = Running(os.getpid(), settings.external_url, addressed.database_url, addressed.redis_url)
        with announce(settings, running), _metrics_directory():
            _greet(addressed)
            _serve(addressed)
    _say("信易已停止，数据已保留。 Xinyi has stopped; the data is kept.")


async def prepare_database(settings: Settings) -> None:
    """Migrates and makes the first keys; both are safe to repeat."""
    await schema.migrate(settings.database_url)
    async with opened(settings) as platform, platform.database.transaction() as connection:
        await ensure_first_keys(connection, platform.cipher, platform.clock.now())


async def _ensure_city(settings: Settings, residents: int, seed: int) -> None:
    async with opened(settings) as platform:
        if await city_wanted(platform):
            with progress("创建合成城市 building the synthetic city", pieces(residents)) as advance:
                await create_city(platform, seed=seed, residents=residents, advance=advance)


def _serve(settings: Settings) -> None:
    """Granian in this process' foreground; its workers read their settings from the environment."""
    os.environ.update(
        {
            "XINYI_DATA": str(settings.data_directory),
            "XINYI_HOST": settings.host,
            "XINYI_PORT": str(settings.port),
            "XINYI_LOG_LEVEL": settings.log_level,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
        }
    )
    serve(settings, "backend.commands.serve:worker")


def worker() -> object:
    """The application of one worker process."""
    obey_parent_only()
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


def _require_working_days(file: str) -> None:
    """A table of days that cannot be used stops the start, not the first objection."""
    try:
        working_calendar(file)
    except WorkingDaysError as error:
        raise Refusal(f"XINYI_WORKING_DAYS：{error.zh}", f"XINYI_WORKING_DAYS: {error.en}") from None


def _greet(settings: Settings) -> None:
    """What to open, scan and sign in with, on standard error: standard output is for what a machine reads."""
    url, phone = settings.external_url, _phone_url(settings)
    code = qrcode.QRCode(border=1)
    code.add_data(f"{phone}/resident")
    _say("\n信易 Xinyi\n")
    code.print_ascii(out=sys.stderr, invert=True)
    rows = [
        ("手机扫码 scan with a phone", f"{phone}/resident"),
        ("居民页面 resident", f"{url}/resident"),
        ("商户收银 till", f"{url}/till"),
        ("联盟与评议、节省 alliance and reviews, savings", f"{url}/alliance  {url}/savings"),
        ("接口文档 API reference", f"{url}/reference"),
        ("公钥 keys", f"{url}/.well-known/jwks.json"),
        *sign_ins.public_pages(settings.data_directory, phone),
        ("", ""),
        ("登录 sign-ins", "验证码显示在本终端 one-time codes appear in this terminal"),
        *sign_ins.describe(settings.data_directory),
    ]
    width = max(cell_len(title) for title, _ in rows)
    for title, text in rows:
        _say(f"  {set_cell_size(title, width)}  {text}".rstrip())
    _say("\n  试一试 try: python3 dev.py demo    停止 stop: Ctrl-C\n")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _phone_url(settings: Settings) -> str:
    """The server's address in the local network; no packet is sent to find it."""
    if settings.public_url or settings.host not in EVERY_INTERFACE:
        return settings.external_url
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE)
        except OSError:
            return settings.external_url
        return f"http://{probe.getsockname()[0]}:{settings.port}"
