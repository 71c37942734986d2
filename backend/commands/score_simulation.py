"""`xinyi score simulate`: a changed rule set over the population, as a page and as JSON."""

import asyncio
from datetime import date
from pathlib import Path

import msgspec

from backend.commands.progress import progress
from backend.commands.rules import load_file
from backend.commands.services import opened, servers
from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from backend.rule_sets import service as rule_sets
from backend.scores import reconciliation
from backend.scores.simulation.messages import Report
from backend.scores.simulation.page import render
from backend.scores.simulation.running import simulate
from scoring import RuleSet


def simulate_file(settings: Settings, file: Path, against: Path | None, day: date | None, output: Path) -> Report:
    """Writes report.html and report.json into a folder; gives the report. Against the version in force on the day, or that of
    another file. Raises Refusal."""
    after = load_file(file)

    async def act(addressed: Settings) -> Report:
        async with opened(addressed) as platform:
            on = day or local_date(platform.clock.now())
            before = load_file(against) if against is not None else _in_force(platform, on)
            _require_same_kind(before, after)
            with progress("模拟 simulation", await reconciliation.count_people(platform)) as advance:
                return await simulate(platform, before, after, on, advance)

    with servers(settings) as addressed:
        report = asyncio.run(act(addressed))
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / "report.html").write_text(render(report), encoding="utf-8")
        (output / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    except OSError as error:
        raise Refusal(
            f"无法写入 {output}（{type(error).__name__}）。", f"{output} cannot be written ({type(error).__name__})."
        ) from None
    return report


def _in_force(platform: Platform, day: date) -> RuleSet:
    try:
        return rule_sets.in_force_on(platform, day)
    except LookupError:
        raise Refusal(f"{day} 没有生效的评价规则。", f"No rule set is in force on {day}.") from None


def _require_same_kind(before: RuleSet, after: RuleSet) -> None:
    if before.subject != "person" or after.subject != "person":
        raise Refusal("只能模拟评价居民的规则。", "Only rule sets about persons can be simulated.")
