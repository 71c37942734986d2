"""Counting a population before and after, page by page: what is kept is counts and two numbers for each person, no ids."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from uuid import UUID

import numpy
import pyarrow

from backend.identity.messages import Group
from backend.scores.batch.people import People
from backend.scores.batch.shards import Array, score_shard
from backend.scores.simulation.messages import (
    GroupRow,
    LevelChange,
    LevelShare,
    Mover,
    Quantile,
    Report,
    ScoreBand,
)
from scoring import RuleSet
from scoring.disclosure import LEAST, Cells, merged, rounded
from scoring.points import MILLIPOINTS
from scoring.ruleset import Names

BAND_POINTS = 20
_QUANTILES = (50, 250, 500, 750, 950)


class Tally:
    """The counts of one simulation."""

    def __init__(self, before: RuleSet, after: RuleSet, day: date) -> None:
        self._before, self._after, self._day = before, after, day
        self._scores: tuple[list[Array], list[Array]] = ([], [])
        self._ranks: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        self._moves: Counter[tuple[int, int]] = Counter()
        self._groups: dict[str, dict[str, Cells]] = {"district": {}, "age": {}, "channel": {}}
        self._item_people: Counter[str] = Counter()
        self._item_points: Counter[str] = Counter()

    def add(self, people: People, groups: Mapping[UUID, Group]) -> None:
        """Counts whole subjects. Who has no account any more is in a group of their own."""
        old = score_shard(self._before, self._day, [people.facts])
        new = score_shard(self._after, self._day, [people.facts])
        for place, shard in enumerate((old, new)):
            self._scores[place].append(shard.scores)
            self._ranks[place].update(shard.ranks.tolist())
        self._moves.update(zip(old.ranks.tolist(), new.ranks.tolist(), strict=True))
        for number, before, after in zip(old.subjects.tolist(), old.scores.tolist(), new.scores.tolist(), strict=True):
            cells = Cells(int(before == after), int(after > before), int(after < before), before, after)
            self._add_to_groups(groups.get(people.subjects[number]), cells)
        self._add_items(people.facts, old.row_subjects, new.points.astype(numpy.int64) - old.points)

    def _add_to_groups(self, group: Group | None, cells: Cells) -> None:
        names = (group.district, str(group.age_band), group.channel.value) if group else ("unknown",) * 3
        for table, name in zip(self._groups.values(), names, strict=True):
            table[name] = table[name].plus(cells) if name in table else cells

    def _add_items(self, facts: pyarrow.RecordBatch, subjects: Array, difference: Array) -> None:
        moved = numpy.flatnonzero(difference)
        if not moved.size:
            return
        column = facts.column("item")
        items, indices = column.dictionary.to_pylist(), column.indices.to_numpy()[moved]
        for index in numpy.unique(indices).tolist():
            rows = moved[indices == index]
            self._item_people[items[index]] += int(numpy.unique(subjects[rows]).size)
            self._item_points[items[index]] += int(difference[rows].sum())

    def report(self, names: Mapping[str, Names]) -> Report:
        """What may be published of it. `names` are those of catalogue items."""
        before, after = (numpy.concatenate(parts) if parts else numpy.empty(0, numpy.int32) for parts in self._scores)
        return Report(
            rule_set=self._after.id,
            version_before=self._before.version,
            version_after=self._after.version,
            day=self._day,
            people=int(before.size),
            up=rounded(int((after > before).sum())),
            down=rounded(int((after < before).sum())),
            levels=self._levels(),
            scores=_bands(before, after),
            quantiles=_quantiles(before, after),
            level_changes=[
                LevelChange(old, new, rounded(people))
                for (old, new), people in sorted(self._moves.items())
                if old != new
            ],
            districts=_rows(self._groups["district"]),
            age_bands=_rows(self._groups["age"]),
            channels=_rows(self._groups["channel"]),
            movers=self._movers(names),
        )

    def _levels(self) -> list[LevelShare]:
        named = {**self._before.levels_by_rank, **self._after.levels_by_rank}
        return [
            LevelShare(
                rank,
                named[rank].names.zh,
                named[rank].names.en,
                rounded(self._ranks[0][rank]),
                rounded(self._ranks[1][rank]),
            )
            for rank in sorted(named)
        ]

    def _movers(self, names: Mapping[str, Names]) -> list[Mover]:
        """The items that move most, those with the most people first; fewer than ten are not told of."""
        found = []
        for item, people in self._item_people.most_common():
            if people >= LEAST:
                named = names.get(item, Names(item, item))
                told = rounded(people)
                found.append(Mover(item, named.zh, named.en, told or LEAST, self._item_points[item]))
        return found[:20]


def _bands(before: Array, after: Array) -> list[ScoreBand]:
    """From the first band of ten people to the last: where a lonely score lies is not told."""
    width = BAND_POINTS * MILLIPOINTS
    counts = [Counter((scores // width).tolist()) for scores in (before, after)]
    told = [band for count in counts for band, people in count.items() if people >= LEAST]
    if not told:
        return []
    return [
        ScoreBand(band * BAND_POINTS, rounded(counts[0][band]), rounded(counts[1][band]))
        for band in range(min(told), max(told) + 1)
    ]


def _quantiles(before: Array, after: Array) -> list[Quantile]:
    """Of so few people that a quantile would be somebody's own score, none."""
    if before.size < LEAST * 20:
        return []
    ordered = [numpy.sort(scores) for scores in (before, after)]
    places = [(permille, (before.size - 1) * permille // 1000) for permille in _QUANTILES]
    return [Quantile(permille, int(ordered[0][place]), int(ordered[1][place])) for permille, place in places]


def _rows(groups: Mapping[str, Cells]) -> list[GroupRow]:
    return [
        GroupRow(
            name or "", cells.people, cells.same, cells.up, cells.down,
            cells.before // cells.people, cells.after // cells.people,
        )
        for name, cells in merged(groups)
    ]  # fmt: skip
