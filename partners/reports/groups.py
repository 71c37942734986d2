"""Statistical disclosure control of uptake 使用情况: groups that may be told, and figures that no subtraction makes smaller.

Two defences, each sufficient against one attack. A table is a partition of everybody whose every row has at least ten people:
what is small joins the rest, and while the rest is small, the smallest group left joins it too; so no row less others of its
table is one to nine people. Figures of different tables and months are rounded down to tens of people and of uses and to whole
ten yuan: no sum or difference of any of them is a number from one to nine.
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
    of them saved to the yuan, in fen. `median_fen` is None of fewer than twenty: it would be somebody's own."""

    people: int
    uses: int
    saved_fen: int
    mean_fen: int
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
    total = sum(saved)
    return Figures(
        people=_down(len(listed), LEAST),
        uses=_down(sum(person.uses for person in listed), LEAST),
        saved_fen=_down(total, _TEN_YUAN),
        mean_fen=_down(total // len(listed), _YUAN),
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


def cost_per_use_fen(paid_fen: int, people: int, uses: int) -> int | None:
    """What the city paid for one use, rounded down to the fen; None of fewer than ten people."""
    return paid_fen // uses if people >= LEAST and uses else None


def _down(number: int, step: int) -> int:
    return number // step * step
