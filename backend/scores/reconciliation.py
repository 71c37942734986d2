"""Reconciling 对账: every stored score against one recomputed from the records by the other engine, the columnar one.

A nightly job and `xinyi score reconcile`. It writes how it went and the access rows, and never a score: what differs is
looked at by somebody before `--recompute` stores it.
"""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.records import service as records
from backend.rule_sets import service as rule_sets
from backend.scores import store
from backend.scores.computing import Progress
from backend.scores.messages import Reconciliation
from backend.subjects.service import TOUCHED
from scoring import Fact

# Small pages: in the server, the loop that answers requests decodes them in between.
_PAGE = 500
# Work due so soon may be done while we compare, and machines' clocks differ.
_SOON = timedelta(minutes=1)
_LISTED = 100
_log = structlog.get_logger()


class Read(NamedTuple):
    """People at one instant: how many wait for the due queue, the facts of the others who consent, and stored scores."""

    last: UUID
    people: int
    waiting: int
    day: date
    facts: dict[UUID, list[Fact]]
    stored: Mapping[UUID, Mapping[str, Any]]


async def reconcile(platform: Platform, advance: Progress) -> Reconciliation:
    """Compares score, level and every contribution of everybody, and writes down how it went.

    A score that the due queue is about to change is not a difference: facts, scores and queue are read in one snapshot, in
    which a stored score is either of the facts beside it or in the queue. Seven round trips for each 500 people.
    """
    # numba and pyarrow are loaded here, where a batch runs, and not by every server process.
    from backend.scores.batch.comparing import differing

    started_at = platform.clock.now()
    found, last = Reconciliation(), UUID(int=0)
    while (read := await _read(platform, last)) is not None:
        differ = await asyncio.to_thread(
            differing, rule_sets.in_force_on(platform, read.day), read.day, read.facts, read.stored
        )
        found.checked += len(read.facts.keys() | read.stored.keys())
        found.waiting += read.waiting
        found.differences += len(differ)
        found.subjects += differ[: _LISTED - len(found.subjects)]
        last = read.last
        advance(read.people)
    async with platform.database.transaction() as connection:
        await store.add_reconciliation(
            connection, started_at, found.checked, found.waiting, found.differences, found.subjects
        )
    counts = {"checked": found.checked, "waiting": found.waiting, "differences": found.differences}
    if found.differences:
        _log.error("scores-differ", **counts, subjects=[str(subject) for subject in found.subjects])
    else:
        _log.info("scores-reconciled", **counts)
    return found


async def reconcile_nightly(platform: Platform) -> int:
    """The job: gives the number of differences."""
    return (await reconcile(platform, lambda _: None)).differences


async def last_reconciliation(platform: Platform) -> Reconciliation | None:
    """How the last reconciliation went, or None before the first. One round trip."""
    async with platform.database.connection() as connection:
        row = await store.last_reconciliation(connection)
    if row is None:
        return None
    return Reconciliation(row["checked"], row["waiting"], row["differences"], row["subjects"])


async def count_people(platform: Platform) -> int:
    """How many people a reconciliation or a batch goes through. One round trip."""
    async with platform.database.connection() as connection:
        return await store.count_people(connection)


async def _read(platform: Platform, after: UUID) -> Read | None:
    access = system_access("scores", "核对信用分", "依据本人同意核对信用分", Ground.CONSENT_COMPUTE, "records")
    async with platform.database.transaction(snapshot=True) as connection:
        ids = await store.all_subjects(connection, after, _PAGE)
        if not ids:
            return None
        # After the snapshot was taken: what it holds was not enqueued for later than now.
        now = platform.clock.now()
        waiting = await store.waiting(connection, TOUCHED, ids, now + _SOON)
        settled = [subject_id for subject_id in ids if subject_id not in waiting]
        consenting = sorted(await consents.in_force(connection, ConsentKind.COMPUTE, settled, now))
        facts = await records.facts_of(connection, access, consenting) if consenting else {}
        stored = {row["subject_id"]: row for row in await store.stored(connection, settled)}
    return Read(ids[-1], len(ids), len(waiting), local_date(now), facts, stored)
