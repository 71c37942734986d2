"""The `xinyi` command: names and options only; what a command does lives in `backend.commands`.

Exit codes: 0 done, 1 done but something differs or failed, 2 wrong use, 3 cannot start (one sentence says why).
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import msgspec
import typer

from backend.platform.clock import SystemClock, local_date
from backend.platform.logging import configure_logging
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings, read_settings

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

CANNOT_START = 3

application = typer.Typer(
    name="xinyi",
    help="信易：城市公民信用激励平台的开放后端。 The open backend of a city's citizen-credit app.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
city = typer.Typer(help="合成城市。 The synthetic city.", no_args_is_help=True)
keys = typer.Typer(help="密钥：查看、轮换、登记、吊销。 Keys: list, rotate, register, revoke.", no_args_is_help=True)
rules = typer.Typer(
    help="评价规则：审查、文件格式、生成 SQL。 Rule sets: check, file format, SQL.", no_args_is_help=True
)
application.add_typer(city, name="city")
application.add_typer(rules, name="rules")
application.add_typer(keys, name="keys")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取。 Print JSON for a machine.")]
Residents = Annotated[int, typer.Option(min=10, max=10_000_000, help="居民人数。 Number of residents.")]
Seed = Annotated[int, typer.Option(min=0, help="随机种子；同一种子得到同一座城市。 The same seed gives the same city.")]


def refusing(command: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """A refusal becomes one sentence on standard error and exit code 3; Ctrl-C ends quietly."""

    @wraps(command)
    def wrapped(*arguments: Parameters.args, **named: Parameters.kwargs) -> Answer:
        try:
            return command(*arguments, **named)
        except Refusal as refusal:
            print(f"{refusal.chinese}\n{refusal.english}", file=sys.stderr)
            raise typer.Exit(CANNOT_START) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return wrapped


def _settings() -> Settings:
    settings = read_settings()
    configure_logging("warning")
    return settings


def _today() -> date:
    return local_date(SystemClock().now())


def _print(value: Any, as_json: bool, lines: Callable[[Any], list[str]]) -> None:
    plain = msgspec.to_builtins(value)
    if as_json:
        print(json.dumps(plain, ensure_ascii=False))
    else:
        print("\n".join(lines(plain)))


def _run(task: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(task)


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

    with servers(_settings()) as settings:
        _run(prepare_database(settings))
    print("数据库已是最新。 The database is up to date.")


@application.command(hidden=True)
@refusing
def migration(description: Annotated[str, typer.Argument(help="改了什么。 What changed.")]) -> None:
    """开发者：把表结构的改动写成迁移文件。 For developers: write what the tables declare anew as migrations."""
    from backend.commands.migration import write

    for path in _run(write(_settings(), description)):
        print(path)


@city.command("create")
@refusing
def city_create(residents: Residents = 10_000, seed: Seed = 2026, as_json: Json = False) -> None:
    """创建合成城市（身份号码地区码均为 000000，不对应任何真人）。 Create the synthetic city."""
    from backend.commands.city import create

    summary = create(_settings(), residents, seed)
    _print(
        summary,
        as_json,
        lambda found: [
            f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {value}" for name, value in found.items()
        ],
    )


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

    summary = take_in(_settings(), file, source)
    _print(
        summary,
        as_json,
        lambda found: [f"{name}: {value:,}" for name, value in found.items() if isinstance(value, int)],
    )
    if summary.returned:
        raise typer.Exit(1)


@application.command()
@refusing
def score(
    recompute: Annotated[bool, typer.Option(help="写回重新计算的结果。 Store what was recomputed.")] = False,
    as_json: Json = False,
) -> None:
    """用记录重新计算全部信用分，并与已存结果对账（应为 0 处差异）。 Recompute every score and reconcile: 0 differences expected."""
    from backend.commands.score import score as reconcile

    result = reconcile(_settings(), recompute)
    _print(
        result,
        as_json,
        lambda found: [f"已核对 checked: {found['checked']:,}", f"差异 differences: {found['differences']:,}"],
    )
    if result.differences and not recompute:
        raise typer.Exit(1)


@rules.command("check")
@refusing
def rules_check(
    file: Annotated[Path, typer.Argument(help="评价规则文件，YAML 或 JSON。 The rule set, YAML or JSON.")],
    as_json: Json = False,
) -> None:
    """合法性审查：列出每处违反的规则、理由与条款。 Refuse what the law forbids, naming rule, ground and article."""
    from backend.commands.rules import check

    verdict = check(file, _today())
    _print(
        verdict,
        as_json,
        lambda found: [
            *(
                f"✗ {breach['rule']} [{breach['ground']}] {breach['article']}：{breach['chinese']}。 {breach['english']}."
                for breach in found["breaches"]
            ),
            *(
                f"! 本市目录没有事项 {item}，不能发布。 The city's catalogue has no item {item}: it cannot be published here."
                for item in found["unknown_items"]
            ),
            f"{'✓ 合法 lawful' if found['lawful'] else '✗ 不合法 unlawful'}: {found['rule_set']} {found['version']}, "
            f"{found['rules']} 条规则 rules",
        ],
    )
    if not verdict.lawful:
        raise typer.Exit(1)


@rules.command("schema")
@refusing
def rules_schema() -> None:
    """打印评价规则文件的 JSON Schema。 Print the JSON Schema of the file format."""
    from scoring.ruleset import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@rules.command("sql")
@refusing
def rules_sql(
    file: Annotated[Path, typer.Argument(help="评价规则文件。 The rule set.")],
    dialect: Annotated[str, typer.Option(help="spark、duckdb 或 postgres。 spark, duckdb or postgres.")] = "spark",
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="计分日期。 The day of the score.")] = None,
    contributions: Annotated[
        bool, typer.Option("--contributions", help="逐条分值，而不是总分。 Points of each record, not the score.")
    ] = False,
) -> None:
    """把评价规则写成 SQL，在 facts 表上得到同样的整数。 Write a rule set as SQL: the same integers from a table of facts."""
    from backend.commands.rules import sql

    print(sql(file, day.date() if day else _today(), dialect, contributions=contributions))


@keys.command("list")
@refusing
def keys_list(as_json: Json = False) -> None:
    """列出全部密钥（不含私钥）。 List every key without its secret."""
    from backend.commands.keys import listing

    _print(
        listing(_settings()),
        as_json,
        lambda found: [f"{key['purpose']:<13} {key['state']:<10} {key['kid']}" for key in found],
    )


@keys.command("rotate")
@refusing
def keys_rotate(
    purpose: Annotated[
        str, typer.Argument(help="用途：answer、access-token 或 ticket。 answer, access-token or ticket.")
    ],
) -> None:
    """发布下一把密钥：24 小时后启用，旧钥再保留 48 小时。 Publish the next key: used after 24 h, the old one kept 48 h."""
    from backend.commands.keys import rotate

    print(rotate(_settings(), purpose))


@keys.command("register")
@refusing
def keys_register(
    owner: Annotated[
        str,
        typer.Argument(help="商户的统一社会信用代码，或信源编号。 A partner's credit code, or a source's code."),
    ],
    file: Annotated[Path, typer.Argument(help="公钥文件，JWK 或 PEM。 The public key, JWK or PEM.")],
) -> None:
    """登记商户或信源的公钥，打印密钥编号。 Register the public key of a partner or a source; prints its key id."""
    from backend.commands.keys import register

    print(register(_settings(), owner, file))


@keys.command("revoke")
@refusing
def keys_revoke(kid: Annotated[str, typer.Argument(help="密钥编号。 The key's id.")]) -> None:
    """立即吊销一把密钥（我方、商户或信源的）；我方在用的同时换新。 Revoke a key at once, ours or a signer's; an active one of ours is replaced."""
    from backend.commands.keys import revoke

    if not revoke(_settings(), kid):
        print(f"没有可吊销的密钥 {kid}。 There is no such key to revoke.", file=sys.stderr)
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

    raise typer.Exit(run(_settings(), url))


@application.command()
@refusing
def bench(
    seconds: Annotated[
        float, typer.Option(min=0.1, max=10, help="每项每轮测量的秒数。 Seconds of each measurement in each round.")
    ] = 3.0,
    connections: Annotated[int, typer.Option(min=1, max=256, help="同时连接数。 Connections kept open.")] = 32,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="轮数；取中位数。 Rounds, of which the medians are.")] = 3,
    residents: Annotated[int, typer.Option(min=100, max=100_000, help="居民人数。 Number of residents.")] = 1000,
    as_json: Json = False,
) -> None:
    """在临时服务上测量主要接口，并与同一次运行的空接口比较。 Measure the hot endpoints beside the bare ceilings."""
    from backend.commands.bench import Plan, run

    configure_logging("warning")
    plan = Plan(seconds=seconds, connections=connections, rounds=rounds, residents=residents)
    raise typer.Exit(run(read_settings(), plan, as_json=as_json))


@application.command()
@refusing
def doctor(as_json: Json = False) -> None:
    """检查环境、服务、数据库与密钥，并说明如何修复。 Check the environment, services, schema and keys."""
    from backend.commands.doctor import examine

    findings = examine(_settings())
    _print(
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


if __name__ == "__main__":
    main()
