"""What every group of commands stands on: refusals as sentences, output for people or for machines, settings, options."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import date, datetime
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import msgspec
import typer

from backend.platform.clock import SystemClock, local_date
from backend.platform.logging import configure_logging
from backend.platform.problems import Problem
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings, read_settings

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

CANNOT_START = 3

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取。 Print JSON for a machine.")]
Residents = Annotated[int, typer.Option(min=10, max=10_000_000, help="居民人数。 Number of residents.")]
Seed = Annotated[int, typer.Option(min=0, help="随机种子；同一种子得到同一座城市。 The same seed gives the same city.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="计分日期。 The day of the score.")]


def refusing(command: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """A refusal or a problem becomes one sentence on standard error and exit code 3; Ctrl-C ends quietly."""

    @wraps(command)
    def wrapped(*arguments: Parameters.args, **named: Parameters.kwargs) -> Answer:
        try:
            return command(*arguments, **named)
        except Refusal as refusal:
            print(f"{refusal.chinese}\n{refusal.english}", file=sys.stderr)
            raise typer.Exit(CANNOT_START) from None
        except Problem as problem:
            print(f"{problem.detail}\n{problem.detail_en}", file=sys.stderr)
            raise typer.Exit(CANNOT_START) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return wrapped


def settings_here() -> Settings:
    """The settings of the environment, with a quiet log: a command's output is for people."""
    settings = read_settings()
    configure_logging("warning")
    return settings


def today() -> date:
    """The day in Asia/Shanghai."""
    return local_date(SystemClock().now())


def show(value: Any, as_json: bool, lines: Callable[[Any], list[str]]) -> None:
    """Prints a value as JSON, or as the lines that people read."""
    plain = msgspec.to_builtins(value)
    if as_json:
        print(json.dumps(plain, ensure_ascii=False))
    else:
        print("\n".join(lines(plain)))


def run_now(task: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs a coroutine to its end."""
    return asyncio.run(task)
