"""Stored scores against those of the columnar engine."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from backend.scores.batch.people import in_columns
from backend.scores.batch.shards import score_shard
from scoring import Fact, RuleSet


def differing(
    rule_set: RuleSet,
    day: date,
    facts: Mapping[UUID, Sequence[Fact]],
    stored: Mapping[UUID, Mapping[str, Any]],
) -> list[UUID]:
    """Whose stored score is not that of their facts, in order of ids.

    Compared are rule set and version, score, level, the points of every record that counts, that the lines add up to the score,
    and that every record is named, counting or not. A score of somebody without facts, who does not consent, differs; so
    does a missing one.
    """
    people = in_columns(facts)
    shard = score_shard(rule_set, day, [people.facts])
    points: dict[UUID, dict[str, int]] = {subject: {} for subject in people.subjects}
    for number, record, value in zip(shard.row_subjects.tolist(), people.records, shard.points.tolist(), strict=True):
        if record is not None:
            points[people.subjects[number]][record] = value
    differ = set(stored.keys() - points.keys())
    for number, millipoints, rank in zip(
        shard.subjects.tolist(), shard.scores.tolist(), shard.ranks.tolist(), strict=True
    ):
        subject = people.subjects[number]
        row = stored.get(subject)
        if row is None or not _same(row, rule_set, millipoints, rank, points[subject]):
            differ.add(subject)
    return sorted(differ)


def _same(row: Mapping[str, Any], rule_set: RuleSet, millipoints: int, rank: int, points: Mapping[str, int]) -> bool:
    lines = {line["record_id"]: line["millipoints"] for line in row["lines"] if line["record_id"] is not None}
    named = lines.keys() | {entry["record_id"] for entry in row["not_counted"]}
    return (
        (row["rule_set"], row["version"], row["millipoints"], row["level_rank"])
        == (rule_set.id, rule_set.version, millipoints, rank)
        and lines == {record: value for record, value in points.items() if value}
        and named == points.keys()
        and rule_set.base + sum(line["millipoints"] for line in row["lines"]) == millipoints
    )
