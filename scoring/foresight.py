"""What comes: the dated changes ahead, what a change of records would do, and the nearest ways to a higher level.

Nothing here knows a rule of its own: every answer is the engine asked again, with another day or other records.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from scoring.compile import Entry, plan_on
from scoring.engine import Result, score
from scoring.facts import Fact
from scoring.points import points_text
from scoring.ruleset import Attainable, Names, RuleSet, in_force

_PRETENDED = "~"
_MOST_RECORDS = 60
_MOST_AMOUNT = 10**12
_REPAIR_DISTANCE = 500


class Effect(msgspec.Struct, frozen=True):
    """What becomes of one record: millipoints before and after, and why it no longer or not yet counts, if so."""

    record_id: str | None
    rule_id: str | None
    before: int
    after: int
    reason: str | None


class Change(msgspec.Struct, frozen=True):
    """A day on which the score or the level changes without any new record, and the records that do it."""

    day: date
    before: int
    after: int
    rank_before: int
    rank_after: int
    version: str
    effects: tuple[Effect, ...]


class Way(msgspec.Struct, frozen=True):
    """One way to a higher level. kind `act`: do something now; `wait`: it comes by itself on `day`; `repair`: have this
    record repaired. `distance` orders ways: permille of what the rule still has room for, or of a year of waiting."""

    kind: Literal["act", "wait", "repair"]
    rank: int
    millipoints: int
    text: Names
    distance: int
    day: date
    rule_ids: tuple[str, ...] = ()
    record_id: str | None = None


def effects(before: Result, after: Result) -> tuple[Effect, ...]:
    """The records whose points differ between two results; the range line has no record id."""
    earlier = {line.record_id: line for line in before.lines}
    later = {line.record_id: line for line in after.lines}
    reasons = {entry.record_id: entry.reason for entry in after.not_counted}
    found = []
    for record_id in [*earlier, *(record_id for record_id in later if record_id not in earlier)]:
        old, new = earlier.get(record_id), later.get(record_id)
        points = (old.millipoints if old else 0, new.millipoints if new else 0)
        if points[0] != points[1]:
            line = new or old
            reason = None if record_id is None or new is not None else reasons.get(record_id)
            found.append(Effect(record_id, line.rule_id if line else None, *points, reason))
    return tuple(found)


def changes_ahead(versions: Sequence[RuleSet], facts: Sequence[Fact], as_of: date, limit: int = 12) -> list[Change]:
    """The next changes, earliest first, by the versions of one rule set as they take effect; at most `limit`.

    Ends where no version is in force. Raises LookupError if none is on `as_of`.
    """
    rule_set = _version_on(versions, as_of)
    if rule_set is None:
        raise LookupError(f"no version is in force on {as_of}")
    now = score(rule_set, facts, as_of)
    starts = sorted(version.effective_from for version in versions if version.effective_from > as_of)
    found: list[Change] = []
    while len(found) < limit:
        while starts and starts[0] <= as_of:
            starts.pop(0)
        days = [day for day in (now.next_change_on, *starts[:1]) if day is not None]
        if not days:
            break
        as_of = min(days)
        rule_set = _version_on(versions, as_of)
        if rule_set is None:
            break
        later = score(rule_set, facts, as_of)
        if (later.millipoints, later.level.rank) != (now.millipoints, now.level.rank):
            found.append(
                Change(
                    as_of, now.millipoints, later.millipoints, now.level.rank, later.level.rank, rule_set.version,
                    effects(now, later),
                )
            )  # fmt: skip
        now = later
    return found


def what_if(
    rule_set: RuleSet, facts: Sequence[Fact], as_of: date, add: Iterable[Fact] = (), remove: Iterable[str] = ()
) -> Result:
    """The result with other records. Raises ValueError if a record to add is there already, LookupError if one to remove
    is not."""
    gone = set(remove)
    if missing := gone - {fact.record_id for fact in facts}:
        raise LookupError(f"no such record: {', '.join(sorted(missing))}")
    return score(rule_set, [*(fact for fact in facts if fact.record_id not in gone), *add], as_of)


def ways_up(
    versions: Sequence[RuleSet],
    facts: Sequence[Fact],
    as_of: date,
    most: int = 3,
    names: Mapping[str, Names] | None = None,
) -> list[Way]:
    """The nearest ways to a higher level, nearest first; none if the level is the best or nothing leads higher.

    Acts are those that the rule set calls attainable, done on `as_of`; where no single one is enough, several together.
    `names` are those of catalogue items, for the sentences; an item without one is told by its code.
    """
    rule_set = _version_on(versions, as_of)
    if rule_set is None:
        raise LookupError(f"no version is in force on {as_of}")
    now = score(rule_set, facts, as_of)
    if now.level.rank == max(rule_set.levels_by_rank):
        return []
    search = _Search(rule_set, facts, as_of, now, names or {})
    acts = search.single_acts()
    ways = [*(acts or search.acts_together()), *search.repairs()]
    for change in changes_ahead(versions, facts, as_of, limit=40):
        if change.rank_after > now.level.rank:
            ways.append(_waiting(rule_set, change, as_of))
            break
    return sorted(ways, key=lambda way: (way.distance, way.kind, way.rule_ids))[:most]


class _Search:
    """The acts and repairs that lift one subject's level on one day."""

    def __init__(
        self, rule_set: RuleSet, facts: Sequence[Fact], as_of: date, now: Result, names: Mapping[str, Names]
    ) -> None:
        self._rule_set = rule_set
        self._facts = facts
        self._as_of = as_of
        self._now = now
        self._names = names
        plan = plan_on(rule_set, as_of)
        attainable = {rule.id: rule.attainable for rule in rule_set.rules if rule.attainable is not None}
        # Of a rule with grades the first in the file stands for what somebody can reach.
        self._acts: dict[str, tuple[Entry, Attainable]] = {}
        for entry in plan.entries.values():
            if entry.rule.id in attainable and entry.rule.id not in self._acts:
                self._acts[entry.rule.id] = (entry, attainable[entry.rule.id])

    def _pretend(self, entry: Entry, size: int) -> list[Fact]:
        """`size` records of a fixed rule, or one of that amount, done today."""
        count, amount = (1, size) if entry.rule.kind == "amounts" else (size, None)
        return [
            Fact(
                f"{_PRETENDED}{entry.rule.id}-{number}",
                entry.item,
                self._as_of,
                None,
                "active",
                entry.grade,
                amount,
                "",
            )
            for number in range(count)
        ]

    def _with(self, *added: Fact) -> Result:
        return score(self._rule_set, [*self._facts, *added], self._as_of)

    def _lifts(self, result: Result) -> bool:
        return result.level.rank > self._now.level.rank

    def _most(self, entry: Entry) -> int:
        """The least of an act that gives all the points it can; 0 if it gives none. The score never falls as an act grows,
        so the limit gives the most there is."""

        def points(size: int) -> int:
            return self._with(*self._pretend(entry, size)).millipoints

        limit = _MOST_AMOUNT if entry.rule.kind == "amounts" else _MOST_RECORDS
        best = points(limit)
        if best == self._now.millipoints:
            return 0
        return _least_with(lambda size: points(size) == best, limit)

    def _least(self, entry: Entry, most: int, others: Sequence[Fact] = ()) -> int | None:
        """The least of an act, at most `most`, that lifts the level together with the others; None if it does not."""
        if most == 0 or not self._lifts(self._with(*others, *self._pretend(entry, most))):
            return None
        return _least_with(lambda size: self._lifts(self._with(*others, *self._pretend(entry, size))), most)

    def single_acts(self) -> list[Way]:
        """Each act that is enough by itself."""
        ways = []
        for entry, words in self._acts.values():
            most = self._most(entry)
            least = self._least(entry, most)
            if least is not None:
                ways.append(self._way(self._pretend(entry, least), [(entry, words, least)], 1000 * least // most))
        return ways

    def acts_together(self) -> list[Way]:
        """Several acts, where no single one is enough: each in turn leads, then those with most room follow."""
        rooms = sorted(
            (
                (self._with(*self._pretend(entry, most)).millipoints, entry.rule.id, most, entry, words)
                for entry, words in self._acts.values()
                if (most := self._most(entry))
            ),
            key=lambda room: (-room[0], room[1]),
        )
        found: dict[frozenset[str], Way] = {}
        for lead in rooms:
            way = self._in_turn([lead, *(room for room in rooms if room is not lead)])
            if way is not None:
                found.setdefault(frozenset(way.rule_ids), way)
        return list(found.values())

    def _in_turn(self, rooms: Sequence[tuple[int, str, int, Entry, Attainable]]) -> Way | None:
        """As much of each act as there is, and of the last no more than it takes; None if all are not enough."""
        done: list[Fact] = []
        told: list[tuple[Entry, Attainable, int]] = []
        for _, _, most, entry, words in rooms:
            least = self._least(entry, most, done)
            size = most if least is None else least
            done += self._pretend(entry, size)
            told.append((entry, words, size))
            if least is not None:
                return self._way(done, told, 1000 * (len(told) - 1) + 1000 * least // most)
        return None

    def repairs(self) -> list[Way]:
        """Each record whose repair alone lifts the level."""
        ways = []
        held = [record_id for ceiling in self._now.held for record_id in ceiling.record_ids]
        taking = [line.record_id for line in self._now.lines if line.millipoints < 0 and line.record_id is not None]
        for record_id in dict.fromkeys([*taking, *held]):
            after = what_if(self._rule_set, self._facts, self._as_of, remove=[record_id])
            if self._lifts(after):
                item = next(fact.item for fact in self._facts if fact.record_id == record_id)
                named = self._names.get(item, Names(item, item))
                text = Names(
                    f"这条记录（{named.zh}）完成信用修复后升至“{after.level.names.zh}”",
                    f"once this record ({named.en}) is repaired: {after.level.names.en}",
                )
                gained = after.millipoints - self._now.millipoints
                ways.append(
                    Way("repair", after.level.rank, gained, text, _REPAIR_DISTANCE, self._as_of, record_id=record_id)
                )
        return ways

    def _way(self, done: Sequence[Fact], told: Sequence[tuple[Entry, Attainable, int]], distance: int) -> Way:
        after = self._with(*done)
        numbers = [(words, -(-size // words.per)) for _, words, size in told]
        gained = after.millipoints - self._now.millipoints
        level = after.level.names
        chinese = "，并".join(words.zh.replace("{n}", str(number)) for words, number in numbers)
        english = " and ".join(words.en.replace("{n}", str(number)) for words, number in numbers)
        text = Names(
            f"{chinese}：{points_text(gained, signed=True)} 分，升至“{level.zh}”",
            f"{english}: {points_text(gained, signed=True)}, {level.en}",
        )
        rules = tuple(entry.rule.id for entry, _, _ in told)
        return Way("act", after.level.rank, gained, text, distance, self._as_of, rules)


def _least_with(holds: Callable[[int], bool], most: int) -> int:
    """The least size of 1 to `most` for which something holds that holds for `most` and for all sizes above the least."""
    low, high = 0, 1
    while high < most and not holds(high):
        low, high = high, high * 2
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _waiting(rule_set: RuleSet, change: Change, as_of: date) -> Way:
    days = (change.day - as_of).days
    names = rule_set.levels_by_rank[change.rank_after].names
    text = Names(f"到 {change.day} 自动升至“{names.zh}”", f"by itself on {change.day}: {names.en}")
    return Way("wait", change.rank_after, change.after - change.before, text, 1000 * days // 365, change.day)


def _version_on(versions: Sequence[RuleSet], day: date) -> RuleSet | None:
    return in_force(versions, versions[0].id, day) if versions else None
