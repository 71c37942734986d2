"""`xinyi city`: the synthetic city."""

import typer

from backend.cli.frame import Json, Residents, Seed, refusing, settings_here, show

group = typer.Typer(help="合成城市。 The synthetic city.", no_args_is_help=True)


@group.command("create")
@refusing
def city_create(residents: Residents = 10_000, seed: Seed = 2026, as_json: Json = False) -> None:
    """创建合成城市（身份号码地区码均为 000000，不对应任何真人）。 Create the synthetic city."""
    from backend.commands.city import create

    summary = create(settings_here(), residents, seed)
    show(
        summary,
        as_json,
        lambda found: [
            f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {value}" for name, value in found.items()
        ],
    )
