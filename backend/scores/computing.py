"""Computing scores: for those who consent, from their facts, by the rule set in force; only what differs is written."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection
from backend.platform.due import Due, Handler, discard, enqueue
from backend.platform.platform import Platform
from backend.records import service as records
from backend.rule_sets import service as rule_sets
from backend.scores import store
from backend.subjects.service import TOUCHED
from scoring import Result, RuleSet, score

_PAGE = 1000

Progress = Callable[[int], None]


def due_handler(platform: Platform) -> Handler:
    """The handler of topic `subjects.TOUCHED`: recomputes the subjects whose score may have changed."""

    async def handle(connection: Connection, subject_ids: list[UUID]) -> None:
        await recompute(platform, connection, subject_ids)

    return handle


async def recompute(platform: Platform, connection: Connection, subject_ids: Sequence[UUID]) -> int:
    """Recomputes in the caller's transaction; gives how many scores changed. At most eight round trips for any number.

    Without a consent to compute, score, explanation and history are deleted (PIPL art. 47: consent withdrawn).
    """
    now = platform.clock.now()
    consenting = await consents.in_force(connection, ConsentKind.COMPUTE, subject_ids, now)
    without = [subject_id for subject_id in subject_ids if subject_id not in consenting]
    if without:
        await store.forget(connection, without)
    if not consenting:
        return 0
    rule_set = rule_sets.in_force_on(platform, local_date(now))
    results = await _compute(connection, sorted(consenting), rule_set, local_date(now))
    before = {row["subject_id"]: row for row in await store.stored(connection, sorted(consenting))}
    changed = {
        subject_id: result
        for subject_id, result in results.items()
        if _differs(before.get(subject_id), rule_set, result)
    }
    if changed:
        await store.write(
            connection, [_row(subject_id, rule_set, result, now) for subject_id, result in changed.items()]
        )
    moved = [
        _change(subject_id, rule_set, before.get(subject_id), result, now)
        for subject_id, result in changed.items()
        if subject_id not in before or before[subject_id]["millipoints"] != result.millipoints
    ]
    if moved:
        await store.add_changes(connection, moved)
    await enqueue(
        connection, TOUCHED, [_next(subject_id, results[subject_id], until) for subject_id, until in consenting.items()]
    )
    return len(changed)


async def recompute_everyone(platform: Platform, advance: Progress) -> int:
    """Recomputes every person, a thousand at a time, each page in a transaction; gives how many scores changed."""
    changed, last = 0, UUID(int=0)
    while True:
        async with platform.database.transaction() as connection:
            page = await store.all_subjects(connection, last, _PAGE)
            if not page:
                return changed
            await discard(connection, TOUCHED, page)
            changed += await recompute(platform, connection, page)
        last = page[-1]
        advance(len(page))


async def _compute(
    connection: Connection, subject_ids: Sequence[UUID], rule_set: RuleSet, day: date
) -> dict[UUID, Result]:
    access = system_access("scores", "计算信用分", "依据本人同意计算信用分", Ground.CONSENT_COMPUTE, "records")
    facts = await records.facts_of(connection, access, subject_ids)
    return {subject_id: score(rule_set, facts[subject_id], day) for subject_id in subject_ids}


def _differs(row: Mapping[str, Any] | None, rule_set: RuleSet, result: Result) -> bool:
    return row is None or (
        (row["rule_set"], row["version"], row["millipoints"], row["level_rank"], row["next_change_on"])
        != (rule_set.id, rule_set.version, result.millipoints, result.level.rank, result.next_change_on)
        or row["lines"] != msgspec.to_builtins(list(result.lines))
        or row["not_counted"] != msgspec.to_builtins(list(result.not_counted))
    )


def _row(subject_id: UUID, rule_set: RuleSet, result: Result, now: datetime) -> tuple[object, ...]:
    return (
        subject_id,
        rule_set.id,
        rule_set.version,
        result.millipoints,
        result.level.rank,
        msgspec.to_builtins(list(result.lines)),
        msgspec.to_builtins(list(result.not_counted)),
        local_date(now),
        result.next_change_on,
        now,
    )


def _change(
    subject_id: UUID, rule_set: RuleSet, before: Mapping[str, Any] | None, result: Result, now: datetime
) -> tuple[object, ...]:
    earlier = before["millipoints"] if before is not None else None
    return subject_id, now, rule_set.id, rule_set.version, earlier, result.millipoints, result.level.rank


def _next(subject_id: UUID, result: Result, consent_until: datetime) -> Due:
    """The next instant at which the score can change by itself: a date of the rules, or the end of the consent."""
    if result.next_change_on is None:
        return Due(subject_id, consent_until)
    return Due(subject_id, min(consent_until, start_of_day(result.next_change_on)))
