"""The report of a dry run in a real browser: on a phone nothing runs off the screen, and its numbers are those of the JSON."""

from datetime import date
from pathlib import Path

import msgspec
from playwright.async_api import Browser

from backend.scores.simulation.messages import (
    GroupRow,
    LevelChange,
    LevelShare,
    Mover,
    Quantile,
    Report,
    ScoreBand,
)
from backend.scores.simulation.page import render
from tests.pages.acts import fits_the_screen
from tests.pages.conftest import opened, phone

REPORT = Report(
    rule_set="taohua",
    version_before="2026.1",
    version_after="2027.1",
    day=date(2026, 11, 23),
    people=12_340,
    up=1_230,
    down=None,
    levels=[
        LevelShare(0, "待提升", "To improve", None, 40),
        LevelShare(1, "诚信", "Trusted", 9_000, 8_000),
        LevelShare(2, "良好", "Good", 3_300, 4_300),
    ],
    scores=[ScoreBand(560, 40, None), ScoreBand(600, 9_000, 8_000), ScoreBand(620, 3_300, 4_300)],
    quantiles=[Quantile(500, 600_000, 604_000)],
    level_changes=[LevelChange(1, 2, 1_000), LevelChange(2, 1, None)],
    districts=[
        GroupRow("桃源区" * 6, 6_000, 5_000, 1_000, 0, 600_500, 604_500),
        GroupRow("", 6_340, 6_110, 230, 0, 600_000, 601_000),
    ],
    age_bands=[GroupRow("18", 12_340, 11_110, 1_230, 0, 600_250, 602_750)],
    channels=[],
    movers=[Mover("volunteer-service", "志愿服务", "Volunteer service", 1_230, 4_920_000)],
)


async def test_a_phone_shows_the_whole_report_with_the_numbers_of_the_json(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(REPORT), encoding="utf-8")
    context = await phone(browser, "http://127.0.0.1")
    page, complaints = await opened(context, file.as_uri())
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await fits_the_screen(page)
    text = await page.locator("body").inner_text()
    told = msgspec.to_builtins(REPORT)
    counts = [
        told["people"],
        told["up"],
        *(count for level in told["levels"] for count in (level["before"], level["after"])),
        *(
            row[name]
            for table in ("districts", "age_bands")
            for row in told[table]
            for name in ("people", "same", "up")
        ),
    ]
    assert all(f"{count:,}" in text for count in counts if count is not None)
    hidden = [
        REPORT.down,
        *(change.people for change in REPORT.level_changes),
        *(share for level in REPORT.levels for share in (level.before, level.after)),
        *(share for band in REPORT.scores for share in (band.before, band.after)),
    ]
    assert text.count("<10") == hidden.count(None) == 4
    assert "人数过少，不予公布" in text, "a table without any group says why"
    assert "其余" in text
    wide = await page.locator("svg rect").evaluate_all("all => all.map((one) => one.getBoundingClientRect().width)")
    assert len(wide) == 2 * (len(REPORT.levels) + len(REPORT.scores))
    assert sum(width == 0 for width in wide) == 2, "no bar where the count is hidden"
    assert max(wide) > 200
    assert complaints == []
