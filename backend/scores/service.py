"""What a person sees of their score, and what other rooms may know of it."""

from collections.abc import Sequence
from uuid import UUID

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform import cursors
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.questions import Question
from backend.rule_sets import service as rule_sets
from backend.scores import store, views
from backend.scores.messages import ChangeOut, ExplanationOut, HistoryPage, ScoreOut, Standing
from backend.scores.problems import SCORE_NOT_READY
from scoring import RuleSet
from scoring.points import points_text


async def mine(platform: Platform, caller: Caller) -> ScoreOut:
    """The caller's score. Two round trips. Raises CONSENT_MISSING, SCORE_NOT_READY."""
    row = await _present(platform, caller, "查看信用分", "score", "level")
    return views.stored_score(_rule_set(platform, row), row)


async def explanation(platform: Platform, caller: Caller) -> ExplanationOut:
    """Line by line how the caller's score arose (Reg. art. 24; PIPL art. 24). Two round trips. Raises CONSENT_MISSING, SCORE_NOT_READY."""
    row = await _present(platform, caller, "查看信用分说明", "score", "level", "explanation")
    return views.stored_explanation(_rule_set(platform, row), row)


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
    asked = standings([subject_id])
    return (await connection.ask(asked, accesses=[access]))[asked][0]


def standings(subject_ids: Sequence[UUID]) -> Question[list[Standing]]:
    """`standing` for many subjects, each read under the access context at its place."""
    return store.ranks(subject_ids).then(lambda ranks: [Standing(rank) for rank in ranks])


async def people_by_rank(connection: Connection) -> dict[int, int]:
    """How many people have a score at each level's rank; exact, for sums that are made coarse before anybody reads them. One round
    trip."""
    return {row["level_rank"]: row["people"] for row in await store.people_by_rank(connection)}


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: score, explanation and history go."""
    if subject_id is not None:
        await store.forget(connection, [subject_id])
        await store.forget_reconciled(connection, subject_id)


def level_names(platform: Platform) -> dict[int, tuple[str, str]]:
    """Rank -> names of the levels in force, in Chinese and English."""
    rule_set = rule_sets.in_force_on(platform, local_date(platform.clock.now()))
    return {level.rank: (level.names.zh, level.names.en) for level in rule_set.levels}


async def _present(platform: Platform, caller: Caller, action: str, *fields: str) -> Row:
    subject_id = caller.proven_subject()
    async with platform.database.connection() as connection:
        await consents.require(connection, ConsentKind.COMPUTE, subject_id, platform.clock.now())
        row = await store.present(connection, caller.access(action, *fields), subject_id)
    if row is None:
        raise SCORE_NOT_READY.error(headers={"Retry-After": "1"})
    return row


def _rule_set(platform: Platform, row: Row) -> RuleSet:
    """The version the score was computed with, which may no longer be the one in force."""
    return rule_sets.version_of(platform, row["rule_set"], row["version"])
