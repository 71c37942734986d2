"""Statistical disclosure control of uptake 使用情况: groups that may be told, and figures that no subtraction makes smaller.

Four defences, each sufficient against one attack:

- A table is a partition of everybody whose every row has at least ten people: what is small joins the rest, and while the rest is
  small, the smallest group left joins it too; so no row less others of its table is one to nine people.
- People and uses are rounded down to tens and sums to ten yuan: no sum or difference of counts is a number from one to nine.
- A mean is made of the two rounded figures beside it and of nothing else: an exact one over a rounded sum would say how many
  people exactly.
- Money adds up where people do not: what all saved less what the told benefits saved is what the others saved, to the ten yuan. So
  whoever used a benefit that is not told is one of ten at least (`benefits_told`), and the groups of one benefit are told without money.
"""

from collections.abc import Iterable, Mapping

import msgspec

LEAST = 10
_MEDIAN_FROM = 20
_TEN_YUAN = 1000
_YUAN = 100


class Person(msgspec.Struct, frozen=True):
    """What one person used and saved, and their groups: dimension -> group, `unknown` where nothing is known."""

    uses: int
    saved_fen: int
    groups: Mapping[str, str]


class Figures(msgspec.Struct, frozen=True):
    """What may be told of at least ten people: people and uses rounded down to tens, what they saved to ten yuan, and what one
    of them saved to the yuan, in fen. `mean_fen` is that sum over the middle of the ten numbers that `people` stands for.
    `median_fen` is None of fewer than twenty: it would be somebody's own. All three are None in the groups of one benefit."""

    people: int
    uses: int
    saved_fen: int | None
    mean_fen: int | None
    median_fen: int | None


class GroupRow(msgspec.Struct, frozen=True):
    """A group that may be told, or with an empty name what is left as one."""

    name: str
    figures: Figures


def figures(people: Iterable[Person]) -> Figures | None:
    """The figures of some people, or None of fewer than ten."""
    listed = list(people)
    saved = sorted(person.saved_fen for person in listed)
    if len(listed) < LEAST:
        return None
    count, total = _down(len(listed), LEAST), _down(sum(saved), _TEN_YUAN)
    return Figures(
        people=count,
        uses=_down(sum(person.uses for person in listed), LEAST),
        saved_fen=total,
        mean_fen=_down(total // (count + LEAST // 2), _YUAN),
        median_fen=_down(saved[(len(saved) - 1) // 2], _YUAN) if len(saved) >= _MEDIAN_FROM else None,
    )


def partition(sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Groups as they may be told: each alone, and those that may not as one, last. Empty if even all together may not.

    `sizes`: how many people each group has. Every part that is given has at least ten people.
    """
    told = {name: size for name, size in sizes.items() if size >= LEAST}
    rest = sorted(name for name, size in sizes.items() if 0 < size < LEAST)
    while told and 0 < sum(sizes[name] for name in rest) < LEAST:
        smallest = min(told, key=lambda name: (told[name], name))
        rest = sorted([*rest, smallest])
        del told[smallest]
    if 0 < sum(sizes[name] for name in rest) < LEAST:
        return []
    return [*((name,) for name in sorted(told)), *([tuple(rest)] if rest else [])]


def benefits_told(users: Mapping[str, frozenset[int]]) -> frozenset[str]:
    """Which benefits may be told, given who used each: those of ten people, as long as all who used another are ten together, too.

    While they are not, the smallest of the others is not told either.
    """
    told = {benefit for benefit, who in users.items() if len(who) >= LEAST}
    hidden = {one for benefit, who in users.items() if benefit not in told for one in who}
    while told and 0 < len(hidden) < LEAST:
        smallest = min(told, key=lambda benefit: (len(users[benefit]), benefit))
        told.remove(smallest)
        hidden |= users[smallest]
    return frozenset(told)


def table(people: Iterable[Person], dimension: str) -> list[GroupRow]:
    """One table of uptake by a dimension. A rest of a single name is told without it, so that it does not say which was small."""
    members: dict[str, list[Person]] = {}
    for person in people:
        members.setdefault(person.groups.get(dimension, "unknown"), []).append(person)
    small = {name for name, group in members.items() if len(group) < LEAST}
    rows = []
    for part in partition({name: len(group) for name, group in members.items()}):
        told = figures(person for name in part for person in members[name])
        if told is not None:
            rows.append(GroupRow("" if small & set(part) else part[0], told))
    return rows


def without_money(rows: Iterable[GroupRow]) -> list[GroupRow]:
    """The rows of one benefit as they may be told beside those of all: how many people and uses."""
    return [GroupRow(row.name, Figures(row.figures.people, row.figures.uses, None, None, None)) for row in rows]


def cost_per_use_fen(paid_fen: int, people: int, uses: int) -> int | None:
    """What the city paid for one use, rounded down to the fen; None of fewer than ten people."""
    return paid_fen // uses if people >= LEAST and uses else None


def _down(number: int, step: int) -> int:
    return number // step * step
