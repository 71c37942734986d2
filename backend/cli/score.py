"""`xinyi score`: scores 信用分 as they are stored, recomputed and explained."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from backend.cli.frame import Day, Json, refusing, settings_here, show, today

group = typer.Typer(
    help="信用分：对账、说明、试算、批量计分、模拟。 Scores: reconcile, explain, what if, batch, simulate.",
    no_args_is_help=True,
)

Subject = Annotated[str, typer.Argument(help="主体编号或手机号。 A subject's id, or a phone number.")]
Reason = Annotated[str, typer.Option(help="查看原因，写入本人的访问记录。 Why; it stands in the person's access log.")]


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
        lambda found: [
            f"已核对 checked: {found['checked']:,}",
            f"待重算 waiting: {found['waiting']:,}",
            f"差异 differences: {found['differences']:,}",
            *(f"  {subject}" for subject in found["subjects"]),
        ],
    )
    if result.differences and not recompute:
        raise typer.Exit(1)


@group.command("explain")
@refusing
def score_explain(
    subject: Subject = "",
    reason: Reason = "",
    day: Day = None,
    rule_set: Annotated[
        Path | None, typer.Option(help="不查数据库，按此规则文件计算。 By this rule set file, not the database.")
    ] = None,
    facts: Annotated[Path | None, typer.Option(help="事实的 JSON 列表。 A JSON list of facts.")] = None,
    as_json: Json = False,
) -> None:
    """逐条说明一个主体在某日的信用分；或按规则文件与事实文件计算。 Explain the score of a subject and day, or of files."""
    from backend.commands.score_explained import explain, explain_file, lines_of

    on = day.date() if day else None
    if rule_set is not None and facts is not None and not subject:
        told = explain_file(rule_set, facts, on or today())
    elif subject and rule_set is None and facts is None:
        told = explain(settings_here(), subject, reason, on)
    else:
        raise typer.BadParameter("给出主体，或同时给出 --rule-set 与 --facts。 A subject, or --rule-set and --facts.")
    show(told, as_json, lines_of)


@group.command("what-if")
@refusing
def score_what_if(
    subject: Subject,
    reason: Reason = "",
    remove: Annotated[list[UUID] | None, typer.Option(help="去掉的记录编号。 Ids of records to think away.")] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(help="加上的记录 事项:日期[:数量或等级]。 Records to add, ITEM:DAY[:AMOUNT or GRADE]."),
    ] = None,
    as_json: Json = False,
) -> None:
    """去掉或加上一些记录会怎样；不保存。 What the score would be with other records; nothing is kept."""
    from backend.commands.score_explained import lines_of_what_if, what_if

    show(what_if(settings_here(), subject, reason, remove or [], add or []), as_json, lines_of_what_if)


@group.command("batch")
@refusing
def score_batch(
    output: Annotated[
        Path,
        typer.Option(
            help="结果文件夹；中断后用同一命令续算。 Folder of the result; the same command goes on after a stop."
        ),
    ],
    facts: Annotated[
        Path | None,
        typer.Argument(
            help="Parquet 或 Arrow 文件，或其文件夹；不填则取数据库。 Parquet or Arrow file, or a folder of them; else the database."
        ),
    ] = None,
    rule_set: Annotated[
        Path | None,
        typer.Option(
            help="评价规则文件，仅用于文件输入；默认桃花分。 A rule set, for files only; else the shipped one."
        ),
    ] = None,
    day: Day = None,
    shard: Annotated[
        int | None,
        typer.Option(min=1, help="每个分片的行数（数据库为人数）。 Rows of a shard, or people of the database."),
    ] = None,
    as_json: Json = False,
) -> None:
    """对全部主体批量计分，可中断续算。 Score a whole population into files; a run that was stopped goes on."""
    from backend.commands.score_batch import rule_set_of, score_files, score_people

    if facts is None and rule_set is not None:
        raise typer.BadParameter(
            "未公布的评价规则不得用于真实居民。 An unpublished rule set scores nobody in the database.",
            param_hint="--rule-set",
        )
    on = day.date() if day else None
    if facts is None:
        summary = score_people(settings_here(), on, output, shard)
    else:
        summary = score_files(facts, rule_set_of(rule_set), on or today(), output, shard)
    show(
        summary,
        as_json,
        lambda found: [
            f"主体 subjects: {found['subjects']:,}",
            f"记录行 rows: {found['rows']:,}，计分 counting: {found['contributions']:,}",
            *(f"等级 level {rank}: {number:,}" for rank, number in found["levels"].items()),
            f"分片 shards: {found['shards']:,}，其中续用 kept from before: {found['went_on_after']:,}",
            f"结果涉及个人信息，仅本账户可读，请妥善保管、用后删除：{found['output']}",
            f"The result is personal data, readable by this account only: protect it, delete it after use: {found['output']}",
        ],
    )


@group.command("simulate")
@refusing
def score_simulate(
    file: Annotated[Path, typer.Argument(help="修订后的评价规则文件。 The changed rule set.")],
    output: Annotated[Path, typer.Option(help="报告文件夹。 Folder of the report.")] = Path("simulation"),
    against: Annotated[
        Path | None,
        typer.Option(help="与此文件比较；不填则与当日有效的版本比较。 Another file; else the version in force."),
    ] = None,
    day: Day = None,
    as_json: Json = False,
) -> None:
    """修订规则对全体居民的影响：只有汇总数，不保存分数。 What a changed rule set would do: counts only, nothing stored."""
    from backend.commands.score_simulation import simulate_file

    show(
        simulate_file(settings_here(), file, against, day.date() if day else None, output),
        as_json,
        lambda found: [
            f"{found['rule_set']} {found['version_before']} → {found['version_after']}，{found['people']:,} 人 people",
            f"升分 up: {found['up'] if found['up'] is not None else '<10'}，降分 down: {found['down'] if found['down'] is not None else '<10'}",
            f"报告 report: {output / 'report.html'}, {output / 'report.json'}",
        ],
    )
