"""What the city pays of a benefit 补贴: a rate of what the benefit was worth, rounded down, never above a cap."""

from typing import Annotated

import msgspec
from msgspec import Meta

Permille = Annotated[int, Meta(ge=1, le=1000)]
PositiveFen = Annotated[int, Meta(ge=1, le=100_000_000_000)]

WHOLE = 1000
"""The rate at which the city pays all of it."""


class Formula(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`rate_permille` of what a redemption was worth, at most `cap_fen` for each; the merchant bears the rest."""

    rate_permille: Permille
    cap_fen: PositiveFen | None = None


def subsidy(formula: Formula, worth_fen: int) -> int:
    """The city's share of a benefit worth `worth_fen`, in fen; a part of a fen is the merchant's."""
    share = worth_fen * formula.rate_permille // WHOLE
    return share if formula.cap_fen is None else min(share, formula.cap_fen)


def taken_back(formula: Formula, left_before_fen: int, left_after_fen: int) -> int:
    """What of the subsidy goes back when a reversal leaves `left_after_fen` of a redemption that stood at `left_before_fen`.

    What stays paid is always the subsidy of what stays redeemed: however a redemption is taken back, in one piece or in
    many, the pieces sum exactly to what was paid.
    """
    return subsidy(formula, left_before_fen) - subsidy(formula, left_after_fen)
