"""`xinyi score`: scores 信用分 as they are stored, recomputed and explained."""

from typing import Annotated

import typer

from backend.cli.frame import Json, refusing, settings_here, show

group = typer.Typer(help="信用分：对账。 Scores: reconcile.", no_args_is_help=True)


@group.command("reconcile")
@refusing
def score_reconcile(
    recompute: Annotated[bool, typer.Option(help="写回重新计算的结果。 Store what was recomputed.")] = False,
    as_json: Json = False,
) -> None:
    """用记录重新计算全部信用分，并与已存结果对账（应为 0 处差异）。 Recompute every score and reconcile: 0 differences expected."""
    from backend.commands.score import reconcile

    result = reconcile(settings_here(), recompute)
    show(
        result,
        as_json,
        lambda found: [f"已核对 checked: {found['checked']:,}", f"差异 differences: {found['differences']:,}"],
    )
    if result.differences and not recompute:
        raise typer.Exit(1)
