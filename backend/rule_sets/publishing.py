"""How a version comes into force: one operator proposes it, another one approves or refuses it; announced ones can be revoked.

Every act is one transaction that holds the room's lock, so that of two approvers at once one wins.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.platform import cursors, signals
from backend.platform.callers import Caller
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue, take
from backend.platform.impartiality import require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.row_ids import new_id
from backend.rule_sets import review, store
from backend.rule_sets.messages import (
    ProposedVersion,
    ProposedVersionDetail,
    ProposedVersionPage,
)
from backend.rule_sets.problems import RULE_SET_OF_ANOTHER, RULE_SET_TOO_LATE, RULE_SET_VERSION_TAKEN
from backend.rule_sets.published import SIGNAL, digest_of, shipped_version
from backend.rule_sets.review import Earlier
from backend.rule_sets.service import TAKES_EFFECT
from backend.rule_sets.states import LIVE, NEXT, STANDING, START, VersionEvent, VersionState
from backend.rule_sets.store import Entry
from scoring import RuleSet

# A revocation that came with the first second of the day would meet scores computed with what it revokes.
LAST_REVOCATION = timedelta(hours=1)


async def propose(platform: Platform, caller: Caller, source: str) -> ProposedVersion:
    """Proposes a version; it waits for somebody else.

    Raises RULE_SET_UNREADABLE, RULE_SET_UNLAWFUL, RULE_SET_DATES, and RULE_SET_VERSION_TAKEN for an id and version that
    stand for another text, or for this one already.
    """
    text = source.encode()
    now = platform.clock.now()
    # Reading a long text takes a while, in which the worker answers others.
    rule_set = await asyncio.to_thread(review.lawful, text, local_date(now))
    version_id, digest = new_id(now), digest_of(text)
    row = {
        "id": version_id,
        "rule_set": rule_set.id,
        "version": rule_set.version,
        "subject": rule_set.subject,
        "effective_from": rule_set.effective_from,
        "source": text,
        "digest": digest,
        "state": START,
        "proposed_by": caller.account_id,
        "proposed_at": now,
    }
    async with platform.database.transaction() as connection:
        await store.one_act_at_a_time(connection)
        known = await store.of_rule_set(connection, rule_set.id)
        _require_free(rule_set, digest, known)
        review.require_successor(rule_set, _earlier(rule_set.id, known), local_date(now))
        await store.add(connection, row)
        entry = Entry(event="propose", before=None, after=START, account_id=caller.account_id)
        await store.enter(connection, version_id, entry, now)
        written = await store.one(connection, version_id)
    assert written is not None  # noqa: S101 it was written in this transaction
    return _proposed(written, caller)


async def approve(platform: Platform, caller: Caller, version_id: UUID) -> ProposedVersion:
    """A second person publishes a version: from its day on every score follows it.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED, and whatever `propose` raises for what it has become since.
    """
    async with platform.database.transaction() as connection:
        row = await _locked(connection, version_id, VersionEvent.APPROVE)
        require_second_person(row["proposed_by"], caller.account_id)
        now = platform.clock.now()
        rule_set = await asyncio.to_thread(review.lawful, bytes(row["source"]), local_date(now))
        known = await store.of_rule_set(connection, rule_set.id)
        review.require_successor(rule_set, _earlier(rule_set.id, known), local_date(now))
        changes = {"decided_by": caller.account_id, "decided_at": now}
        moved = await _move(connection, caller, row, VersionEvent.APPROVE, changes, now)
        await enqueue(connection, TAKES_EFFECT, [Due(version_id, start_of_day(rule_set.effective_from))])
        await signals.send(connection, SIGNAL)
    return moved


async def refuse(platform: Platform, caller: Caller, version_id: UUID, reason: str) -> ProposedVersion:
    """A second person refuses a version. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED."""
    async with platform.database.transaction() as connection:
        row = await _locked(connection, version_id, VersionEvent.REFUSE)
        require_second_person(row["proposed_by"], caller.account_id)
        now = platform.clock.now()
        changes = {"decided_by": caller.account_id, "decided_at": now}
        return await _move(connection, caller, row, VersionEvent.REFUSE, changes, now, reason)


async def withdraw(platform: Platform, caller: Caller, version_id: UUID) -> ProposedVersion:
    """The proposer takes a version back. Raises NOT_FOUND, STATE_CONFLICT, RULE_SET_OF_ANOTHER."""
    async with platform.database.transaction() as connection:
        row = await _locked(connection, version_id, VersionEvent.WITHDRAW)
        if row["proposed_by"] != caller.account_id:
            raise RULE_SET_OF_ANOTHER.error()
        now = platform.clock.now()
        changes = {"decided_by": caller.account_id, "decided_at": now}
        return await _move(connection, caller, row, VersionEvent.WITHDRAW, changes, now)


async def propose_revocation(platform: Platform, caller: Caller, version_id: UUID, reason: str) -> ProposedVersion:
    """Proposes to revoke an announced version; unless somebody else confirms it in time, it takes effect.

    Raises NOT_FOUND, STATE_CONFLICT, RULE_SET_TOO_LATE.
    """
    async with platform.database.transaction() as connection:
        row = await _locked(connection, version_id, VersionEvent.PROPOSE_REVOCATION)
        now = platform.clock.now()
        _require_time(row, now)
        changes = {"revocation_by": caller.account_id}
        return await _move(connection, caller, row, VersionEvent.PROPOSE_REVOCATION, changes, now, reason)


async def confirm_revocation(platform: Platform, caller: Caller, version_id: UUID) -> ProposedVersion:
    """A second person revokes an announced version: it never takes effect.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED, RULE_SET_TOO_LATE.
    """
    async with platform.database.transaction() as connection:
        row = await _locked(connection, version_id, VersionEvent.CONFIRM_REVOCATION)
        require_second_person(row["revocation_by"], caller.account_id)
        now = platform.clock.now()
        _require_time(row, now)
        changes = {"revoked_by": caller.account_id}
        moved = await _move(connection, caller, row, VersionEvent.CONFIRM_REVOCATION, changes, now)
        await take(connection, TAKES_EFFECT, [version_id])
        await signals.send(connection, SIGNAL)
    return moved


async def keep(platform: Platform, caller: Caller, version_id: UUID, reason: str) -> ProposedVersion:
    """Leaves an announced version as it stands: its revocation is not confirmed. Raises NOT_FOUND, STATE_CONFLICT."""
    async with platform.database.transaction() as connection:
        row = await _locked(connection, version_id, VersionEvent.KEEP)
        changes = {"revocation_by": None}
        return await _move(connection, caller, row, VersionEvent.KEEP, changes, platform.clock.now(), reason)


async def proposals(
    platform: Platform, caller: Caller, state: VersionState | None, cursor: str | None, limit: int
) -> ProposedVersionPage:
    """Every version that was ever proposed, newest first, in one state if given. Raises BAD_CURSOR. One round trip."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        rows = await store.page(connection, state, before, limit + 1)
    found = [_proposed(row, caller) for row in rows[:limit]]
    return ProposedVersionPage(found, cursors.encode(found[-1].id) if len(rows) > limit else None)


async def proposal(platform: Platform, caller: Caller, version_id: UUID) -> ProposedVersionDetail:
    """A version with its source text, whatever its state. Raises NOT_FOUND. One round trip."""
    async with platform.database.connection() as connection:
        row = await store.one(connection, version_id)
    if row is None:
        raise NOT_FOUND.error()
    return ProposedVersionDetail(_proposed(row, caller), bytes(row["source"]).decode())


def _require_free(rule_set: RuleSet, digest: str, known: list[Row]) -> None:
    """A version names one text for ever, even one that was refused; the same text may be proposed again after that."""
    own = shipped_version()
    same = [row for row in known if row["version"] == rule_set.version]
    if (own.rule_set, own.version) == (rule_set.id, rule_set.version) or any(
        row["digest"] != digest or row["state"] in LIVE for row in same
    ):
        raise RULE_SET_VERSION_TAKEN.error()


def _earlier(rule_set: str, known: list[Row]) -> list[Earlier]:
    stored = [
        Earlier(row["version"], row["subject"], row["effective_from"]) for row in known if row["state"] in STANDING
    ]
    own = shipped_version()
    assert own.loaded is not None  # noqa: S101 what comes with the product loads, or nothing starts
    return (
        [Earlier(own.version, own.loaded.subject, own.effective_from), *stored] if own.rule_set == rule_set else stored
    )


async def _locked(connection: Connection, version_id: UUID, event: VersionEvent) -> Row:
    """The version, which nobody else moves until the transaction ends, if the event may happen to it."""
    await store.one_act_at_a_time(connection)
    row = await store.one(connection, version_id)
    if row is None:
        raise NOT_FOUND.error()
    if (VersionState(row["state"]), event) not in NEXT:
        raise STATE_CONFLICT.error()
    return row


async def _move(
    connection: Connection,
    caller: Caller,
    row: Row,
    event: VersionEvent,
    changes: Row,
    now: datetime,
    note: str | None = None,
) -> ProposedVersion:
    after = NEXT[VersionState(row["state"]), event]
    await store.change(connection, row["id"], {**changes, "state": after})
    entry = Entry(event=event, before=row["state"], after=after, account_id=caller.account_id, note=note)
    await store.enter(connection, row["id"], entry, now)
    moved = await store.one(connection, row["id"])
    assert moved is not None  # noqa: S101 it is locked by this transaction
    return _proposed(moved, caller)


def _require_time(row: Row, now: datetime) -> None:
    if now >= start_of_day(row["effective_from"]) - LAST_REVOCATION:
        raise RULE_SET_TOO_LATE.error()


def _proposed(row: Row, caller: Caller) -> ProposedVersion:
    return msgspec.convert({**row, "mine": row["proposed_by"] == caller.account_id}, ProposedVersion)
