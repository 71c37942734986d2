"""`xinyi keys`: our own keys and those of partners and sources."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.frame import Json, refusing, settings_here, show

group = typer.Typer(help="密钥：查看、轮换、登记、吊销。 Keys: list, rotate, register, revoke.", no_args_is_help=True)


@group.command("list")
@refusing
def keys_list(as_json: Json = False) -> None:
    """列出全部密钥（不含私钥）。 List every key without its secret."""
    from backend.commands.keys import listing

    show(
        listing(settings_here()),
        as_json,
        lambda found: [f"{key['purpose']:<13} {key['state']:<10} {key['kid']}" for key in found],
    )


@group.command("rotate")
@refusing
def keys_rotate(
    purpose: Annotated[
        str,
        typer.Argument(help="用途：answer、access-token、bundle 或 ticket。 answer, access-token, bundle or ticket."),
    ],
) -> None:
    """发布下一把密钥：24 小时后启用，旧钥再保留 48 小时。 Publish the next key: used after 24 h, the old one kept 48 h."""
    from backend.commands.keys import rotate

    print(rotate(settings_here(), purpose))


@group.command("register")
@refusing
def keys_register(
    owner: Annotated[
        str,
        typer.Argument(help="商户的统一社会信用代码，或信源编号。 A partner's credit code, or a source's code."),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            help="信源的公钥（JWK 或 PEM），或商户带持有证明的公钥。 A source's public key, JWK or PEM; a partner's with its proof."
        ),
    ],
    test: Annotated[bool, typer.Option("--test", help="商户的测试密钥，只能打开沙箱。 A partner's test key.")] = False,
) -> None:
    """登记商户或信源的公钥，打印密钥编号。 Register the public key of a partner or a source; prints its key id."""
    from backend.commands.keys import register

    print(register(settings_here(), owner, file, test=test))


# One id in sixty-four begins with a hyphen, and must not be taken for an option by whoever has a key to revoke in a hurry.
@group.command("revoke", context_settings={"ignore_unknown_options": True})
@refusing
def keys_revoke(kid: Annotated[str, typer.Argument(help="密钥编号。 The key's id.")]) -> None:
    """立即吊销一把密钥（我方、商户或信源的）；我方在用的同时换新。 Revoke a key at once, ours or a signer's; an active one of ours is replaced."""
    from backend.commands.keys import revoke

    if not revoke(settings_here(), kid):
        print(f"没有可吊销的密钥 {kid}。 There is no such key to revoke.", file=sys.stderr)
        raise typer.Exit(1)
