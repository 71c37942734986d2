"""What is surely bad 评议不合格: figures against published thresholds. Doubt is on the partner's side."""

from enum import StrEnum

import msgspec

from partners.reviews.bounds import lower_bound, upper_bound
from partners.reviews.figures import LEAST_PEOPLE, MOST_STARS, Figures


class Ground(StrEnum):
    """Why a partner comes under review."""

    REFUSES = "refuses-at-the-till"
    BREAKS_PROMISES = "does-not-honour-promises"
    RATED_LOW = "rated-low"


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In permille, each crossed only if the figures leave no reasonable doubt (95 %): more refused at the till, more served
    otherwise than promised (refusals included), or rated lower (0 is one star, 1000 five) than this."""

    refused: int
    not_honoured: int
    rated: int


def grounds(figures: Figures, thresholds: Thresholds) -> tuple[Ground, ...]:
    """What of a partner's figures is surely bad; nothing if they are of fewer than ten people."""
    if figures.people < LEAST_PEOPLE:
        return ()
    found = []
    if lower_bound(figures.refused, 1, figures.people) > thresholds.refused:
        found.append(Ground.REFUSES)
    if lower_bound(figures.refused + figures.otherwise, 1, figures.people) > thresholds.not_honoured:
        found.append(Ground.BREAKS_PROMISES)
    if upper_bound(figures.points, MOST_STARS - 1, figures.people) < thresholds.rated:
        found.append(Ground.RATED_LOW)
    return tuple(found)
