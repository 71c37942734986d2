"""Configuration: one typed value, read once from the environment; a value it does not understand stops the start."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from backend.platform.refusal import Refusal

EVERY_INTERFACE = frozenset({"0.0.0.0", "::"})  # noqa: S104 named, not listened on
DEFAULT_DATA_DIRECTORY = Path(__file__).resolve().parents[2] / ".data"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an operator can set. Names in the environment stand in `ENVIRONMENT`.

    `public_url` is the address that partners sign for (RFC 9421 `@target-uri`): it comes from here, never from a `Host` header.
    `database_url` and `redis_url` are empty when the embedded services are to be used.
    `master_key` is 32 bytes in base64; empty means the file `secrets/master.key` under `data_directory`, made at first start.
    `webhook_loopback` lets webhooks go to this machine itself, for development.
    `host` is every interface, so that a phone in the same network can open what it scans.
    """

    data_directory: Path = DEFAULT_DATA_DIRECTORY
    host: str = "0.0.0.0"  # noqa: S104 see above
    port: int = 8000
    public_url: str = ""
    database_url: str = ""
    redis_url: str = ""
    master_key: str = ""
    workers: int = 0
    log_level: str = "info"
    message_delivery: str = "terminal"
    working_days_file: str = ""
    webhook_loopback: bool = False

    @property
    def external_url(self) -> str:
        """The address under which callers reach the server, without a trailing slash."""
        return (self.public_url or f"http://{_reachable(self.host)}:{self.port}").rstrip("/")


def _reachable(host: str) -> str:
    """Where a caller on this machine reaches what listens on `host`; IPv6 addresses in brackets."""
    if host in EVERY_INTERFACE:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


ENVIRONMENT: Mapping[str, str] = {
    "XINYI_DATA": "data_directory",
    "XINYI_HOST": "host",
    "XINYI_PORT": "port",
    "XINYI_PUBLIC_URL": "public_url",
    "DATABASE_URL": "database_url",
    "REDIS_URL": "redis_url",
    "XINYI_MASTER_KEY": "master_key",
    "XINYI_WORKERS": "workers",
    "XINYI_LOG_LEVEL": "log_level",
    "XINYI_MESSAGE_DELIVERY": "message_delivery",
    "XINYI_WORKING_DAYS": "working_days_file",
    "XINYI_WEBHOOK_LOOPBACK": "webhook_loopback",
}

# Read by the tests, the build and the development script, not by the application.
FOREIGN_VARIABLES = frozenset(
    {"XINYI_VECTORS", "XINYI_REQUIRE_VECTORS", "XINYI_TEST_DATABASE_URL", "XINYI_TEST_REDIS_URL"}
)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from environment variables (`os.environ` unless given).

    Raises `Refusal` naming the variable for an unknown `XINYI_` name or a value that cannot be used.
    """
    variables = os.environ if environment is None else environment
    unknown = [
        name
        for name in variables
        if name.startswith("XINYI_") and name not in ENVIRONMENT and name not in FOREIGN_VARIABLES
    ]
    if unknown:
        raise Refusal(
            f"不认识的环境变量 {unknown[0]}，请检查拼写。",
            f"Unknown environment variable {unknown[0]}: check its spelling; the known ones are {', '.join(ENVIRONMENT)}.",
        )
    settings = Settings()
    for name, field in ENVIRONMENT.items():
        if value := variables.get(name):
            settings = msgspec.structs.replace(settings, **{field: _value(name, field, value)})
    _check(settings)
    return settings


def _value(name: str, field: str, value: str) -> object:
    try:
        return getattr(msgspec.convert({field: value}, Settings, strict=False, dec_hook=_path), field)
    except msgspec.ValidationError as error:
        reason = str(error).split(" - at ")[0]
        raise Refusal(f"{name} 的值无法使用：{reason}。", f"The value of {name} cannot be used: {reason}.") from None


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser().resolve()
    raise NotImplementedError


def _check(settings: Settings) -> None:
    _check_url("DATABASE_URL", settings.database_url, {"postgresql", "postgres"})
    _check_url("REDIS_URL", settings.redis_url, {"redis", "rediss", "unix"})
    _check_url("XINYI_PUBLIC_URL", settings.public_url, {"http", "https"})
    if not 0 < settings.port < 65536:
        raise Refusal("XINYI_PORT 应在 1 到 65535 之间。", "XINYI_PORT must lie between 1 and 65535.")
    if settings.message_delivery not in {"terminal", "silent"}:
        raise Refusal(
            "XINYI_MESSAGE_DELIVERY 只能是 terminal 或 silent。", "XINYI_MESSAGE_DELIVERY is either terminal or silent."
        )


def _check_url(name: str, value: str, schemes: set[str]) -> None:
    if not value:
        return
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        expected = " / ".join(sorted(f"{scheme}://" for scheme in schemes))
        raise Refusal(
            f"{name} 不是可用的地址，应以 {expected} 开头。",
            f"{name} is not a usable address: it starts with {expected}.",
        )
