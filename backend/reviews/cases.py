"""Cases of public review 评议案件: what is surely bad is put right by a date, re-checked, and ends live or delisted, on the clock.

Nobody has to act for a case to go on, and no one person can stop it: each stage ends by its last day, a stop needs two officers with
reasons, and so does what becomes of an objection. The partner is told of every move (`partner.moved`), and heard before the first.
Where a case stands is the partner's own state (`backend.partner_accounts.states`), so there is one table of states and one history.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import structlog

from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.states import PartnerEvent, PartnerState
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.row_ids import new_id
from backend.platform.terms import day_after, working_calendar
from backend.reviews import cards, case_store, store
from backend.reviews.messages import CaseOutcome
from backend.reviews.rules import Rules, rules_on, versions
from partners.reviews.verdicts import Ground, grounds

TOPIC = "review-case"

# A review that was sent in the last instant of a month has reached the database by then.
_SETTLED = timedelta(minutes=10)
_ACTOR = "public-review"
_log = structlog.get_logger()

GROUND_WORDS: Mapping[Ground, str] = {
    Ground.REFUSES: "当场拒绝比例过高",
    Ground.BREAKS_PROMISES: "未如约兑现比例过高",
    Ground.RATED_LOW: "评议得分过低",
}


async def draw_last_month(platform: Platform) -> int:
    """Draws every reviewed partner's figures of the last whole month and opens a case where a new card is surely bad: a case, too, tells
    of ten people at least. Gives how many partners were drawn. Doing it again changes nothing. Up to ten round trips for each partner, each in a transaction of its own."""
    until_day = cards.last_day_of_last_month(local_date(platform.clock.now() - _SETTLED))
    since = start_of_day(until_day - timedelta(days=rules_on(until_day).counted_days - 1))
    async with platform.database.connection() as connection:
        waiting = await store.reviewed(connection, since, start_of_day(until_day + timedelta(days=1)), until_day)
    for partner_id in waiting:
        async with platform.database.transaction() as connection:
            if await cards.draw(platform, connection, partner_id, until_day):
                await _judge(platform, connection, partner_id, until_day)
    return len(waiting)


async def _judge(platform: Platform, connection: Connection, partner_id: UUID, until_day: date) -> None:
    """Opens a case if what was said since the last one ended is surely bad, and the partner is in none."""
    if await partner_accounts.state_of(connection, partner_id, hold=True) is not PartnerState.LIVE:
        return
    today = local_date(platform.clock.now())
    rules = rules_on(today)
    from_day = until_day - timedelta(days=rules.counted_days - 1)
    cleared = await case_store.cleared_on(connection, partner_id)
    if cleared is not None:
        from_day = max(from_day, cleared + timedelta(days=1))
    figures, _ = await cards.figures_between(connection, partner_id, from_day, until_day, from_day)
    found = grounds(figures, rules.thresholds)
    if not found:
        return
    case_id = new_id(platform.clock.now())
    last_day, provisional = _term(platform, today, rules.reply_working_days)
    await case_store.add(
        connection,
        {
            "id": case_id,
            "partner_id": partner_id,
            "rules_from": rules.effective_from,
            "grounds": list(found),
            "opened_on": today,
            "next_day": last_day,
            "provisional": provisional,
        },
    )
    because = f"公众评议：{_in_words(found)}。请于 {last_day} 前答复。"
    await partner_accounts.move_partner(platform, connection, partner_id, PartnerEvent.REVIEW, _ACTOR, because)
    await enqueue(connection, TOPIC, [Due(case_id, day_after(last_day))])


def due_handler(platform: Platform) -> Callable[[Connection, list[UUID]], Awaitable[None]]:
    """The handler of TOPIC: a stage whose last day is over ends, and the next begins. Up to ten round trips for each case."""

    async def look_at_clocks(connection: Connection, ids: list[UUID]) -> None:
        today = local_date(platform.clock.now())
        for case_id in ids:
            row = await case_store.lock(connection, case_id)
            if row is None or row["outcome"] is not None or row["next_day"] is None:
                continue
            if row["next_day"] >= today:
                await enqueue(connection, TOPIC, [Due(case_id, day_after(row["next_day"]))])
                continue
            state = await partner_accounts.state_of(connection, row["partner_id"], hold=True)
            step = _STEPS.get(state)
            if step is None:
                _log.error("review-case-astray", case=str(case_id), state=state)
                continue
            await step(platform, connection, row, _rules_of(row), today)

    return look_at_clocks


async def close(
    platform: Platform,
    connection: Connection,
    row: Row,
    outcome: CaseOutcome,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """A case ends: nothing waits for a date any more. One round trip."""
    today = local_date(platform.clock.now())
    ended = {"outcome": outcome, "closed_on": today, "next_day": None, **_NO_PROPOSAL}
    await case_store.change(connection, row["id"], {**ended, **(changes or {})})


async def _order(platform: Platform, connection: Connection, row: Row, rules: Rules, today: date) -> None:
    """The partner was heard, or had the time to be: it has to put things right by a date."""
    last_day = await _next_stage(platform, connection, row, today, rules.rectify_working_days, {"ordered_on": today})
    because = f"请于 {last_day} 前整改：{_in_words(_grounds_of(row['grounds']))}；到期按其后的评议复核。"
    await _move(platform, connection, row, PartnerEvent.ORDER_RECTIFICATION, because)


async def _recheck(platform: Platform, connection: Connection, row: Row, rules: Rules, today: date) -> None:
    """What was said since the order decides. Too few to say anything are on the partner's side."""
    since = row["ordered_on"] + timedelta(days=1)
    figures, _ = await cards.figures_between(connection, row["partner_id"], since, row["next_day"], since)
    found = grounds(figures, rules.thresholds)
    if not found:
        await _move(platform, connection, row, PartnerEvent.CLEAR, "整改期满，复核合格，恢复正常。")
        await close(platform, connection, row, CaseOutcome.PASSED, {"found_again": []})
        return
    last_day = await _next_stage(
        platform, connection, row, today, rules.notice_working_days, {"found_again": list(found)}
    )
    because = f"整改期满，复核仍不合格：{_in_words(found)}。如无终止决定，{last_day} 期满后退出。"
    await _move(platform, connection, row, PartnerEvent.RECHECK, because)


async def _delist(platform: Platform, connection: Connection, row: Row, rules: Rules, today: date) -> None:
    """The notice is over and nobody stopped it. The partner may object."""
    object_by, provisional = _term(platform, today, rules.objection_working_days)
    because = f"整改不到位，自 {today} 起退出；如有异议，请于 {object_by} 前提出。"
    await _move(platform, connection, row, PartnerEvent.DELIST, because)
    changes = {"objection_by": object_by, "provisional": provisional}
    await close(platform, connection, row, CaseOutcome.DELISTED, changes)


_STEPS: Mapping[PartnerState, Callable[[Platform, Connection, Row, Rules, date], Awaitable[None]]] = {
    PartnerState.UNDER_REVIEW: _order,
    PartnerState.RECTIFYING: _recheck,
    PartnerState.RECHECKED: _delist,
}
_NO_PROPOSAL = {"proposal": None, "proposed_by": None, "because": None}


async def _next_stage(
    platform: Platform, connection: Connection, row: Row, today: date, days: int, changes: Mapping[str, Any]
) -> date:
    """The next stage's last day. A stop that one officer proposed in the stage before waits for a second no more."""
    last_day, provisional = _term(platform, today, days)
    stage = {"next_day": last_day, "provisional": provisional, **_NO_PROPOSAL}
    await case_store.change(connection, row["id"], {**stage, **changes})
    await enqueue(connection, TOPIC, [Due(row["id"], day_after(last_day))])
    return last_day


async def _move(platform: Platform, connection: Connection, row: Row, event: PartnerEvent, because: str) -> None:
    await partner_accounts.move_partner(platform, connection, row["partner_id"], event, _ACTOR, because)


def _term(platform: Platform, start: date, days: int) -> tuple[date, bool]:
    reached = working_calendar(platform.settings.working_days_file).add(start, days)
    return reached.day, reached.provisional


def _rules_of(row: Row) -> Rules:
    """The rules under which the case was opened: later ones do not touch it."""
    return next(rules for rules in versions() if rules.effective_from == row["rules_from"])


def _grounds_of(codes: Sequence[str]) -> list[Ground]:
    return [Ground(code) for code in codes]


def _in_words(found: Sequence[Ground]) -> str:
    return "、".join(GROUND_WORDS[ground] for ground in found)
