"""The terms of a complaint as dated data (`terms.yaml`)."""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta

Days = Annotated[int, Meta(ge=1, le=60)]


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Working days in which a complaint is accepted, and from its acceptance answered in writing."""

    effective_from: date
    legal_basis: str
    accept: Days
    answer: Days


@cache
def versions() -> tuple[Terms, ...]:
    """Every version of the terms, newest first."""
    source = files("backend.complaints").joinpath("terms.yaml").read_bytes()
    loaded = msgspec.yaml.decode(source, type=tuple[Terms, ...])
    return tuple(sorted(loaded, key=lambda terms: terms.effective_from, reverse=True))


def terms_on(day: date) -> Terms:
    """The terms in force for a complaint filed on `day`: later changes do not touch it."""
    return next((terms for terms in versions() if terms.effective_from <= day), versions()[-1])
