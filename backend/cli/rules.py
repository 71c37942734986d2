"""`xinyi rules`: rule sets 评价规则 before anybody is scored by them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.frame import Day, Json, refusing, show, today

group = typer.Typer(
    help="评价规则：审查、文件格式、生成 SQL。 Rule sets: check, file format, SQL.", no_args_is_help=True
)


@group.command("check")
@refusing
def rules_check(
    file: Annotated[Path, typer.Argument(help="评价规则文件，YAML 或 JSON。 The rule set, YAML or JSON.")],
    as_json: Json = False,
) -> None:
    """合法性审查：列出每处违反的规则、理由与条款。 Refuse what the law forbids, naming rule, ground and article."""
    from backend.commands.rules import check

    verdict = check(file, today())
    show(
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


@group.command("schema")
@refusing
def rules_schema() -> None:
    """打印评价规则文件的 JSON Schema。 Print the JSON Schema of the file format."""
    from backend.rule_sets.service import schema

    print(json.dumps(schema(), ensure_ascii=False, indent=2))


@group.command("sql")
@refusing
def rules_sql(
    file: Annotated[Path, typer.Argument(help="评价规则文件。 The rule set.")],
    dialect: Annotated[str, typer.Option(help="spark、duckdb 或 postgres。 spark, duckdb or postgres.")] = "spark",
    day: Day = None,
    contributions: Annotated[
        bool, typer.Option("--contributions", help="逐条分值，而不是总分。 Points of each record, not the score.")
    ] = False,
) -> None:
    """把评价规则写成 SQL，在 facts 表上得到同样的整数。 Write a rule set as SQL: the same integers from a table of facts."""
    from backend.commands.rules import sql

    print(sql(file, day.date() if day else today(), dialect, contributions=contributions))
