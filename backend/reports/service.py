"""What the reports room does: what a resident saved, and a month's report of everybody, drawn once."""

import csv
from collections import defaultdict
from collections.abc import Collection
from io import StringIO
from uuid import UUID

import msgspec

from backend.deposits import service as deposits
from backend.identity import service as identity
from backend.ledger import service as ledger
from backend.market import service as market
from backend.platform.access import Ground
from backend.platform.callers import Caller, system_access
from backend.platform.clock import local_date
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.reports import store
from backend.reports.messages import (
    BenefitFigures,
    CitySavings,
    MonthFigures,
    MonthReport,
    MySavings,
    SavedBenefit,
    SavedMonth,
    Uptake,
    WaivedDeposit,
)
from backend.scores import service as scores
from partners.reports.groups import Person, benefits_told, cost_per_use_fen, figures, table, without_money

PUBLISHED_MONTHS = 12

_PAGE = 1000
_ACCESS = system_access(
    "reports", "汇总权益使用情况（只产生汇总数）", "公布权益使用与补贴效果的汇总统计", Ground.LEGAL_DUTY, "usage", "level", "district", "age"
)  # fmt: skip


async def my_savings(platform: Platform, caller: Caller) -> MySavings:
    """What the caller saved, with or without a score. Three round trips."""
    subject_id, today = caller.proven_subject(), local_date(platform.clock.now())
    access = caller.access("查看我节省了多少", "redemptions", "orders")
    async with platform.database.connection() as connection:
        saved = await market.saved_by(connection, access, subject_id)
        waived = await deposits.waived_of(connection, access, subject_id)
        names = await market.benefit_names(connection, sorted({*(each.benefit_id for each in saved), *waived}))
    months: defaultdict[str, list[market.Saved]] = defaultdict(list)
    benefits: defaultdict[str, list[market.Saved]] = defaultdict(list)
    for each in saved:
        months[each.month].append(each)
        benefits[each.benefit_id].append(each)
    by_month = [SavedMonth(month, _uses(months[month]), _fen(months[month])) for month in sorted(months, reverse=True)]
    by_benefit = [
        SavedBenefit(benefit, names[benefit], _uses(benefits[benefit]), _fen(benefits[benefit]))
        for benefit in sorted(benefits, key=lambda benefit: (-_fen(benefits[benefit]), benefit))
    ]
    return MySavings(
        saved_fen=_fen(saved),
        year_fen=sum(each.saved_fen for each in by_month if each.month.startswith(f"{today:%Y}-")),
        month_fen=sum(each.saved_fen for each in by_month if each.month == f"{today:%Y-%m}"),
        uses=_uses(saved),
        months=by_month,
        benefits=by_benefit,
        deposits=[WaivedDeposit(benefit, names[benefit], *waived[benefit]) for benefit in sorted(waived)],
        deposits_waived_fen=sum(fen for _, fen in waived.values()),
    )


async def city_savings(platform: Platform) -> CitySavings:
    """What everybody may read: the months that are over, newest first. One round trip."""
    async with platform.database.connection() as connection:
        rows = await store.latest(connection, PUBLISHED_MONTHS)
    return CitySavings([msgspec.convert(row["figures"], MonthFigures) for row in rows])


async def report(platform: Platform, month: str) -> MonthReport:
    """A month with its tables of groups. Raises NOT_FOUND. One round trip, which reads of nobody."""
    async with platform.database.connection() as connection:
        row = await store.one(connection, month)
    if row is None:
        raise NOT_FOUND.error()
    return MonthReport(
        month=row["month"],
        drawn_at=row["drawn_at"],
        figures=msgspec.convert(row["figures"], MonthFigures),
        uptake=msgspec.convert(row["uptake"], list[Uptake]),
    )


async def report_as_csv(platform: Platform, month: str) -> bytes:
    """The same for a spreadsheet: UTF-8 with a byte order mark. Raises NOT_FOUND. One round trip."""
    found = await report(platform, month)
    written = StringIO(newline="")
    lines = csv.writer(written)
    lines.writerow(
        ("权益 benefit", "维度 by", "分组 group", "人数 people", "次数 uses", "节省（分） saved fen", "人均（分） mean fen",
         "中位（分） median fen", "每次成本（分） cost per use fen")
    )  # fmt: skip
    for benefit in found.figures.benefits:
        if benefit.figures is not None:
            lines.writerow((benefit.benefit, "", "", *_told(benefit.figures), benefit.cost_per_use_fen))
    if found.figures.figures is not None:
        lines.writerow(("", "", "", *_told(found.figures.figures), None))
    for uptake in found.uptake:
        for by, rows in (("level", uptake.levels), ("district", uptake.districts), ("age", uptake.age_bands)):
            for row in rows:
                lines.writerow((uptake.benefit, by, row.name or "其他 others", *_told(row.figures), None))
    return ("\ufeff" + written.getvalue()).encode()


async def draw_last_month(platform: Platform) -> int:
    """What the job does: draws the report of the month before this one, unless it is drawn; gives how many it drew."""
    return int(await draw(platform, ledger.previous_month(local_date(platform.clock.now()))))


async def draw(platform: Platform, month: str) -> bool:
    """Draws the report of a month that is over; False if it is not over, or drawn. Two processes at once draw it once.

    Whose birthday falls into which band is found from the sealed number and kept nowhere; every person who is counted reads
    of it in their access log. Three round trips for each thousand people, and four.
    """
    begins, ends = ledger.span(month)
    if platform.clock.now() < ends:
        return False
    async with platform.database.transaction() as connection:
        if await store.has(connection, month):
            return False
        everybody, by_benefit = await _people(platform, connection, month)
        told_of = benefits_told({benefit: frozenset(users) for benefit, users in by_benefit.items()})
        paid = await ledger.paid_between(connection, begins, ends)
        names = await market.benefit_names(connection, sorted(by_benefit))
        told = MonthFigures(
            month=month,
            figures=figures(everybody),
            benefits=[
                BenefitFigures(
                    benefit=benefit,
                    name=names[benefit],
                    figures=figures(users.values()) if benefit in told_of else None,
                    cost_per_use_fen=cost_per_use_fen(
                        paid.get(benefit, 0), len(users), sum(person.uses for person in users.values())
                    )
                    if benefit in told_of
                    else None,
                )
                for benefit, users in sorted(by_benefit.items())
            ],
        )
        uptake = [_uptake("", everybody), *(_of_benefit(each, by_benefit[each].values()) for each in sorted(told_of))]
        return await store.add(
            connection, month, msgspec.to_builtins(told), msgspec.to_builtins(uptake), platform.clock.now()
        )


async def _people(
    platform: Platform, connection: Connection, month: str
) -> tuple[list[Person], dict[str, dict[int, Person]]]:
    """Everybody who used something in a month, each as two numbers and coarse groups; and benefit -> place among everybody -> what
    was used of it. No ids."""
    everybody: list[Person] = []
    by_benefit: defaultdict[str, dict[int, Person]] = defaultdict(dict)
    names, day, last = scores.level_names(platform), local_date(ledger.span(month)[0]), UUID(int=0)
    while saved := await market.saved_by_many(connection, _ACCESS, month, ledger.span(month), last, _PAGE):
        by_subject: defaultdict[UUID, list[market.Saved]] = defaultdict(list)
        for each in saved:
            by_subject[each.subject_id].append(each)
        subjects = sorted(by_subject)
        last = subjects[-1]
        groups = await identity.groups_of(platform, connection, _ACCESS, subjects, day)
        asked = scores.standings(subjects)
        standings = (await connection.ask(asked, accesses=[_ACCESS] * len(subjects)))[asked]
        for subject_id, standing in zip(subjects, standings, strict=True):
            group = groups.get(subject_id)
            where = {
                "level": names[standing.rank][0] if standing.rank in names else "unknown",
                "district": group.district if group else "unknown",
                "age": str(group.age_band) if group else "unknown",
            }
            everybody.append(Person(_uses(by_subject[subject_id]), _fen(by_subject[subject_id]), where))
            for each in by_subject[subject_id]:
                by_benefit[each.benefit_id][len(everybody) - 1] = Person(each.uses, each.saved_fen, where)
    return everybody, dict(by_benefit)


def _of_benefit(benefit: str, people: Collection[Person]) -> Uptake:
    whole = _uptake(benefit, people)
    return Uptake(benefit, without_money(whole.levels), without_money(whole.districts), without_money(whole.age_bands))


def _uptake(benefit: str, people: Collection[Person]) -> Uptake:
    return Uptake(benefit, table(people, "level"), table(people, "district"), table(people, "age"))


def _uses(saved: list[market.Saved]) -> int:
    return sum(each.uses for each in saved)


def _fen(saved: list[market.Saved]) -> int:
    return sum(each.saved_fen for each in saved)


def _told(told: object) -> tuple[object, ...]:
    return msgspec.structs.astuple(told)  # type: ignore[arg-type]
