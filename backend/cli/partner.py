"""`xinyi partner`: a simulated till, for whoever integrates."""

from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

import typer

from backend.cli.frame import Json, refusing, show

group = typer.Typer(help="商户：终端里的模拟收银台。 Partners: a simulated till in the terminal.", no_args_is_help=True)

Url = Annotated[str, typer.Option(help="平台地址。 The platform's address.")]
Key = Annotated[Path, typer.Option(help="商户私钥文件（PEM）。 The partner's private key, PEM.")]
Store = Annotated[Path, typer.Option(help="终端的存储文件。 The file in which the till keeps what it knows.")]
Terminal = Annotated[str, typer.Option(help="终端名。 The till's name.")]

_URL = "http://127.0.0.1:8000"
_STORE = Path("till.db")


@group.command("simulate")
@refusing
def partner_simulate(
    benefit: Annotated[str, typer.Argument(help="权益编号。 The benefit's id.")],
    key: Key,
    code: Annotated[
        str | None,
        typer.Argument(help="诚信码文本或数字；不填则逐行读入。 A code; else lines are read, as a scanner types them."),
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="含诚信码的图片。 A picture of a code, PNG or JPEG.")] = None,
    amount_fen: Annotated[int | None, typer.Option(min=0, help="金额（分）。 Amount in fen.")] = None,
    url: Url = _URL,
    store: Store = _STORE,
    terminal: Terminal = "till-1",
) -> None:
    """扫一个码：在线码联网核验并核销，离线码本地判断并入队。 Scan a code: IC1 is asked of the server and redeemed, IC3 judged here."""
    from backend.commands.simulated_till import SimulatedTill, TillSettings, code_in, typed_codes

    till = SimulatedTill(TillSettings(url=url, key=key, store=store, terminal=terminal))
    codes = [code_in(picture)] if picture is not None else [code] if code is not None else typed_codes()
    for each in codes:
        for line in till.scan(each, benefit, f"visit-{uuid4().hex[:8]}", amount_fen):
            print(line, flush=True)


@group.command("fetch")
@refusing
def partner_fetch(key: Key, url: Url = _URL, store: Store = _STORE, terminal: Terminal = "till-1") -> None:
    """取密钥、状态列表与权益，供断网时使用。 Fetch keys, status list and benefits for the time without a network."""
    from backend.commands.simulated_till import SimulatedTill, TillSettings

    for line in SimulatedTill(TillSettings(url=url, key=key, store=store, terminal=terminal)).fetch():
        print(line)


@group.command("upload")
@refusing
def partner_upload(key: Key, url: Url = _URL, store: Store = _STORE, terminal: Terminal = "till-1") -> None:
    """上传断网时受理的核销。 Upload what was given without a network."""
    from backend.commands.simulated_till import SimulatedTill, TillSettings

    for line in SimulatedTill(TillSettings(url=url, key=key, store=store, terminal=terminal)).upload():
        print(line)


@group.command("first-scan")
@refusing
def partner_first_scan(
    benefit: Annotated[str, typer.Argument(help="权益编号。 The benefit's id.")],
    key: Annotated[Path, typer.Option(help="测试密钥文件（PEM）；没有则新建并登记。 The test key; made if not there.")],
    url: Url = _URL,
    persona: Annotated[str, typer.Option(help="沙箱角色。 A persona of the sandbox.")] = "level-high",
    token: Annotated[
        str | None, typer.Option(help="经办人的访问令牌。 The agent's access token.", envvar="XINYI_TOKEN")
    ] = None,
    enterprise: Annotated[str | None, typer.Option(help="企业编号。 The enterprise's id.")] = None,
) -> None:
    """从零到第一次核验：登记测试密钥、角色出码、核验、试核销，并计时。 From nothing to a first verified scan in the sandbox, timed."""
    from backend.commands.first_scan import Agent, Scan, first_scan

    agent = Agent(token, enterprise) if token is not None and enterprise is not None else None
    for line in first_scan(Scan(url=url, key=key, benefit=benefit, persona=persona, agent=agent)):
        print(line, flush=True)


@group.command("conformance")
@refusing
def partner_conformance(
    command: Annotated[
        list[str],
        typer.Argument(help="适配器命令，写在 -- 之后。 The adapter's command, after --.", metavar="COMMAND"),
    ],
    only: Annotated[
        list[str] | None, typer.Option(help="只跑这一项，可多次。 This case alone; may be given several times.")
    ] = None,
    key_kind: Annotated[
        Literal["ed25519", "p256"], typer.Option(help="一次性测试密钥的种类。 Kind of the throw-away key.")
    ] = "ed25519",
    as_json: Json = False,
) -> None:
    """自测：扮演平台，逐项检验您的接入程序（任何语言）。 Play the platform to your own integration, in any language, and judge it."""
    from backend.commands.conformance import examine, report_lines

    report = examine(command, only or [], key_kind)
    show(report, as_json, report_lines)
    if not report.conforms:
        raise typer.Exit(1)
