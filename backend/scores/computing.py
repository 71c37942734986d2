"""Computing scores: for those who consent, from their facts, by the rule set in force; only what differs is written."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection
from backend.platform.due import Due, Handler, enqueue, take
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
    """Recomputes in the caller's transaction; gives how many stored scores changed. Four round trips for any number, of which
    the last enqueues; two more where consent is missing.

    The caller holds these keys of the due queue, as its handlers do: nobody else computes these subjects meanwhile, and
    whatever changes their records commits after this and is computed after this. Without a consent to compute, score,
    explanation and history are deleted (PIPL art. 47: consent withdrawn).
    """
    now = platform.clock.now()
    consenting = await consents.in_force(connection, ConsentKind.COMPUTE, subject_ids, now)
    without = [subject_id for subject_id in subject_ids if subject_id not in consenting]
    if without:
        await store.forget(connection, without)
    if not consenting:
        return 0
    day = local_date(now)
    rule_set = rule_sets.in_force_on(platform, day)
    results = await _compute(connection, sorted(consenting), rule_set, day)
    changed = await store.write_differences(
        connection,
        rule_set.id,
        rule_set.version,
        day,
        now,
        [_row(subject_id, results[subject_id]) for subject_id in sorted(results)],
    )
    await enqueue(
        connection, TOUCHED, [_next(subject_id, results[subject_id], until) for subject_id, until in consenting.items()]
    )
    return changed


async def recompute_everyone(platform: Platform, advance: Progress) -> int:
    """Recomputes every person, a thousand at a time, each page in a transaction; gives how many scores changed."""
    changed, last = 0, UUID(int=0)
    while True:
        async with platform.database.transaction() as connection:
            page = await store.all_subjects(connection, last, _PAGE)
            if not page:
                return changed
            await take(connection, TOUCHED, page)
            changed += await recompute(platform, connection, page)
        last = page[-1]
        advance(len(page))


async def _compute(
    connection: Connection, subject_ids: Sequence[UUID], rule_set: RuleSet, day: date
) -> dict[UUID, Result]:
    access = system_access("scores", "计算信用分", "依据本人同意计算信用分", Ground.CONSENT_COMPUTE, "records")
    facts = await records.facts_of(connection, access, subject_ids)
    return {subject_id: score(rule_set, facts[subject_id], day) for subject_id in subject_ids}


def _row(subject_id: UUID, result: Result) -> dict[str, object]:
    return {
        "subject_id": subject_id,
        "millipoints": result.millipoints,
        "level_rank": result.level.rank,
        "lines": result.lines,
        "not_counted": result.not_counted,
        "held": result.held,
        "next_change_on": result.next_change_on,
    }


def _next(subject_id: UUID, result: Result, consent_until: datetime) -> Due:
    """The next instant at which the score can change by itself: a date of the rules, or the end of the consent."""
    if result.next_change_on is None:
        return Due(subject_id, consent_until)
    return Due(subject_id, min(consent_until, start_of_day(result.next_change_on)))
