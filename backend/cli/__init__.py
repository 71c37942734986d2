"""The `xinyi` command: names and options only; what a command does lives in `backend.commands`.

Exit codes: 0 done, 1 done but something differs or failed, 2 wrong use, 3 cannot start (one sentence says why).
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from backend.cli import city, keys, ledger, partner, rules, score
from backend.cli.frame import Json, Residents, Seed, refusing, run_now, settings_here, show
from backend.platform.logging import configure_logging
from backend.platform.settings import read_settings

application = typer.Typer(
    name="xinyi",
    help="信易：城市公民信用激励平台的开放后端。 The open backend of a city's citizen-credit app.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
application.add_typer(city.group, name="city")
application.add_typer(rules.group, name="rules")
application.add_typer(score.group, name="score")
application.add_typer(keys.group, name="keys")
application.add_typer(partner.group, name="partner")
application.add_typer(ledger.group, name="ledger")


@application.command()
@refusing
def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="端口。 Port.")] = None,
    host: Annotated[str | None, typer.Option(help="监听地址。 Address to listen on.")] = None,
    residents: Residents = 10_000,
    seed: Seed = 2026,
    with_city: Annotated[
        bool,
        typer.Option("--city/--no-city", help="没有城市时创建合成城市。 Build the synthetic city where there is none."),
    ] = True,
) -> None:
    """启动服务、迁移、必要时创建合成城市并提供接口。 Start everything and serve it; Ctrl-C stops."""
    from backend.commands.serve import up as start

    settings = read_settings()
    if "XINYI_LOG_LEVEL" not in os.environ and sys.stderr.isatty():
        # Somebody reads this terminal: one-time codes must not drown in a line for every request.
        settings = msgspec.structs.replace(settings, log_level="warning")
    configure_logging(settings.log_level)
    start(
        msgspec.structs.replace(settings, port=port or settings.port, host=host or settings.host),
        residents=residents,
        seed=seed,
        with_city=with_city,
    )


@application.command()
@refusing
def migrate() -> None:
    """把数据库升级到最新结构，并生成首批密钥。 Bring the database to the newest schema; make the first keys."""
    from backend.commands.serve import prepare_database
    from backend.commands.services import servers

    with servers(settings_here()) as settings:
        run_now(prepare_database(settings))
    print("数据库已是最新。 The database is up to date.")


@application.command(hidden=True)
@refusing
def migration(description: Annotated[str, typer.Argument(help="改了什么。 What changed.")]) -> None:
    """开发者：把表结构的改动写成迁移文件。 For developers: write what the tables declare anew as migrations."""
    from backend.commands.migration import write

    for path in run_now(write(settings_here(), description)):
        print(path)


@application.command()
@refusing
def intake(
    file: Annotated[
        Path, typer.Argument(help="CSV（XK_/CF_ 表头）或 JSON Lines 文件。 CSV with XK_/CF_ headers, or JSON lines.")
    ],
    source: Annotated[str, typer.Option(help="信源编号。 Id of the source that delivers.")],
    as_json: Json = False,
) -> None:
    """导入一个信源的记录文件；逐行接收或退回并说明原因。 Take in a file; each row is accepted or returned with reasons."""
    from backend.commands.intake import intake as take_in

    summary = take_in(settings_here(), file, source)
    show(
        summary,
        as_json,
        lambda found: [f"{name}: {value:,}" for name, value in found.items() if isinstance(value, int)],
    )
    if summary.returned:
        raise typer.Exit(1)


@application.command()
@refusing
def openapi(
    check: Annotated[bool, typer.Option("--check", help="只比较，不写。 Compare only.")] = False,
    folder: Annotated[Path, typer.Option(help="仓库目录。 Folder of the repository.")] = Path(),
) -> None:
    """由代码生成 OpenAPI 3.1 文档与问题代码表，或检查已提交的是否一致。 Write the contract and the list of problems, or check them."""
    from backend.commands.openapi import documents

    stale = False
    for path, wanted in documents().items():
        file = folder / path
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(wanted)
            print(file)
        elif not file.exists() or file.read_bytes() != wanted:
            stale = True
            print(
                f"{file} 与代码不一致，请运行 xinyi openapi。 {file} differs from the code: run `xinyi openapi`.",
                file=sys.stderr,
            )
    if stale:
        raise typer.Exit(1)


@application.command()
@refusing
def demo(
    url: Annotated[str | None, typer.Option(help="服务地址。 Address of the server.")] = None,
) -> None:
    """以各方身份走完整个流程（仅经 HTTP），每步两行说明。 Walk the whole path as the actors would, over HTTP only."""
    from backend.commands.demo import run

    raise typer.Exit(run(settings_here(), url))


@application.command()
@refusing
def audit(as_json: Json = False) -> None:
    """审计：由核销、冲正、订单与计划重算每个余额、计数与总额，逐分比较。 Derive every balance, counter and total anew and compare."""
    from backend.commands.audit import examine

    differences = examine(settings_here())
    show(
        differences,
        as_json,
        lambda found: [
            *(f"✗ {each['what']}: kept {each['kept']}, derived {each['derived']}" for each in found),
            f"差异 {len(found)} 处。 {len(found)} differences.",
        ],
    )
    if differences:
        raise typer.Exit(1)


@application.command()
@refusing
def bench(
    what: Annotated[
        Literal["server", "scoring", "codes", "market"],
        typer.Argument(
            help="测量什么。 The server's operations, the scoring engines, codes and signatures, or redemption under load."
        ),
    ] = "server",
    seconds: Annotated[
        float, typer.Option(min=0.1, max=10, help="每项每轮测量的秒数。 Seconds of each measurement in each round.")
    ] = 3.0,
    connections: Annotated[int, typer.Option(min=1, max=256, help="同时连接数。 Connections kept open.")] = 32,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1, max=20, help="轮数；取中位数。 Rounds, of which the medians are: 3; scoring, codes and market 5."
        ),
    ] = None,
    residents: Annotated[int, typer.Option(min=100, max=100_000, help="居民人数。 Number of residents.")] = 1000,
    records: Annotated[
        int, typer.Option(min=1000, max=1_000_000_000, help="评分测量的记录数。 Records of the scoring bench.")
    ] = 3_600_000,
    only: Annotated[
        Literal["subject", "city", "incremental"] | None,
        typer.Option(help="评分测量只做哪一部分。 One part of the scoring bench alone."),
    ] = None,
    as_json: Json = False,
) -> None:
    """测量：主要接口与同一次运行的空接口，或评分引擎。 Measure the hot endpoints beside the bare ceilings, or the scoring."""
    configure_logging("warning")
    if what == "scoring":
        from backend.commands.bench.scoring.command import run as run_scoring

        raise typer.Exit(run_scoring(records, rounds or 5, only, as_json=as_json))
    if what == "codes":
        from backend.commands.bench.codes.command import run as run_codes

        raise typer.Exit(run_codes(rounds or 5, connections, seconds, as_json=as_json))
    if what == "market":
        from backend.commands.bench.market.command import run as run_market

        raise typer.Exit(run_market(rounds or 5, seconds, as_json=as_json))
    from backend.commands.bench import Plan, run

    plan = Plan(seconds=seconds, connections=connections, rounds=rounds or 3, residents=residents)
    raise typer.Exit(run(read_settings(), plan, as_json=as_json))


@application.command()
@refusing
def doctor(as_json: Json = False) -> None:
    """检查环境、服务、数据库与密钥，并说明如何修复。 Check the environment, services, schema and keys."""
    from backend.commands.doctor import examine

    findings = examine(settings_here())
    show(
        findings,
        as_json,
        lambda found: [
            f"{'✓' if finding['good'] else '✗'} {finding['chinese']} {finding['english']}" for finding in found
        ],
    )
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """The entry point."""
    application()
