"""Statistical disclosure control 统计披露控制: what may be said of groups without saying anything of a few.

Tables of groups are made safe by merging: every number that is published is 0 or at least ten, and the published rows are
a partition of everybody, so that no subtraction gives less. Distributions are rounded to tens.
"""

from collections.abc import Mapping

import msgspec

LEAST = 10


class Cells(msgspec.Struct, frozen=True):
    """One group: how many people keep their points, gain and lose, and the sums of their millipoints before and after."""

    same: int = 0
    up: int = 0
    down: int = 0
    before: int = 0
    after: int = 0

    @property
    def people(self) -> int:
        """How many there are."""
        return self.same + self.up + self.down

    def plus(self, other: "Cells") -> "Cells":
        """Both groups as one."""
        return Cells(
            self.same + other.same,
            self.up + other.up,
            self.down + other.down,
            self.before + other.before,
            self.after + other.after,
        )

    @property
    def is_safe(self) -> bool:
        """Whether each count is 0 or at least ten."""
        return all(count == 0 or count >= LEAST for count in (self.same, self.up, self.down))


def merged(groups: Mapping[str, Cells]) -> list[tuple[str | None, Cells]]:
    """Groups that may be published, by name, and what is left as one group without a name; nothing if even everybody together
    may not be told.

    A group with a small count joins the rest; while the rest has one, the smallest group left joins it too.
    """
    told = {name: cells for name, cells in groups.items() if cells.is_safe}
    rest = Cells()
    for name in groups.keys() - told.keys():
        rest = rest.plus(groups[name])
    while not rest.is_safe and told:
        name = min(told, key=lambda name: (told[name].people, name))
        rest = rest.plus(told.pop(name))
    if not rest.is_safe:
        return []
    found: list[tuple[str | None, Cells]] = [(name, told[name]) for name in sorted(told)]
    return [*found, (None, rest)] if rest.people else found


def rounded(count: int) -> int | None:
    """A count rounded to tens; None below ten."""
    return (count + 5) // 10 * 10 if count >= LEAST else None
