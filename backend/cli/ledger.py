"""`xinyi ledger`: the monthly statements of partners."""

from datetime import datetime
from typing import Annotated

import typer

from backend.cli.frame import refusing, settings_here

group = typer.Typer(help="账本：商户月度结算单。 The ledger: monthly statements of partners.", no_args_is_help=True)


@group.command("statements")
@refusing
def statements(
    month: Annotated[
        datetime, typer.Option(formats=["%Y-%m"], help="月份，如 2026-11；须已结束。 A month that is over.")
    ],
) -> None:
    """出具一个月的结算单；已出具的不变，可重复运行。 Draw the statements of a month; those that stand stay as they are."""
    from backend.commands.audit import draw

    drawn = draw(settings_here(), f"{month:%Y-%m}")
    print(f"新出具 {drawn} 张结算单。 {drawn} statements were drawn.")
