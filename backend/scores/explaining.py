"""Explanation 说明 of a score on any day: past by the rules and records of that day, to come by today's; what if; ways up.

Nothing here is stored, and nobody but the person reads it (Reg. art. 24; PIPL art. 24). Every function asks for the consent
to compute first, then reads the facts in the caller's access context.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from backend.catalogue import service as catalogue
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.clock import local_date, start_of_day
from backend.platform.platform import Platform
from backend.platform.problems import FieldError
from backend.platform.rate_limits import RateLimit, take
from backend.records import service as records
from backend.rule_sets import service as rule_sets
from backend.scores import views
from backend.scores.messages import (
    ComingChange,
    EffectOut,
    ExplanationOut,
    Outlook,
    WayUp,
    WhatIf,
    WhatIfOut,
)
from backend.scores.problems import NO_SCORE_THAT_DAY, NOT_IMAGINABLE
from scoring import Fact, RuleSet, score
from scoring.explanation import sentence_of_change
from scoring.foresight import Change, Effect, Way, changes_ahead, effects, ways_up, what_if
from scoring.points import points_text
from scoring.ruleset import Names

YEARS_AHEAD = 10

# Each costs many computations of a score: what a person does by hand passes, a loop does not.
_THINKING = RateLimit("score-thinking", capacity=30, seconds_each=2)


class Known(msgspec.Struct, frozen=True):
    """What a score of a day is made of: the version in force that day, the facts as known at `at`, and the day."""

    rule_set: RuleSet
    facts: list[Fact]
    day: date
    at: datetime


async def known(platform: Platform, access: Access, subject_id: UUID, day: date | None) -> Known:
    """Rule set and facts of a day; without one, of today. A past day is told as it was known at its end, a day to come by the
    records of today.

    Raises CONSENT_MISSING without a consent to compute today, NO_SCORE_THAT_DAY for a day on which there was none, on which no
    version is in force, or more than ten years ahead. Two round trips, for a past day three.
    """
    now = platform.clock.now()
    today = local_date(now)
    day = day or today
    # The last instant of a past day; of today and later, now.
    at = start_of_day(day + timedelta(days=1)) - timedelta(microseconds=1) if day < today else now
    if day.year > today.year + YEARS_AHEAD:
        raise NO_SCORE_THAT_DAY.error()
    try:
        rule_set = rule_sets.in_force_on(platform, day)
    except LookupError:
        raise NO_SCORE_THAT_DAY.error() from None
    async with platform.database.connection() as connection:
        await consents.require(connection, ConsentKind.COMPUTE, subject_id, now)
        if day < today:
            if not await consents.was_in_force(connection, ConsentKind.COMPUTE, subject_id, at):
                raise NO_SCORE_THAT_DAY.error()
            facts = await records.facts_as_known(connection, access, [subject_id], at)
        else:
            facts = await records.facts_of(connection, access, [subject_id])
    return Known(rule_set, facts[subject_id], day, at)


async def explain(platform: Platform, access: Access, subject_id: UUID, day: date | None) -> ExplanationOut:
    """Line by line how the score of a day arose, arises or will arise; the sum is exact. Raises and takes what `known` does."""
    found = await known(platform, access, subject_id, day)
    result = score(found.rule_set, found.facts, found.day)
    return views.computed_explanation(found.rule_set, result, found.day, platform.clock.now())


async def explanation_of_mine(platform: Platform, caller: Caller, day: date) -> ExplanationOut:
    """The caller's score of a day, explained. Raises and takes what `known` does, and RATE_LIMITED (one cache round trip)."""
    await take(platform.cache, _THINKING, str(caller.account_id))
    access = caller.access(f"查看 {day} 的信用分说明", "records", "explanation")
    return await explain(platform, access, caller.proven_subject(), day)


async def outlook_of_mine(platform: Platform, caller: Caller) -> Outlook:
    """The dated changes ahead of the caller and the nearest ways to a higher level.

    Raises CONSENT_MISSING, RATE_LIMITED. Two database round trips and one of the cache.
    """
    await take(platform.cache, _THINKING, str(caller.account_id))
    access = caller.access("查看信用分今后的变化", "records", "explanation")
    return await outlook(platform, access, caller.proven_subject())


async def outlook(platform: Platform, access: Access, subject_id: UUID) -> Outlook:
    """The dated changes ahead of a subject, and ways up. Raises CONSENT_MISSING. Two round trips."""
    found = await known(platform, access, subject_id, None)
    versions = rule_sets.versions(platform)
    names = {item.code: Names(item.names.zh, item.names.en) for item in catalogue.present().in_force(found.day)}
    return Outlook(
        found.day,
        [_coming(versions, change) for change in changes_ahead(versions, found.facts, found.day)],
        [_way(found.rule_set, way) for way in ways_up(versions, found.facts, found.day, names=names)],
    )


async def what_if_mine(platform: Platform, caller: Caller, change: WhatIf) -> WhatIfOut:
    """The caller's score with other records; nothing is kept.

    Raises CONSENT_MISSING, RATE_LIMITED, and NOT_IMAGINABLE naming a record that is not there or an item that the catalogue
    does not list. Two database round trips and one of the cache.
    """
    await take(platform.cache, _THINKING, str(caller.account_id))
    access = caller.access("试算信用分", "records", "explanation")
    return await imagine(platform, access, caller.proven_subject(), change)


async def imagine(platform: Platform, access: Access, subject_id: UUID, change: WhatIf) -> WhatIfOut:
    """A subject's score with other records. Raises CONSENT_MISSING, NOT_IMAGINABLE. Two round trips."""
    found = await known(platform, access, subject_id, None)
    _require_possible(found, change)
    added = [
        Fact(f"~{number}", each.item, each.occurred_on, None, "active", each.grade, each.amount, "试算 pretended")
        for number, each in enumerate(change.add)
    ]
    before = score(found.rule_set, found.facts, found.day)
    after = what_if(found.rule_set, found.facts, found.day, added, [str(record_id) for record_id in change.remove])
    explanation = views.computed_explanation(found.rule_set, after, found.day, platform.clock.now())
    return WhatIfOut(
        before=points_text(before.millipoints),
        after=points_text(after.millipoints),
        level=views.level_out(after.level),
        effects=[_effect(effect) for effect in effects(before, after)],
        explanation=explanation,
    )


def _require_possible(found: Known, change: WhatIf) -> None:
    present = {fact.record_id for fact in found.facts}
    listed = {item.code for item in catalogue.present().in_force(found.day)}
    errors = [
        FieldError(f"remove.{place}", "您没有这条记录", "you have no such record")
        for place, record_id in enumerate(change.remove)
        if str(record_id) not in present
    ]
    errors += [
        FieldError(f"add.{place}.item", "目录中没有这个事项", "the catalogue lists no such item")
        for place, each in enumerate(change.add)
        if each.item not in listed
    ]
    if errors:
        raise NOT_IMAGINABLE.error(errors=errors)


def _coming(versions: Sequence[RuleSet], change: Change) -> ComingChange:
    rule_set = next(version for version in versions if version.version == change.version)
    words = sentence_of_change(rule_set, change)
    return ComingChange(
        day=change.day,
        points=points_text(change.after - change.before, signed=True),
        before=points_text(change.before),
        after=points_text(change.after),
        level=views.level_out(rule_set.levels_by_rank[change.rank_after]),
        version=change.version,
        text=words.zh,
        text_en=words.en,
        effects=[_effect(effect) for effect in change.effects],
    )


def _effect(effect: Effect) -> EffectOut:
    return EffectOut(
        effect.record_id,
        effect.rule_id,
        points_text(effect.before, signed=True),
        points_text(effect.after, signed=True),
        effect.reason,
    )


def _way(rule_set: RuleSet, way: Way) -> WayUp:
    return WayUp(
        kind=way.kind,
        text=way.text.zh,
        text_en=way.text.en,
        points=points_text(way.millipoints, signed=True),
        level=views.level_out(rule_set.levels_by_rank[way.rank]),
        day=way.day,
        rules=list(way.rule_ids),
        record_id=way.record_id,
    )
