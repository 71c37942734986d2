"""People as columns: the facts of the database in the layout of the batch, and the way back to whose they are.

The columns number subjects; a person's id has 128 bits. So people are numbered in the order of their ids within a shard,
and the ids stand beside.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import pyarrow

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.access import Access, Ground
from backend.platform.callers import system_access
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.records import service as records
from backend.scores import store
from scoring import Fact
from scoring.batch.columns import facts_batch


class People(NamedTuple):
    """`subjects[n]` is the person with number n, `records[row]` the record of a row; None where a person has none."""

    subjects: list[UUID]
    records: list[str | None]
    facts: pyarrow.RecordBatch


def in_columns(facts: Mapping[UUID, Sequence[Fact]]) -> People:
    """The facts of people, whoever has none included."""
    subjects = sorted(facts)
    ordered = [sorted(facts[subject], key=lambda fact: (fact.occurred_on, fact.record_id)) for subject in subjects]
    found: list[str | None] = []
    for own in ordered:
        found.extend([fact.record_id for fact in own] or [None])
    return People(subjects, found, facts_batch(enumerate(ordered)))


class Page(NamedTuple):
    """The people of one page by id: the last of it, how many there were, and the facts of those who consent to computing."""

    last: UUID
    people: int
    facts: dict[UUID, list[Fact]]


BATCH = system_access("scores", "批量计算信用分", "依据本人同意计算信用分", Ground.CONSENT_COMPUTE, "records")


async def read_page(platform: Platform, after: UUID, limit: int, access: Access = BATCH) -> Page | None:
    """The next people with their facts; None after the last. One snapshot, three round trips, an access row for each read."""
    async with platform.database.transaction(snapshot=True) as connection:
        ids = await store.all_subjects(connection, after, limit)
        if not ids:
            return None
        consenting = await consents.in_force(connection, ConsentKind.COMPUTE, ids, platform.clock.now())
        return Page(ids[-1], len(ids), await _facts(connection, access, sorted(consenting)))


async def _facts(connection: Connection, access: Access, subject_ids: Sequence[UUID]) -> dict[UUID, list[Fact]]:
    if not subject_ids:
        return {}
    return await records.facts_of(connection, access, subject_ids)
