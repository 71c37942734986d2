"""What a person sees of their score, and what other rooms may know of it."""

from uuid import UUID

import msgspec

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform import cursors
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.scores import store
from backend.scores.computing import rule_set_on, rule_sets
from backend.scores.messages import (
    ChangeOut,
    ExplanationOut,
    HistoryPage,
    LevelOut,
    LineOut,
    NotCountedOut,
    RuleSetSummary,
    ScoreOut,
    Standing,
)
from backend.scores.problems import SCORE_NOT_READY
from scoring import Line, NotCounted, RuleSet
from scoring.explanation import sentence, why_not
from scoring.points import points_text


async def mine(platform: Platform, caller: Caller) -> ScoreOut:
    """The caller's score. Two round trips. Raises CONSENT_MISSING, SCORE_NOT_READY."""
    return _score(await _present(platform, caller, "查看信用分", "score", "level"))


async def explanation(platform: Platform, caller: Caller) -> ExplanationOut:
    """Line by line how the caller's score arose (Reg. art. 24; PIPL art. 24). Two round trips. Raises CONSENT_MISSING, SCORE_NOT_READY."""
    row = await _present(platform, caller, "查看信用分说明", "score", "level", "explanation")
    rule_set = _rule_set(row)
    return ExplanationOut(
        score=_score(row),
        base=points_text(rule_set.base),
        base_millipoints=rule_set.base,
        lines=[_line(line) for line in msgspec.convert(row["lines"], list[Line])],
        not_counted=[_not_counted(entry) for entry in msgspec.convert(row["not_counted"], list[NotCounted])],
    )


async def history(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> HistoryPage:
    """How the caller's score changed, newest first. One round trip. Raises BAD_CURSOR."""
    before = cursors.decode(cursor, cursors.RowNumber)
    access = caller.access("查看信用分历史", "score-history")
    async with platform.database.connection() as connection:
        rows = await store.history(connection, access, caller.proven_subject(), before, limit + 1)
    changes = [
        ChangeOut(
            at=row["at"],
            before=points_text(row["before"]) if row["before"] is not None else None,
            after=points_text(row["after"]),
            level_rank=row["level_rank"],
            rule_set=row["rule_set"],
            version=row["version"],
        )
        for row in rows[:limit]
    ]
    return HistoryPage(changes, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)


async def standing(connection: Connection, access: Access, subject_id: UUID) -> Standing:
    """Where a subject stands, for eligibility. One round trip."""
    return Standing(await store.rank(connection, access, subject_id))


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: score, explanation and history go."""
    if subject_id is not None:
        await store.forget(connection, [subject_id])
        await store.forget_reconciled(connection, subject_id)


def published(platform: Platform) -> list[RuleSetSummary]:
    """Every rule set in force: a measure that is not published is void (Reg. art. 30)."""
    today = local_date(platform.clock.now())
    return [
        RuleSetSummary(
            id=rule_set.id,
            version=rule_set.version,
            name=rule_set.names.zh,
            name_en=rule_set.names.en,
            published_by=rule_set.published_by,
            effective_from=rule_set.effective_from,
            effective_until=rule_set.effective_until,
            rules=len(rule_set.rules),
        )
        for rule_set in rule_sets()
        if rule_set.effective_from <= today and (rule_set.effective_until is None or today < rule_set.effective_until)
    ]


def published_rule_set(identifier: str) -> RuleSet:
    """A rule set whole, the latest version. Raises NOT_FOUND."""
    versions = [rule_set for rule_set in rule_sets() if rule_set.id == identifier]
    if not versions:
        raise NOT_FOUND.error()
    return max(versions, key=lambda rule_set: rule_set.effective_from)


def level_names(platform: Platform) -> dict[int, tuple[str, str]]:
    """Rank -> names of the levels in force, in Chinese and English."""
    rule_set = rule_set_on(local_date(platform.clock.now()))
    return {level.rank: (level.names.zh, level.names.en) for level in rule_set.levels}


async def _present(platform: Platform, caller: Caller, action: str, *fields: str) -> Row:
    subject_id = caller.proven_subject()
    async with platform.database.connection() as connection:
        await consents.require(connection, ConsentKind.COMPUTE, subject_id, platform.clock.now())
        row = await store.present(connection, caller.access(action, *fields), subject_id)
    if row is None:
        raise SCORE_NOT_READY.error(headers={"Retry-After": "1"})
    return row


def _rule_set(row: Row) -> RuleSet:
    return next(
        rule_set for rule_set in rule_sets() if (rule_set.id, rule_set.version) == (row["rule_set"], row["version"])
    )


def _score(row: Row) -> ScoreOut:
    level = next(level for level in _rule_set(row).levels if level.rank == row["level_rank"])
    return ScoreOut(
        points=points_text(row["millipoints"]),
        millipoints=row["millipoints"],
        level=LevelOut(level.rank, level.names.zh, level.names.en, level.threshold),
        rule_set=row["rule_set"],
        version=row["version"],
        as_of=row["as_of"],
        next_change_on=row["next_change_on"],
        computed_at=row["computed_at"],
        pending=row["pending"],
    )


def _line(line: Line) -> LineOut:
    words = sentence(line)
    return LineOut(
        record_id=UUID(line.record_id) if line.record_id else None,
        rule=line.rule_id,
        dimension=line.dimension,
        points=points_text(line.millipoints, signed=True),
        millipoints=line.millipoints,
        text=words.zh,
        text_en=words.en,
        source=line.source,
        occurred_on=line.occurred_on,
        until=line.until,
        capped_millipoints=line.capped_millipoints,
    )


def _not_counted(entry: NotCounted) -> NotCountedOut:
    words = why_not(entry)
    return NotCountedOut(UUID(entry.record_id), entry.item, entry.source, entry.reason, words.zh, words.en)
