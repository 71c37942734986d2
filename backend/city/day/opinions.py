"""What residents of a simulated day say of their visits: a pure draw, so that some promise cards fill, some stay empty, and one is bad.

Two reviews of one resident at one partner and one instant would have no order, so a resident says one thing of a partner on a day.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from backend.city.draw import Draw
from partners.reviews.figures import Kept, Waiting

MOST_REVIEWS = 40
FEW_REVIEWS = 4
BAD_PARTNER = "old-street-market"
"""The partner that does not honour what it promised on any day; the others are served as people are."""

_QUIET = 4

_WAITING = (Waiting.UNDER_5,) * 5 + (Waiting.UNDER_15,) * 3 + (Waiting.UNDER_30, Waiting.OVER_30)
_STARS = (5, 5, 5, 4, 4, 3)


class Served(msgspec.Struct, frozen=True):
    """A yes of the day by the number of its visit: who came to whom, and whether it was used. Indexes are the city's."""

    number: int
    resident: int
    partner: int
    used: bool


class Said(msgspec.Struct, frozen=True):
    """What somebody says of a visit."""

    served: Served
    stars: int
    kept: Kept
    waiting: Waiting


def opinions(name: str, served: Iterable[Served], bad_partner: int) -> Iterator[Said]:
    """What is said of the visits of a day, in the order of their numbers; of every fourth partner too little to be told.

    The same name and visits give the same opinions.
    """
    draw = Draw(f"{name}/opinions")
    said: Counter[int] = Counter()
    heard: set[tuple[int, int]] = set()
    for each in sorted(served, key=lambda one: one.number):
        waiting, stars, otherwise = draw.pick(_WAITING), draw.pick(_STARS), draw.below(20) == 0
        bad = each.partner == bad_partner
        most = FEW_REVIEWS if each.partner % _QUIET == _QUIET - 1 and not bad else MOST_REVIEWS
        if said[each.partner] == most or (each.resident, each.partner) in heard:
            continue
        said[each.partner] += 1
        heard.add((each.resident, each.partner))
        if not each.used:
            yield Said(each, 1, Kept.REFUSED, waiting)
        elif bad:
            yield Said(each, 1 if otherwise else 2, Kept.OTHERWISE, Waiting.OVER_30)
        else:
            yield Said(each, 3 if otherwise else stars, Kept.OTHERWISE if otherwise else Kept.HONOURED, waiting)
