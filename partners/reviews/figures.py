"""The figures of a promise card 承诺镜: what a partner's guests of a period said, as counts of people and never of one.

Each person counts once, with the last review they wrote in the period. Below `LEAST_PEOPLE` there are no figures at all, and what is
published is coarser than what was counted, so that nobody is found by taking one card from another.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from partners.reviews.bounds import PERMILLE, lower_bound

LEAST_PEOPLE = 10
MOST_STARS = 5
# A share is published in steps of a twentieth, a bound in steps of a hundredth, people in tens.
_SHARE_STEP = 50
_BOUND_STEP = 10
_PEOPLE_STEP = 10


class Waiting(StrEnum):
    """How long somebody waited to be served 等候时间, shortest first."""

    UNDER_5 = "under-5-minutes"
    UNDER_15 = "5-to-15-minutes"
    UNDER_30 = "15-to-30-minutes"
    OVER_30 = "over-30-minutes"


class Kept(StrEnum):
    """What became of the promise: honoured 如约兑现, given otherwise than promised 打了折扣, refused at the till 当场拒绝."""

    HONOURED = "honoured"
    OTHERWISE = "otherwise"
    REFUSED = "refused"


class Opinion(msgspec.Struct, frozen=True):
    """One person's review: stars from 1 to 5, what became of the promise, and the waiting time."""

    stars: int
    kept: Kept
    waiting: Waiting


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of people. `points` is the sum of stars above one: from 0 to 4 of each person."""

    people: int
    points: int
    honoured: int
    otherwise: int
    refused: int
    waited: Mapping[Waiting, int]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may read. `people_at_least` counts in tens; `honoured_permille` is rounded down to a twentieth,
    `refused_permille` up to one; `rating_permille` is the lower bound of the rating, 0 for one star and 1000 for five."""

    people_at_least: int
    rating_permille: int
    honoured_permille: int
    refused_permille: int
    median_waiting: Waiting


def figures_of(opinions: Iterable[tuple[Opinion, int]]) -> Figures:
    """The counts of reviews, each given with how many people wrote just that. Raises ValueError for stars outside 1 to 5."""
    waited = dict.fromkeys(Waiting, 0)
    kept = dict.fromkeys(Kept, 0)
    points = 0
    for opinion, people in opinions:
        if not 1 <= opinion.stars <= MOST_STARS:
            raise ValueError("a review has one to five stars")
        points += (opinion.stars - 1) * people
        kept[opinion.kept] += people
        waited[opinion.waiting] += people
    return Figures(
        people=sum(kept.values()),
        points=points,
        honoured=kept[Kept.HONOURED],
        otherwise=kept[Kept.OTHERWISE],
        refused=kept[Kept.REFUSED],
        waited=waited,
    )


def is_consistent(figures: Figures) -> bool:
    """Whether the counts can be those of so many people."""
    return (
        figures.people == figures.honoured + figures.otherwise + figures.refused == sum(figures.waited.values())
        and min(figures.honoured, figures.otherwise, figures.refused, *figures.waited.values()) >= 0
        and 0 <= figures.points <= (MOST_STARS - 1) * figures.people
    )


def rating_bound(figures: Figures) -> int:
    """The lower bound of the rating in permille: 0 is one star, 1000 is five."""
    return lower_bound(figures.points, MOST_STARS - 1, figures.people)


def median_waiting(waited: Mapping[Waiting, int]) -> Waiting:
    """The bucket of the person in the middle, of two the shorter one. Raises ValueError if there is nobody."""
    people = sum(waited.values())
    if people < 1:
        raise ValueError("nobody waited")
    counted = 0
    for bucket in Waiting:
        counted += waited.get(bucket, 0)
        if 2 * counted >= people:
            return bucket
    raise AssertionError("the buckets hold everybody")


def published(figures: Figures) -> Published | None:
    """What may be read of these figures by everybody; None if they are of fewer than ten people."""
    if figures.people < LEAST_PEOPLE:
        return None
    refused = figures.refused * PERMILLE
    return Published(
        people_at_least=figures.people // _PEOPLE_STEP * _PEOPLE_STEP,
        rating_permille=rating_bound(figures) // _BOUND_STEP * _BOUND_STEP,
        honoured_permille=figures.honoured * PERMILLE // figures.people // _SHARE_STEP * _SHARE_STEP,
        refused_permille=-(-refused // (figures.people * _SHARE_STEP)) * _SHARE_STEP,
        median_waiting=median_waiting(figures.waited),
    )
