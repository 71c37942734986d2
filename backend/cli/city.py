"""`xinyi city`: the synthetic city, and a day in it."""

from typing import Annotated, Any

import typer

from backend.cli.frame import Day, Json, Residents, Seed, refusing, settings_here, show
from partners.ledger.statements import yuan

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


@group.command("day")
@refusing
def city_day(
    visits: Annotated[int, typer.Option(min=1, help="到访次数。 Number of visits.")] = 100_000,
    seed: Seed = 2026,
    date: Day = None,
    as_json: Json = False,
) -> None:
    """在合成城市中运行一日并审计账目（只在合成城市中运行，时钟自设，绝不触碰真实数据）。 Run a day of the synthetic city and audit the books."""
    from backend.commands.city import day

    summary = day(settings_here(), visits, seed, date.date() if date is not None else None)
    show(summary, as_json, _day_lines)
    if summary.differences:
        raise typer.Exit(1)


def _day_lines(found: dict[str, Any]) -> list[str]:
    """The day as a table that people read: sums in yuan, and what was refused or declined by its reason."""
    reviewed = found["public_review"]
    rows = [
        ("日期 day", found["day"]),
        (
            "城市种子、居民、日种子 city seed, residents, seed",
            f"{found['city_seed']}, {found['residents']:,}, {found['seed']}",
        ),
        ("到访 visits", f"{found['visits']:,}"),
        ("符合 eligible", f"{found['eligible']:,}"),
        ("不符合 declined", f"{found['declined']:,}"),
        *((f"  原因 because {reason}", f"{number:,}") for reason, number in found["declined_because"].items()),
        ("请持码人确认 asked on the phone", f"{found['asked_on_the_phone']:,}"),
        *((f"  拒绝 refused {what}", f"{number:,}") for what, number in found["refused"].items()),
        ("核销 redemptions", f"{found['redemptions']:,}, {yuan(found['redeemed_fen'])} 元"),
        ("重试同答 retries answered alike", f"{found['retries_alike']:,}"),
        ("冲正 reversals", f"{found['reversals']:,}, {yuan(found['reversed_fen'])} 元"),
        ("居民节省 saved by residents", f"{yuan(found['saved_fen'])} 元"),
        ("财政补贴 subsidies", f"{yuan(found['subsidies_fen'])} 元"),
        *((f"免押订单 orders {state}", f"{number:,}") for state, number in found["orders"].items()),
        ("免交押金 deposits waived", f"{yuan(found['deposits_waived_fen'])} 元"),
        *((f"离线上传 offline {outcome}", f"{number:,}") for outcome, number in found["offline"].items()),
        ("评议 reviews", f"{reviewed['reviews']:,}"),
        ("承诺镜有数据、不足十人 promise cards told, of few", f"{reviewed['cards_told']}, {reviewed['cards_of_few']}"),
        (
            "评议案件 review case",
            f"{reviewed['bad_partner']} {reviewed['state']}，整改至 rectify by {reviewed['rectify_by']}",
        ),
        ("投诉书面答复至 complaint answered in writing by", reviewed["complaint_answered_by"]),
        ("摘要 digest", found["digest"]),
        ("账目差异 differences", str(len(found["differences"]))),
    ]
    return [
        *(f"{name}: {value}" for name, value in rows),
        *(f"  {each['what']}: {each['kept']} ≠ {each['derived']}" for each in found["differences"]),
    ]
