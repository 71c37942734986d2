"""Running a simulation over the database: everybody who consents to a score, a page at a time, and nothing written of them
but the rows of their access log."""

import asyncio
from datetime import date
from uuid import UUID

from backend.catalogue import service as catalogue
from backend.identity import service as identity
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.platform import Platform
from backend.scores.batch.people import in_columns, read_page
from backend.scores.computing import Progress
from backend.scores.simulation.messages import Report
from backend.scores.simulation.tally import Tally
from scoring import RuleSet
from scoring.ruleset import Names

_PAGE = 2000
# Assessing a rule before it is published is the authority's duty; the consent to compute names published rules only.
ACCESS = system_access(
    "scores", "评价规则修订模拟（仅统计）", "公布前评估评价规则的影响，只产生汇总数", Ground.LEGAL_DUTY, "records", "district", "age", "channel"
)  # fmt: skip


async def simulate(platform: Platform, before: RuleSet, after: RuleSet, day: date, advance: Progress) -> Report:
    """What would become of everybody's score. Six round trips for each 2,000 people."""
    tally, last = Tally(before, after, day), UUID(int=0)
    while (page := await read_page(platform, last, _PAGE, ACCESS)) is not None:
        if page.facts:
            async with platform.database.connection() as connection:
                groups = await identity.groups_of(platform, connection, ACCESS, sorted(page.facts), day)
            await asyncio.to_thread(tally.add, in_columns(page.facts), groups)
        last = page.last
        advance(page.people)
    names = {item.code: Names(item.names.zh, item.names.en) for item in catalogue.present().in_force(day)}
    return tally.report(names)
