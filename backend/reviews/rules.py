"""The rules of the public review as dated data (`rules.yaml`): windows, thresholds and terms, with legal basis and publication."""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta

from backend.catalogue.catalogue import LegalBasis
from partners.reviews.verdicts import Thresholds

Days = Annotated[int, Meta(ge=1, le=366)]


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version. Reviews of `counted_days` make a card, which is shown for `shown_days` at most; a visit is reviewed within
    `review_within_days`. The terms are working days: for the partner's reply, to put things right, between the re-check and the
    delisting, and for an objection to it."""

    effective_from: date
    published_on: date
    legal_basis: tuple[LegalBasis, ...]
    counted_days: Days
    shown_days: Days
    review_within_days: Days
    thresholds: Thresholds
    reply_working_days: Days
    rectify_working_days: Days
    notice_working_days: Days
    objection_working_days: Days


@cache
def versions() -> tuple[Rules, ...]:
    """Every version, newest first. Raises ValueError for one that was not published before it took effect."""
    source = files("backend.reviews").joinpath("rules.yaml").read_bytes()
    loaded = msgspec.yaml.decode(source, type=tuple[Rules, ...])
    for rules in loaded:
        if rules.published_on >= rules.effective_from or not rules.legal_basis:
            raise ValueError(
                f"the rules of {rules.effective_from} are void: not published before their day, or without basis"
            )
    return tuple(sorted(loaded, key=lambda rules: rules.effective_from, reverse=True))


def rules_on(day: date) -> Rules:
    """The version in force on `day`."""
    return next((rules for rules in versions() if rules.effective_from <= day), versions()[-1])
