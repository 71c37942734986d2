"""A score and its explanation as their owner reads them, whether it was stored or has just been computed."""

from datetime import date, datetime

import msgspec

from backend.platform.database import Row
from backend.scores.messages import (
    ExplanationOut,
    HeldOut,
    LevelOut,
    LineOut,
    NotCountedOut,
    ScoreOut,
)
from scoring import Line, NotCounted, Result, RuleSet
from scoring.engine import Held
from scoring.explanation import sentence, why_not
from scoring.points import points_text
from scoring.ruleset import Level


def level_out(level: Level) -> LevelOut:
    """A level; one without points begins at 0."""
    return LevelOut(level.rank, level.names.zh, level.names.en, level.threshold)


def stored_score(rule_set: RuleSet, row: Row) -> ScoreOut:
    """A stored score, by the version that computed it."""
    return ScoreOut(
        points=points_text(row["millipoints"]),
        millipoints=row["millipoints"],
        level=level_out(rule_set.levels_by_rank[row["level_rank"]]),
        rule_set=row["rule_set"],
        version=row["version"],
        as_of=row["as_of"],
        next_change_on=row["next_change_on"],
        computed_at=row["computed_at"],
        pending=row["pending"],
    )


def computed_score(rule_set: RuleSet, result: Result, as_of: date, now: datetime) -> ScoreOut:
    """A score computed for this answer and stored nowhere."""
    return ScoreOut(
        points=points_text(result.millipoints),
        millipoints=result.millipoints,
        level=level_out(result.level),
        rule_set=rule_set.id,
        version=rule_set.version,
        as_of=as_of,
        next_change_on=result.next_change_on,
        computed_at=now,
        pending=False,
    )


def stored_explanation(rule_set: RuleSet, row: Row) -> ExplanationOut:
    """How a stored score arose."""
    return _explanation(
        rule_set,
        stored_score(rule_set, row),
        msgspec.convert(row["lines"], list[Line]),
        msgspec.convert(row["not_counted"], list[NotCounted]),
        msgspec.convert(row["held"], tuple[Held, ...]),
    )


def computed_explanation(rule_set: RuleSet, result: Result, as_of: date, now: datetime) -> ExplanationOut:
    """How a score computed for this answer arose."""
    return _explanation(
        rule_set, computed_score(rule_set, result, as_of, now), result.lines, result.not_counted, result.held
    )


def _explanation(
    rule_set: RuleSet,
    score: ScoreOut,
    lines: list[Line] | tuple[Line, ...],
    not_counted: list[NotCounted] | tuple[NotCounted, ...],
    held: tuple[Held, ...],
) -> ExplanationOut:
    return ExplanationOut(
        score=score,
        base=points_text(rule_set.base),
        base_millipoints=rule_set.base,
        lines=[_line(line) for line in lines],
        not_counted=[_not_counted(entry) for entry in not_counted],
        held=[
            HeldOut(
                one.ceiling_id,
                level_out(rule_set.levels_by_rank[one.rank]),
                one.reason.zh,
                one.reason.en,
                list(one.record_ids),
            )
            for one in held
        ],
    )


def _line(line: Line) -> LineOut:
    words = sentence(line)
    return LineOut(
        record_id=line.record_id,
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
        permille=line.permille,
    )


def _not_counted(entry: NotCounted) -> NotCountedOut:
    words = why_not(entry)
    return NotCountedOut(entry.record_id, entry.item, entry.source, entry.reason, words.zh, words.en)
